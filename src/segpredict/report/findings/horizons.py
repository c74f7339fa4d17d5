"""Which horizon the data support."""

from dataclasses import dataclass

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section


@dataclass(frozen=True, slots=True)
class Choice:
    """One horizon: its days, how many buy again, tests it leaves, and the reason."""

    days: int
    repeat: float | None
    tests: int
    is_chosen: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Horizons:
    """The section."""

    choices: tuple[Choice, ...]


def horizons(bundle: CheckInput) -> Horizons | None:
    """Return the context."""
    rows = bundle.found["horizons"]
    if not rows:
        return None
    return Horizons(
        tuple(
            Choice(
                *(row["horizon"], row["repeat_share"], row["tests"]),
                *(row["is_chosen"], row["reason"]),
            )
            for row in rows
        )
    )


PART = Section(50, "Which horizon?", horizons)
