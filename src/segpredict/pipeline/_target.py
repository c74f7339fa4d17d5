"""Where a run shall stand, and how its progress is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
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
    """

    folder: Path
    created: str = ""
    replace: bool = False


def silent(_what: str, _share: float) -> None:
    """Show no progress."""
