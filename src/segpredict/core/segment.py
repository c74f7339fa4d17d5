"""One segment of customers: its code, its id and its name."""

from dataclasses import dataclass

ALL_CUSTOMERS = "all"  # stands for the segment in a row about all customers
INACTIVE_CODE = 0  # the code of "no valid order in the window": a state, not a gap


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: an id that never changes meaning, a name that users may change."""

    code: int  # 0 for INACTIVE, then 1 … k in rising order of value
    id: str  # ``S0`` … ``Sk``; columns and files are keyed by it
    name: str  # its display name
