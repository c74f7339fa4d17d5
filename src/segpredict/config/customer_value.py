"""Options of customer value: how much less later money counts."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from segpredict.config.fill import Options


@dataclass(frozen=True, slots=True)
class CustomerValueOptions(Options):
    """How later money is discounted."""

    section: ClassVar[str] = "customer_value"
    # Yearly rate d: money a year from now counts 1 / (1 + d).
    discount_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.10
