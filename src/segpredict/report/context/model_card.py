"""The model card: what it is for, on what it stands, and which leaks were kept out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl

from segpredict.core.window import as_date
from segpredict.report.context._trust_box import MARKOV_GAP
from segpredict.report.context.probabilities import STRATUM_LABELS
from segpredict.report.formatting import (
    format_day_range,
    format_iso_day,
    format_number,
    name_to_words,
)
from segpredict.report.input import ReportInput
from segpredict.report.model_names import replace_model_names

# What a leak's row can end with; words, so that they can be read without colours.
CHECKED_TEXT, BUILT_IN_TEXT, REPORTED_TEXT, BROKEN_TEXT = (
    "checked",
    "by construction",
    "your word",
    "broken",
)
MAX_WEAK_GROUPS = 6  # groups of customers that are named, at most
PURPOSE_TEXT = (
    "Planning for groups: whom to contact first, which offers to test, what to stock, "
    "what a season may bring."
)
OUT_OF_SCOPE_TEXT = (
    "Credit, prices for one person, employment, or any decision about one person that "
    "has legal or similar effect. The reasons say what moves the forecast; they do not "
    "say what would happen if a customer were made to behave otherwise."
)
PRIVACY_TEXT = (
    "The model holds no names and no ids; scores and lists do. Forecasting what a "
    "person will do is profiling: tell customers, and leave out those who object. "
    "Where ids must not leave, write the page with --hash-ids or --no-customers."
)


@dataclass(frozen=True, slots=True)
class LeakageCheck:
    """One way to see the future by mistake, and how this run stands against it.

    Parameters
    ----------
    code
        Its number in the package's catalogue, L1 to L12.
    description
        The mistake.
    safeguard
        What keeps it out, with the figures of this run where there are any.
    result
        ``checked`` on this run, kept out ``by construction``, ``your word``, or
        ``broken``.
    """

    code: str
    description: str
    safeguard: str
    result: str


@dataclass(frozen=True, slots=True)
class ModelCardSection:
    """The section.

    Parameters
    ----------
    facts
        What a model card tells, as pairs of name and text.
    leakage_checks
        The catalogue of leaks, L1 to L12.
    counts
        How many leaks ended with each result.
    """

    facts: tuple[tuple[str, str], ...]
    leakage_checks: tuple[LeakageCheck, ...]
    counts: Mapping[str, int]


def model_card_section(bundle: ReportInput) -> ModelCardSection | None:
    """Return the context of the section; ``None`` where no forecast was tested."""
    if not bundle.evaluation or not bundle.evaluation.get("windows"):
        return None
    leaks = (*_of_time(bundle), *_of_columns(bundle), *_of_tests(bundle))
    ordered = tuple(sorted(leaks, key=lambda leak: int(leak.code[1:])))
    results = [leak.result for leak in ordered]
    counts = {r: results.count(r) for r in dict.fromkeys(results)}
    return ModelCardSection(_facts(bundle, bundle.evaluation), ordered, counts)


def _facts(bundle: ReportInput, found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    window, origins = bundle.window, found["windows"]
    tests = ", ".join(format_iso_day(o["cutoff"]) for o in origins)
    facts = [
        ("For", PURPOSE_TEXT),
        ("Not for", OUT_OF_SCOPE_TEXT),
        (
            "Forecast for",
            f"Customers who bought in the {window.lookback} days before the cutoff. "
            "Whoever comes for the first time later has no forecast.",
        ),
        (
            "Question",
            f"Which segment each of them is in, {format_day_range(*_asked(bundle))}; the segments "
            f"were frozen before the first test and never saw a later day.",
        ),
        ("In use", replace_model_names(str(found.get("reason", "")))),
        ("Tested", f"As of {tests}: on days that came after all that was learned."),
        ("Less sure of", _weak(bundle)),
        (
            "Upkeep",
            f"Score after every night's orders. Train again when a window of "
            f"{window.horizon} days is complete: this one is on {_until(bundle)}. When "
            "the mix or the error moves, refit the segments too: "
            "segpredict cluster --refit keeps their ids.",
        ),
        ("Privacy", PRIVACY_TEXT),
        ("Made", _made(bundle)),
    ]
    return tuple((name, text) for name, text in facts if text)


def _asked(bundle: ReportInput) -> tuple[int, int]:
    return bundle.window.outcome_start, bundle.window.outcome_end


def _until(bundle: ReportInput) -> str:
    return format_iso_day(as_date(bundle.window.outcome_end).isoformat())


def _made(bundle: ReportInput) -> str:
    told = bundle.manifest
    parts = [bundle.created]
    parts += [f"segpredict {told['segpredict']}"] if "segpredict" in told else []
    seed = (told.get("config") or {}).get("seed")
    parts += [] if seed is None else [f"seed {seed}"]
    return ", ".join(parts) + ". Versions, settings and hashes stand in the appendix."


def _weak(bundle: ReportInput) -> str:
    """Name the groups in which what ships was not shown to beat the Markov chain."""
    if bundle.scorecard is None:
        return ""
    names = {s.id: s.name for s in bundle.segments}
    rows = bundle.scorecard.filter(pl.col("stratum") != "all", metric=MARKOV_GAP, window="pooled")
    if rows.is_empty():
        return ""
    weak = rows.filter(~(pl.col("high") < 0)).sort("n", descending=True)
    if weak.is_empty():
        return f"None of the {rows.height} groups looked at: all beat the Markov chain."
    told = [
        f"{STRATUM_LABELS.get(r['stratum'], name_to_words(r['stratum'])).lower()}: "
        f"{names.get(r['group'], r['group'])} ({format_number(r['n'])} forecasts)"
        for r in weak.head(MAX_WEAK_GROUPS).iter_rows(named=True)
    ]
    more = weak.height - len(told)
    return (
        f"{weak.height} of {rows.height} groups, in which it was not shown to beat the "
        f"Markov chain: {'; '.join(told)}{f' and {more} more' if more else ''}."
    )


def _of_time(bundle: ReportInput) -> Sequence[LeakageCheck]:
    """Return the leaks that are a question of days: L1, L2, L3, L6, L8."""
    found, window = bundle.evaluation or {}, bundle.window
    cutoffs = sorted(date.fromisoformat(o["cutoff"]) for o in found["windows"])
    apart = all((b - a).days >= window.horizon for a, b in pairwise(cutoffs))
    many = len(cutoffs) > 1
    saw = (bundle.manifest.get("windows") or {}).get("segmenter_saw_until", "")
    clean = bool(saw) and date.fromisoformat(saw) < cutoffs[0]
    return (
        _learned(bundle),
        LeakageCheck(
            "L2",
            "Testing on random rows of the days that were learned from",
            f"{len(cutoffs)} test windows of {window.horizon} days, later than all "
            f"that was learned{', none over another' if many and apart else ''}.",
            CHECKED_TEXT if apart else BROKEN_TEXT,
        ),
        LeakageCheck(
            "L3",
            "Segments made with customers or days of the tests",
            f"The segments saw nothing after {format_iso_day(saw)}; the first test began on "
            f"{format_iso_day(cutoffs[0].isoformat())}."
            if saw
            else "The run does not say until when the segments saw.",
            BROKEN_TEXT if saw and not clean else CHECKED_TEXT if saw else REPORTED_TEXT,
        ),
        LeakageCheck(
            "L6",
            "Days since the last order counted to the end of the data",
            "Every age and silence is counted to the cutoff of its own forecast.",
            BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L8",
            "Later returns taken off earlier orders",
            "A return counts on its own day; before the cutoff the order stands.",
            BUILT_IN_TEXT,
        ),
    )


def _learned(bundle: ReportInput) -> LeakageCheck:
    """Check that what a test learned from was complete on its day (L1)."""
    found, window = bundle.evaluation or {}, bundle.window
    folds = [f for f in (found.get("policies") or {}).get("folds", ()) if f["rehearsals"]]
    span_of = window.gap + window.horizon
    late = [
        f["cutoff"] for f in folds for day in f["rehearsals"] if _days(day, f["cutoff"]) < span_of
    ]
    kept = "Features end where the days to be foretold begin."
    if folds:
        kept += (
            f" The newest outcome that was learned from ended by the cutoff in "
            f"{len(folds) - len(set(late))} of {len(folds)} forecasts."
        )
    result = CHECKED_TEXT if folds else BUILT_IN_TEXT
    what = "Features from the days that are to be foretold"
    return LeakageCheck("L1", what, kept, BROKEN_TEXT if late else result)


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _of_columns(bundle: ReportInput) -> Sequence[LeakageCheck]:
    """Return the leaks that come with columns: L5, L7, L9, L10."""
    config = bundle.manifest.get("config") or {}
    beside = [config.get(name) or {} for name in ("customers", "products")]
    vouched = [column for table in beside for column in table.get("vouched") or ()]
    return (
        LeakageCheck(
            "L5",
            "Quantiles over all customers and days used as features",
            "Segments are told by borders that were frozen with them; no feature is a "
            "rank among customers of other days.",
            BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L7",
            "Columns that say how things stand today, not then",
            f"Used because you vouched that they never change: {', '.join(vouched)}."
            if vouched
            else "Columns without a time stamp are left out; none was vouched for.",
            REPORTED_TEXT if vouched else CHECKED_TEXT,
        ),
        LeakageCheck(
            "L9",
            "Encodings or fillings fitted with rows of the test",
            "Each test fits all it needs anew, on what was known by its cutoff.",
            BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L10",
            "The calendar as a name for the training window",
            _season(bundle.evaluation or {}),
            BUILT_IN_TEXT,
        ),
    )


def _season(evaluation: Mapping[str, Any]) -> str:
    """Say in how many forecasts, that of today included, a season was proven."""
    notes = " ".join(evaluation.get("warnings") or ())
    calendar, season = (notes.count(f"The {n} helps") for n in ("calendar", "season"))
    return (
        "Trees see the calendar, and BG/NBD counts on last year's season, only where "
        f"earlier windows prove it: in {calendar} and in {season} of "
        f"{len(evaluation.get('origins') or ()) + 1} forecasts. The proofs are told under "
        "“Read this first”."
    )


def _of_tests(bundle: ReportInput) -> Sequence[LeakageCheck]:
    """Return the leaks of how data are chosen and tests are read: L4, L11, L12."""
    gone = [o["actual_mix"][0] for o in (bundle.evaluation or {})["windows"]]
    settings = {each["config"] for each in bundle.test_set_log.get("evaluations", ())}
    return (
        LeakageCheck(
            "L4",
            "Customers chosen by what they did afterwards",
            "Whoever bought before the cutoff is tested, also those who never came "
            f"back: in the lowest segment afterwards were "
            f"{', '.join(f'{share:.0%}' for share in gone)}.",
            CHECKED_TEXT if all(share > 0 for share in gone) else BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L11",
            "Settings chosen by the result of the last test",
            _evaluated(len(settings), bundle.test_set_log),
            {0: REPORTED_TEXT, 1: CHECKED_TEXT}.get(len(settings), BROKEN_TEXT),
        ),
        _doubles(bundle),
    )


def _evaluated(settings: int, log: Mapping[str, Any]) -> str:
    if not settings:
        return "The run does not say how often the last test was evaluated."
    first = log["evaluations"][0]["created"]
    if settings == 1:
        return f"The last test was evaluated with one setting only, first on {first}."
    return (
        f"The last test was evaluated with {settings} different settings, first on "
        f"{first}: its figures flatter whatever was chosen by them."
    )


def _doubles(bundle: ReportInput) -> LeakageCheck:
    what = "Rows that stand in two files and count twice"
    rows = {e.rule: e.count.rows for e in bundle.ledger.entries if e.stage == "excluded"}
    if "duplicates" not in rows:
        kept = "The rule against duplicates was switched off."
        return LeakageCheck("L12", what, kept, REPORTED_TEXT)
    kept = f"Equal rows left out once they were counted: {format_number(rows['duplicates'])}."
    return LeakageCheck("L12", what, kept, CHECKED_TEXT)
