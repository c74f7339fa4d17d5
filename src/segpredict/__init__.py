"""Customer segments, and an honest forecast of each customer's next segment."""

from segpredict._version import __version__

__all__ = ["__version__"]
