"""What was foretold, for whom, for which dates, and how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segpredict.report._chart import Chip, Piece, chips, strip
from segpredict.report._format import day, figure, number, span
from segpredict.report._input import ReportInput
from segpredict.report._models import label, prose, skill
from segpredict.report._section import Section

NOTE = (
    "Inactive means no order in {days} days. People who have yet to buy for the first "
    "time are not counted, so the mix of known customers leans towards Inactive."
)
CARRIED = "carry_over"  # asked only where a part of the answer is known
# Always shown next to whatever was shipped, where they were asked.
BESIDE = ("persistence", "markov", CARRIED)
OWN = "xgboost"  # the model's trees; that they ship alone is no falling back


@dataclass(frozen=True, slots=True)
class Move:
    """How large a segment is today and is expected to be.

    Parameters
    ----------
    chip
        The segment.
    now, expected
        Customers.
    share_now, share_expected
        Their shares.
    """

    chip: Chip
    now: float
    expected: float
    share_now: float | None
    share_expected: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast in the trust box.

    Parameters
    ----------
    label
        Its name.
    is_shipped
        Whether it is the one in use.
    accuracy, log_loss
        Pooled over all test windows.
    skill
        1 − log-loss / log-loss of the reference.
    """

    label: str
    is_shipped: bool
    accuracy: float | None
    log_loss: float | None
    skill: float | None


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust box: never one accuracy alone.

    Parameters
    ----------
    scores
        The shipped forecast, then those that need no model.
    reference
        What skill is told against: the Markov chain; the best of those that need no
        model, where part of the answer is known.
    windows
        Number of test windows that the model never saw.
    tested
        Forecasts judged in them.
    shipped, why
        What is in use, and the reason.
    is_fallback
        Whether a baseline is in use because the model was no better.
    is_known_in_part
        Whether a part of each window was known, since segments are told as of a day.
    """

    scores: tuple[Score, ...]
    reference: str
    windows: int
    tested: int
    shipped: str
    why: str
    is_fallback: bool
    is_known_in_part: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """The first screen.

    Parameters
    ----------
    sentence
        What was foretold, for whom and for when.
    finding
        The largest expected change, or nothing.
    today, expected
        Strips of the mix of segments.
    moves
        The same as a table.
    note
        What the mix does and does not count.
    trust
        The trust box; ``None`` where nothing was tested.
    warnings
        What a reader must know.
    """

    sentence: str
    finding: str
    today: tuple[Piece, ...]
    expected: tuple[Piece, ...]
    moves: tuple[Move, ...]
    note: str
    trust: Trust | None
    warnings: tuple[str, ...]


def headline(bundle: ReportInput) -> Headline:
    """Return the context of the first screen."""
    known = chips(bundle.segments)
    moves = _moves(bundle, known)
    return Headline(
        sentence=_sentence(bundle),
        finding=_finding(moves),
        today=strip(bundle.mix_now, known),
        expected=strip(bundle.mix_expected, known),
        moves=moves,
        note=NOTE.format(days=bundle.window.measured),
        trust=_trust(bundle.verdict) if bundle.verdict else None,
        warnings=_warnings(bundle),
    )


def _sentence(bundle: ReportInput) -> str:
    window = bundle.window
    bought = span(window.start, window.cutoff)
    outcome = span(window.outcome_start, window.outcome_end)
    customers = sum(figure(n) or 0 for n in bundle.mix_now.values())
    who = f"the {number(customers)} customers" if customers else "all customers"
    likely = f"to be in from {outcome}"
    if window.overlap:
        likely = (
            f"to have on {day(window.outcome_end - 1)}, told by the {window.measured} "
            f"days up to then, of which {window.overlap} are known already"
        )
    return (
        f"For {who} who bought from {bought}, this is the segment each is likely "
        f"{likely}."
    )


def _moves(bundle: ReportInput, known: Mapping[str, Chip]) -> tuple[Move, ...]:
    now = {i: figure(bundle.mix_now.get(i)) or 0.0 for i in known}
    then = {i: figure(bundle.mix_expected.get(i)) or 0.0 for i in known}
    total_now, total_then = sum(now.values()), sum(then.values())
    if not total_now and not total_then:
        return ()
    return tuple(
        Move(
            chip=chip,
            now=now[i],
            expected=then[i],
            share_now=now[i] / total_now if total_now else None,
            share_expected=then[i] / total_then if total_then else None,
        )
        for i, chip in known.items()
    )


def _finding(moves: tuple[Move, ...]) -> str:
    changes = [
        (m.share_expected - m.share_now, m)
        for m in moves
        if m.share_expected is not None and m.share_now is not None
    ]
    if not changes:
        return ""
    change, most = max(changes, key=lambda pair: abs(pair[0]))
    if abs(change) < 0.005:
        return "The mix of segments is expected to stay as it is."
    verb = "grow" if change > 0 else "shrink"
    return (
        f"{most.chip.name} is expected to {verb} most: from "
        f"{number((most.share_now or 0) * 100)} to "
        f"{number((most.share_expected or 0) * 100)} of every hundred customers."
    )


def _trust(verdict: Mapping[str, Any]) -> Trust:
    pooled = verdict.get("pooled") or {}
    models: Mapping[str, Any] = pooled.get("scores") or {}
    name, model = str(verdict.get("shipped", "")), str(verdict.get("model", ""))
    shown = [name, *(m for m in (model, *BESIDE) if m != name)]
    if _loss(models, name) == _loss(models, model):
        # The same forecasts under two names.
        shown = [m for m in shown if m == name or m != model]
    reference = _reference(models)
    origins = verdict.get("origins") or ()
    return Trust(
        scores=tuple(
            _score(models, m, reference, is_shipped=m == name)
            for m in shown
            if m in models
        ),
        reference="Markov" if reference == "markov" else prose(reference),
        windows=len(origins),
        tested=int(figure(pooled.get("n")) or 0),
        shipped=label(name),
        why=prose(str(verdict.get("reason", ""))),
        is_fallback=name not in {model, OWN},
        is_known_in_part=CARRIED in models,
    )


def _reference(models: Mapping[str, Any]) -> str:
    """Return the best of those that need no model, where one of them knows a part."""
    known = [name for name in BESIDE if _loss(models, name) is not None]
    if CARRIED not in known:
        return "markov"
    return min(known, key=lambda name: _loss(models, name) or 0.0)


def _loss(models: Mapping[str, Any], name: str) -> float | None:
    return figure((models.get(name) or {}).get("log_loss"))


def _score(
    models: Mapping[str, Any], name: str, reference: str, *, is_shipped: bool
) -> Score:
    found = models[name]
    return Score(
        label=label(name),
        is_shipped=is_shipped,
        accuracy=figure(found.get("accuracy")),
        log_loss=figure(found.get("log_loss")),
        skill=None if name == reference else skill(models, name, reference),
    )


def _warnings(bundle: ReportInput) -> tuple[str, ...]:
    from_verdict = (bundle.verdict or {}).get("warnings") or ()
    names = {
        segment.id: f"{segment.name} ({segment.id})" for segment in bundle.segments
    }
    told = (prose(prose(str(text)), names) for text in from_verdict)
    own = (prose(text) for text in bundle.warnings)
    return tuple(dict.fromkeys([*own, *told]))


PART = Section(10, "At a glance", headline)
