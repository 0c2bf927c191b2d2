"""The bench: our lake against the tools that people use today, on the same rows in one run."""
