"""The target folder of a run, and how its segments are searched."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunTarget:
    """The folder of a run, and when it is made.

    >>> RunTarget(Path("artifacts/run"), "2024-01-01").replace
    False
    """

    folder: Path  # the run folder
    created: str = ""  # the time of day, as text: only the command line reads the clock
    replace: bool = False  # whether a run that exists may be replaced


class SelectionMode(Enum):
    """Whether segmentation candidates are compared, and whether the selected one is used.

    ``ONE`` follows the options; ``COMPARE`` also evaluates all candidates; ``SELECT`` uses
    the selected one.

    >>> SelectionMode("select")
    <SelectionMode.SELECT: 'select'>
    """

    ONE = "one"
    COMPARE = "compare"
    SELECT = "select"


@dataclass(frozen=True, slots=True)
class SegmentationSearch:
    """How segments are searched.

    >>> SegmentationSearch().mode
    <SelectionMode.ONE: 'one'>
    """

    # whether candidates are compared, and whether the selected one is used
    mode: SelectionMode = SelectionMode.ONE
    # a run whose segments are fitted again: they keep their ids and names
    earlier_run: str | Path | None = None


def no_progress(_what: str, _share: float) -> None:
    """Show no progress.

    >>> no_progress("reading", 0.5)
    """
