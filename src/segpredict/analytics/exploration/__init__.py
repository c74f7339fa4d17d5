"""What the data look like, as counts: distributions, habits, and a map of customers."""

from segpredict.analytics.exploration.customer_map import customer_map
from segpredict.analytics.exploration.explore import MONEY_CHARTS, explore_shop, load_exploration
from segpredict.analytics.exploration.observations import ExplorationData, exploration_data

__all__ = [
    "MONEY_CHARTS",
    "ExplorationData",
    "customer_map",
    "exploration_data",
    "explore_shop",
    "load_exploration",
]
