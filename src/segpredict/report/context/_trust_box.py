"""The trust box: the forecast in use next to simple baselines, never one number alone."""

import math
from dataclasses import dataclass

from segpredict.report.formatting import Row, finite_fields, finite_or_none, format_share
from segpredict.report.model_names import log_loss_skill, model_label, replace_model_names

REFERENCE = "markov"  # of every skill
# Always shown next to the selected model, where they were tested.
REFERENCE_MODELS = ("prior", "persistence", REFERENCE)
MARKOV_GAP = "log_loss_minus_markov"
# Expected calibration error up to which probabilities are called close or fair.
CALIBRATION_GRADES = ((0.025, "close"), (0.05, "fair"))
WORST_CALIBRATION = "off"


@dataclass(frozen=True, slots=True)
class TrustScore:
    """One forecast in the trust box."""

    label: str  # its name
    is_selected: bool  # whether it is the one in use
    # pooled over all test windows
    accuracy: float | None
    log_loss: float | None
    skill: float | None  # 1 − log-loss / log-loss of the Markov chain
    ece: float | None  # expected calibration error


@dataclass(frozen=True, slots=True)
class TrustBox:
    """The trust box: never one accuracy alone."""

    scores: tuple[TrustScore, ...]  # the selected forecast, then simple baselines
    windows: int  # number of test windows that the model never saw
    n_forecasts: int  # forecasts evaluated in them
    verdict: str  # how often it was right, and whether it beats the simple baselines
    # what is in use, and the reason
    selected: str
    reason: str
    is_fallback: bool  # whether a baseline is in use in place of the model
    # how near the selected probabilities are to observed frequencies: close, fair or off; empty
    # where it was not measured
    calibration: str
    segments: str  # grade of the segments: natural, reproducible, constructive; empty if unknown


def trust_box(evaluation: Row, segments: str) -> TrustBox:
    """Return the box of an evaluation; `segments` is the grade of the segments."""
    pooled = evaluation.get("pooled") or {}
    models: Row = pooled.get("scores") or {}
    name, model = str(evaluation.get("selected", "")), str(evaluation.get("model", ""))
    shown = [name, *(m for m in (model, *REFERENCE_MODELS) if m != name)]
    scores = tuple(_score(models, m, is_selected=m == name) for m in shown if m in models)
    return TrustBox(
        scores=scores,
        verdict=_verdict(scores, is_fallback=name != model),
        windows=len(evaluation.get("windows") or ()),
        n_forecasts=int(finite_or_none(pooled.get("n_rows")) or 0),
        selected=model_label(name),
        reason=replace_model_names(str(evaluation.get("reason", ""))),
        is_fallback=name != model,
        calibration=_grade(finite_or_none((models.get(name) or {}).get("ece"))),
        segments=segments,
    )


def _verdict(scores: tuple[TrustScore, ...], *, is_fallback: bool) -> str:
    """Return the verdict in a sentence or two."""
    chosen, others = [s for s in scores if s.is_selected], [s for s in scores if not s.is_selected]
    if not chosen or not others:
        return ""
    best = min(others, key=lambda score: math.inf if score.log_loss is None else score.log_loss)
    text = (
        f"the right next segment for {format_share(chosen[0].accuracy, 0)} of the customers "
        f"({best.label}: {format_share(best.accuracy, 0)})."
    )
    if is_fallback:
        return f"A simpler forecast was better before the tests and is in use: {text}"
    is_ahead = (chosen[0].log_loss or math.inf) < (best.log_loss or math.inf)
    return f"{'Better' if is_ahead else 'No better'} than simple forecasts: {text}"


def _grade(error: float | None) -> str:
    if error is None:
        return ""
    return next((word for most, word in CALIBRATION_GRADES if error <= most), WORST_CALIBRATION)


def _score(models: Row, name: str, *, is_selected: bool) -> TrustScore:
    found = models[name]
    return TrustScore(
        label=model_label(name),
        is_selected=is_selected,
        skill=None if name == REFERENCE else log_loss_skill(models, name, REFERENCE),
        **finite_fields(found, "accuracy", "log_loss", "ece"),
    )
