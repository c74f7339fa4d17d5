"""What the data look like, as counts: distributions, habits, and a map of customers."""

from segpredict.exploration._books import ExplorationData, exploration_data
from segpredict.exploration._explore import MONEY_CHARTS, explore_shop, load_exploration
from segpredict.exploration._map import customer_map

__all__ = [
    "MONEY_CHARTS",
    "ExplorationData",
    "customer_map",
    "exploration_data",
    "explore_shop",
    "load_exploration",
]
