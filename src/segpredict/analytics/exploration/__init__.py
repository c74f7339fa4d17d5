"""What the data look like, as counts: distributions, habits, and a map of customers."""

from segpredict.analytics.exploration.explore import MONEY_CHARTS, expected_by_country, explore_shop

__all__ = ["MONEY_CHARTS", "expected_by_country", "explore_shop"]
