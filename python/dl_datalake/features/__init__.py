"""Versioned results of computations."""
