"""What may be set about demand: how much shelves are to hold."""

import math
from dataclasses import dataclass

from segpredict.errors import ConfigError


@dataclass(frozen=True, slots=True)
class DemandOptions:
    """How much to order up to.

    Parameters
    ----------
    service_level
        Critical ratio of products whose price and cost are not both known, and of
        whole categories: the chance with which demand is to be met.
    salvage_share
        What a piece left over still brings, as a share of its cost.

    Raises
    ------
    ConfigError
        When the service does not lie between 0 and 1, or the salvage not in [0, 1).
    """

    service_level: float = 0.9
    salvage_share: float = 0.0

    def __post_init__(self) -> None:
        is_chance = math.isfinite(self.service_level) and 0 < self.service_level < 1
        is_share = math.isfinite(self.salvage_share) and 0 <= self.salvage_share < 1
        if not (is_chance and is_share):
            raise ConfigError(
                "The options cannot be used: "
                f"demand.service_level = {self.service_level}, demand.salvage_share = {self.salvage_share}.",
                fix="give a service between 0 and 1, and a salvage of at least 0 and below 1.",
            )
