"""Where a run shall stand, and how its progress is told."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunTarget:
    """Where a run shall stand, and when it is made.

    Parameters
    ----------
    folder
        The run folder.
    created
        The time of day, as text: the doors read the clock, nobody else.
    replace
        Whether a run that exists may be replaced.
    """

    folder: Path
    created: str = ""
    replace: bool = False


class SelectionMode(Enum):
    """How many ways to segment are tried, and who decides.

    One way makes segments as the options say. Comparing measures all of them beside it;
    selecting also makes the segments in the way that the rule takes.
    """

    ONE = "one"
    COMPARE = "compare"
    SELECT = "select"


@dataclass(frozen=True, slots=True)
class SegmentationSearch:
    """How segments are to be found.

    Parameters
    ----------
    mode
        Whether algorithms, numbers of segments and instruments are compared, and
        whether the winner is taken.
    earlier_run
        A run whose segments are to be fitted again: they keep their ids and names.
    """

    mode: SelectionMode = SelectionMode.ONE
    earlier_run: str | Path | None = None


def no_progress(_what: str, _share: float) -> None:
    """Show no progress."""
