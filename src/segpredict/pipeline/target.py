"""The target folder of a run, and how its segments are searched."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunTarget:
    """The folder of a run, and when it is made.

    Parameters
    ----------
    folder
        The run folder.
    created
        The time of day, as text: only the command line reads the clock.
    replace
        Whether a run that exists may be replaced.
    """

    folder: Path
    created: str = ""
    replace: bool = False


class SelectionMode(Enum):
    """Whether segmentation candidates are compared, and whether the selected one is used.

    ``ONE`` follows the options; ``COMPARE`` also evaluates all candidates; ``SELECT`` uses
    the selected one.
    """

    ONE = "one"
    COMPARE = "compare"
    SELECT = "select"


@dataclass(frozen=True, slots=True)
class SegmentationSearch:
    """How segments are searched.

    Parameters
    ----------
    mode
        Whether candidates are compared, and whether the selected one is used.
    earlier_run
        A run whose segments are fitted again: they keep their ids and names.
    """

    mode: SelectionMode = SelectionMode.ONE
    earlier_run: str | Path | None = None


def no_progress(_what: str, _share: float) -> None:
    """Show no progress."""
