"""Score customers with a saved run: one path for Python, the command line and nightly batches."""
