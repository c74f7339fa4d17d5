"""Options of customer value: how much less later money counts."""

import math
from dataclasses import dataclass

from segpredict.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CustomerValueOptions:
    """How later money is discounted.

    Raises
    ------
    ConfigError
        When the rate is no number, or below zero.
    """

    discount_rate: float = 0.10  # Yearly rate d: money a year from now counts 1 / (1 + d).

    def __post_init__(self) -> None:
        if not (math.isfinite(self.discount_rate) and self.discount_rate >= 0):
            raise ConfigError(
                f"customer_value.discount_rate = {self.discount_rate} cannot be used.",
                fix="give a yearly rate of zero or more, such as 0.10.",
            )
