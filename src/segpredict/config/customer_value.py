"""What may be set about worth: how much less money counts that comes later."""

import math
from dataclasses import dataclass

from segpredict.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CustomerValueOptions:
    """How later money is counted.

    Parameters
    ----------
    discount_rate
        Yearly rate d: what comes a year from now counts 1 / (1 + d).

    Raises
    ------
    ConfigError
        When the rate is no number, or below zero.
    """

    discount_rate: float = 0.10

    def __post_init__(self) -> None:
        if not (math.isfinite(self.discount_rate) and self.discount_rate >= 0):
            raise ConfigError(
                f"The discount cannot be used: customer_value.discount_rate = {self.discount_rate}.",
                fix="give a yearly rate of zero or more, such as 0.10.",
            )
