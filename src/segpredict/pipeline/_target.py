"""Where a run shall stand, and how its progress is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

Progress = Callable[[str, float], None]
Day = date | str | int | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run shall stand, and when it is made.

    Parameters
    ----------
    folder
        The run folder.
    created
        The time of day, as text: the doors read the clock, nobody else.
    replace
        Whether a run that exists may be replaced.
    before
        A run whose segments `cluster` fits again: they keep their ids and names.
    """

    folder: Path
    created: str = ""
    replace: bool = False
    before: Path | None = None


class Ways(Enum):
    """How many ways to segment are tried, and who decides.

    One way makes segments as the options say. Comparing measures all of them beside it;
    selecting also makes the segments in the way that the rule takes.
    """

    ONE = "one"
    COMPARE = "compare"
    SELECT = "select"


def silent(_what: str, _share: float) -> None:
    """Show no progress."""
