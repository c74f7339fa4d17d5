"""When to train again: one rule over all findings, for people and for schedulers."""

from collections.abc import Sequence
from dataclasses import dataclass

RETRAIN, CHECK_DATA, KEEP = "retrain", "check data", "keep"
# The figures of a date, as people read them.
FIGURE_LABELS = {
    "log_loss": "Log-loss",
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "brier": "Brier score",
    "ece": "Calibration error",
    "set_coverage": "Coverage of prediction sets",
    "expected_value_ratio": "Spend by what was expected",
    "value_at_risk_ratio": "Lost revenue by what was at risk",
}
# The action that each finding asks for.
ACTIONS = {
    "data_stopped": CHECK_DATA,
    "data_missing": CHECK_DATA,
    "figure_outside_band": RETRAIN,
    "worse_than_baseline": RETRAIN,
    # Reasons to look, not to act: whether a forecast got worse its outcome will tell.
    "drift": KEEP,
    "unseen_category": KEEP,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was."""

    kind: str  # a key of `ACTIONS`
    since: str  # the first day on which it was seen
    text: str  # what, in a sentence

    @property
    def action(self) -> str:
        """What it asks for."""
        return ACTIONS[self.kind]


@dataclass(frozen=True, slots=True)
class RefreshAdvice:
    """What to do with a model."""

    action: str  # ``keep``, ``retrain`` or ``check data``
    since: str  # the first day on which it shows; empty where nothing was found
    reason: str  # why, in a sentence


def advise_refresh(
    findings: Sequence[Finding], judged: int, *, has_bands: bool = True, unjudged: str = ""
) -> RefreshAdvice:
    """Return what to do; data that are not there come first, since nothing else can be judged.

    * `findings`, `judged`: all findings, and how many dates were compared with what came.
    * `has_bands`: whether the run had backtests enough for bands.
    * `unjudged`: why no date was, where that is not because no outcome window is over.

    >>> found = [Finding("worse_than_baseline", "2024-05-01", "Worse than markov.")]
    >>> advise_refresh(found, 2)
    RefreshAdvice(action='retrain', since='2024-05-01', reason='Worse than markov.')
    >>> advise_refresh([], 0).reason
    'No outcome window is over yet.'
    """
    for action in (CHECK_DATA, RETRAIN):
        own = [finding for finding in findings if finding.action == action]
        if own:
            first = min(own, key=lambda finding: finding.since)
            return RefreshAdvice(action, first.since, first.text)
    if watched := [finding for finding in findings if finding.action == KEEP]:
        first = min(watched, key=lambda finding: finding.since)
        return RefreshAdvice(KEEP, first.since, f"{first.text} Its outcome will tell.")
    if not judged:
        return RefreshAdvice(KEEP, "", unjudged or "No outcome window is over yet.")
    if not has_bands:
        return RefreshAdvice(KEEP, "", "No baseline is better; one backtest promises no bands.")
    return RefreshAdvice(KEEP, "", "All figures are as the backtests promised.")
