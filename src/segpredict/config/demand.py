"""Options of demand forecasts: how much to stock."""

import math
from dataclasses import dataclass

from segpredict.errors import ConfigError


@dataclass(frozen=True, slots=True)
class DemandOptions:
    """How much to order up to.

    Raises
    ------
    ConfigError
        When the service level is not between 0 and 1, or the salvage share not in [0, 1).
    """

    # Probability of meeting demand (the critical ratio) of products whose price or cost is unknown,
    # and of whole categories.
    service_level: float = 0.9
    salvage_share: float = 0.0  # Salvage value of a unit left over, as a share of its cost.

    def __post_init__(self) -> None:
        is_probability = math.isfinite(self.service_level) and 0 < self.service_level < 1
        is_share = math.isfinite(self.salvage_share) and 0 <= self.salvage_share < 1
        if not (is_probability and is_share):
            raise ConfigError(
                f"The options cannot be used: demand.service_level = {self.service_level}, "
                f"demand.salvage_share = {self.salvage_share}.",
                fix="give a service level between 0 and 1, and a salvage share of at least 0 "
                "and below 1.",
            )
