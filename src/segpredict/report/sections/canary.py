"""What a careless test of the same model would have claimed, beside the honest one."""

from dataclasses import dataclass

from segpredict.report._input import ReportInput
from segpredict.report._section import Section


@dataclass(frozen=True, slots=True)
class Sight:
    """One way to test, and the number it gives.

    Parameters
    ----------
    meaning
        What was done.
    accuracy, log_loss
        What it reads.
    is_honest
        Whether that says anything about the future.
    """

    meaning: str
    accuracy: float
    log_loss: float
    is_honest: bool


@dataclass(frozen=True, slots=True)
class Canary:
    """The leak canary.

    Parameters
    ----------
    sights
        The wrong tests, then the honest one.
    inflation
        Share of accuracy by which the worst wrong test flatters.
    """

    sights: tuple[Sight, ...]
    inflation: float


def canary(bundle: ReportInput) -> Canary | None:
    """Return the canary's sights, or nothing where it was not asked."""
    if not bundle.canary:
        return None
    sights = tuple(
        Sight(s["meaning"], s["accuracy"], s["log_loss"], s["is_honest"])
        for s in bundle.canary
    )
    honest = next(s.accuracy for s in sights if s.is_honest)
    worst = max(s.accuracy for s in sights if not s.is_honest)
    return Canary(sights, worst - honest)


PART = Section(45, "What a careless test would claim", canary)
