"""What the data look like, as counts: distributions, habits, and a map of customers."""

from segpredict.exploration._books import Shelf, shelf
from segpredict.exploration._explore import MONEY_CHARTS, explore, kept
from segpredict.exploration._map import chart

__all__ = ["MONEY_CHARTS", "Shelf", "chart", "explore", "kept", "shelf"]
