"""What the data look like, as counts: distributions, habits, and a map of customers."""

from segpredict.analytics.exploration.customer_map import customer_map
from segpredict.analytics.exploration.explore import MONEY_CHARTS, expected_by_country, explore_shop
from segpredict.analytics.exploration.observations import ExplorationData, exploration_data

__all__ = [
    "MONEY_CHARTS",
    "ExplorationData",
    "customer_map",
    "expected_by_country",
    "exploration_data",
    "explore_shop",
]
