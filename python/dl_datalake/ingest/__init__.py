"""Files into the lake."""
