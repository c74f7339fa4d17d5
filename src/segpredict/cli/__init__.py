"""The command line: one command a file, each a thin shell over the pipeline."""

from segpredict.cli._main import main

__all__ = ["main"]
