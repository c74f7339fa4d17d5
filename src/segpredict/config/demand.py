"""Options of demand forecasts: how much to stock."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from segpredict.config.fill import Options, Probability


@dataclass(frozen=True, slots=True)
class DemandOptions(Options):
    """How much to order up to."""

    section: ClassVar[str] = "demand"
    # Probability of meeting demand (the critical ratio) of products whose price or cost is unknown,
    # and of whole categories.
    service_level: Probability = 0.9
    # Salvage value of a unit left over, as a share of its cost.
    salvage_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
