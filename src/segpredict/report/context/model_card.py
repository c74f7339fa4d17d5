"""The model card: purpose, data, tests, and the checks against leakage."""

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

# Results of a leakage check; words, so that they can be read without colours.
CHECKED_TEXT, BUILT_IN_TEXT, REPORTED_TEXT, BROKEN_TEXT = (
    "checked",
    "by construction",
    "your statement",
    "broken",
)
MAX_WEAK_GROUPS = 6  # most groups of customers that are named
PURPOSE_TEXT = (
    "Planning for groups of customers: whom to contact first, which offers to test, "
    "what to stock, what to expect of a season."
)
OUT_OF_SCOPE_TEXT = (
    "Credit, prices for one person, employment, or any decision about one person that "
    "has legal or similar effect. The reasons describe the forecast; they do not "
    "say what would happen if a customer behaved differently."
)
PRIVACY_TEXT = (
    "The model contains no names and no ids; scores and lists do. Forecasting the "
    "behaviour of a person is profiling: inform customers, and exclude those who object. "
    "Where ids must not be shared, write the page with --hash-ids or --no-customers."
)


@dataclass(frozen=True, slots=True)
class LeakageCheck:
    """One way to leak the future into a forecast, and how this run avoids it."""

    code: str  # its number in the package's catalogue, L1 to L12
    description: str  # the mistake
    safeguard: str  # what prevents it, with the numbers of this run where there are any
    # ``checked`` on this run, excluded ``by construction``, ``your statement``, or ``broken``
    result: str


@dataclass(frozen=True, slots=True)
class ModelCardSection:
    """The section."""

    facts: tuple[tuple[str, str], ...]  # the facts of the card, as pairs of name and text
    leakage_checks: tuple[LeakageCheck, ...]  # the checks L1 to L12
    counts: Mapping[str, int]  # how many checks have each result


def model_card_section(bundle: ReportInput) -> ModelCardSection | None:
    """Return the context of the section; ``None`` where no forecast was tested."""
    if not bundle.evaluation or not bundle.evaluation.get("windows"):
        return None
    checks = (*_of_time(bundle), *_of_columns(bundle), *_of_tests(bundle))
    ordered = tuple(sorted(checks, key=lambda check: int(check.code[1:])))
    results = [check.result for check in ordered]
    counts = {r: results.count(r) for r in dict.fromkeys(results)}
    return ModelCardSection(_facts(bundle, bundle.evaluation), ordered, counts)


def _facts(bundle: ReportInput, found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    window = bundle.window
    tests = ", ".join(format_iso_day(o["cutoff"]) for o in found["windows"])
    facts = [
        ("For", PURPOSE_TEXT),
        ("Not for", OUT_OF_SCOPE_TEXT),
        (
            "Forecast for",
            f"Customers who bought in the {window.lookback} days before the cutoff. "
            "New customers after the cutoff have no forecast.",
        ),
        (
            "Question",
            f"Which segment each of them is in, {format_day_range(*_outcome_days(bundle))}; the "
            f"segments were frozen before the first test and use no later day.",
        ),
        ("In use", replace_model_names(str(found.get("reason", "")))),
        ("Tested", f"As of {tests}: on days after all training data."),
        ("Less certain for", _weak(bundle)),
        (
            "Maintenance",
            f"Score after every night's orders. Train again when a window of "
            f"{window.horizon} days is complete: this one is on {_until(bundle)}. When "
            "the mix or the error changes, refit the segments too: "
            "segpredict cluster --refit keeps their ids.",
        ),
        ("Privacy", PRIVACY_TEXT),
        ("Created", _created(bundle)),
    ]
    return tuple((name, text) for name, text in facts if text)


def _outcome_days(bundle: ReportInput) -> tuple[int, int]:
    return bundle.window.outcome_start, bundle.window.outcome_end


def _until(bundle: ReportInput) -> str:
    return format_iso_day(as_date(bundle.window.outcome_end).isoformat())


def _created(bundle: ReportInput) -> str:
    manifest = bundle.manifest
    parts = [bundle.created]
    parts += [f"segpredict {manifest['segpredict']}"] if "segpredict" in manifest else []
    seed = (manifest.get("config") or {}).get("seed")
    parts += [] if seed is None else [f"seed {seed}"]
    return ", ".join(parts) + ". Versions, settings and hashes are in the appendix."


def _weak(bundle: ReportInput) -> str:
    """Name the groups in which the selected model did not beat the Markov chain."""
    if bundle.scorecard is None:
        return ""
    names = {s.id: s.name for s in bundle.segments}
    rows = bundle.scorecard.filter(pl.col("stratum") != "all", metric=MARKOV_GAP, window="pooled")
    if rows.is_empty():
        return ""
    weak = rows.filter(~(pl.col("high") < 0).fill_null(value=False)).sort("n", descending=True)
    if weak.is_empty():
        return f"None of {rows.height} groups: in all of them it beats the Markov chain."
    named = [
        f"{STRATUM_LABELS.get(r['stratum'], name_to_words(r['stratum'])).lower()}: "
        f"{names.get(r['group'], r['group'])} ({format_number(r['n'])} forecasts)"
        for r in weak.head(MAX_WEAK_GROUPS).iter_rows(named=True)
    ]
    more = weak.height - len(named)
    return (
        f"{weak.height} of {rows.height} groups, in which it is not significantly better than "
        f"the Markov chain: {'; '.join(named)}{f' and {more} more' if more else ''}."
    )


def _of_time(bundle: ReportInput) -> Sequence[LeakageCheck]:
    """Return the checks on days: L1, L2, L3, L6, L8."""
    found, window = bundle.evaluation or {}, bundle.window
    cutoffs = sorted(date.fromisoformat(o["cutoff"]) for o in found["windows"])
    apart = all((b - a).days >= window.horizon for a, b in pairwise(cutoffs))
    many = len(cutoffs) > 1
    fitted_until = (bundle.manifest.get("windows") or {}).get("segmenter_saw_until", "")
    clean = bool(fitted_until) and date.fromisoformat(fitted_until) < cutoffs[0]
    return (
        _training_data(bundle),
        LeakageCheck(
            "L2",
            "Testing on random rows of the training period",
            f"{len(cutoffs)} test windows of {window.horizon} days, later than all "
            f"training data{', without overlap' if many and apart else ''}.",
            CHECKED_TEXT if apart else BROKEN_TEXT,
        ),
        LeakageCheck(
            "L3",
            "Segments fitted with customers or days of the tests",
            f"The segments use no data after {format_iso_day(fitted_until)}; the first test began "
            f"on {format_iso_day(cutoffs[0].isoformat())}."
            if fitted_until
            else "The run does not say on which data the segments were fitted.",
            BROKEN_TEXT
            if fitted_until and not clean
            else CHECKED_TEXT
            if fitted_until
            else REPORTED_TEXT,
        ),
        LeakageCheck(
            "L6",
            "Days since the last order counted to the end of the data",
            "Every recency and age is measured at the cutoff of its own forecast.",
            BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L8",
            "Later returns subtracted from earlier orders",
            "A return counts on its own day; until then the order counts in full.",
            BUILT_IN_TEXT,
        ),
    )


def _training_data(bundle: ReportInput) -> LeakageCheck:
    """Check that the training outcomes of each test were complete on its day (L1)."""
    found, window = bundle.evaluation or {}, bundle.window
    folds = [f for f in (found.get("policies") or {}).get("folds", ()) if f["rehearsals"]]
    span_of = window.gap + window.horizon
    late = [
        f["cutoff"] for f in folds for day in f["rehearsals"] if _days(day, f["cutoff"]) < span_of
    ]
    safeguard = "Features end where the outcome window begins."
    if folds:
        safeguard += (
            f" The newest training outcome ended by the cutoff in "
            f"{len(folds) - len(set(late))} of {len(folds)} forecasts."
        )
    result = CHECKED_TEXT if folds else BUILT_IN_TEXT
    description = "Features from the outcome window"
    return LeakageCheck("L1", description, safeguard, BROKEN_TEXT if late else result)


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _of_columns(bundle: ReportInput) -> Sequence[LeakageCheck]:
    """Return the checks on columns: L5, L7, L9, L10."""
    config = bundle.manifest.get("config") or {}
    tables = [config.get(name) or {} for name in ("customers", "products")]
    declared = [column for table in tables for column in table.get("time_invariant") or ()]
    return (
        LeakageCheck(
            "L5",
            "Quantiles over all customers and days used as features",
            "Segment borders were frozen when the segments were fitted; no feature is a "
            "rank among customers of other days.",
            BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L7",
            "Columns with today's values, not those at the cutoff",
            f"Used because you declared that they never change: {', '.join(declared)}."
            if declared
            else "Columns without a time stamp are excluded; none was declared constant.",
            REPORTED_TEXT if declared else CHECKED_TEXT,
        ),
        LeakageCheck(
            "L9",
            "Encodings or imputations fitted with rows of the test",
            "Each test fits everything again, on what was known at its cutoff.",
            BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L10",
            "The calendar identifies the training window",
            _season(bundle.evaluation or {}),
            BUILT_IN_TEXT,
        ),
    )


def _season(evaluation: Mapping[str, Any]) -> str:
    """Describe in how many forecasts a seasonal effect was found."""
    notes = " ".join(evaluation.get("warnings") or ())
    calendar, season = (notes.count(f"The {n} helps") for n in ("calendar", "season"))
    return (
        "Trees use the calendar, and BG/NBD last year's season, only where earlier "
        f"windows show a benefit: in {calendar} and in {season} of "
        f"{len(evaluation.get('windows') or ()) + 1} forecasts. The evidence is under "
        "“Read this first”."
    )


def _of_tests(bundle: ReportInput) -> Sequence[LeakageCheck]:
    """Return the checks on the choice of data and on the tests: L4, L11, L12."""
    inactive_shares = [o["actual_mix"][0] for o in (bundle.evaluation or {})["windows"]]
    settings = {each["config"] for each in bundle.test_set_log.get("evaluations", ())}
    return (
        LeakageCheck(
            "L4",
            "Customers selected by what they did afterwards",
            "All customers who bought before the cutoff are tested, also those who never "
            f"returned: in the lowest segment afterwards were "
            f"{', '.join(f'{share:.0%}' for share in inactive_shares)}.",
            CHECKED_TEXT if all(share > 0 for share in inactive_shares) else BUILT_IN_TEXT,
        ),
        LeakageCheck(
            "L11",
            "Settings selected by the result of the last test",
            _evaluated(len(settings), bundle.test_set_log),
            {0: REPORTED_TEXT, 1: CHECKED_TEXT}.get(len(settings), BROKEN_TEXT),
        ),
        _duplicates(bundle),
    )


def _evaluated(settings: int, log: Mapping[str, Any]) -> str:
    if not settings:
        return "The run does not say how often the last test was evaluated."
    first = log["evaluations"][0]["created"]
    if settings == 1:
        return f"The last test was evaluated with one setting only, first on {first}."
    return (
        f"The last test was evaluated with {settings} different settings, first on "
        f"{first}: its scores are too good for settings that were selected by them."
    )


def _duplicates(bundle: ReportInput) -> LeakageCheck:
    description = "Rows that are in two files and count twice"
    rows = {e.rule: e.count.rows for e in bundle.ledger.entries if e.stage == "excluded"}
    if "duplicates" not in rows:
        safeguard = "The rule against duplicates was switched off."
        return LeakageCheck("L12", description, safeguard, REPORTED_TEXT)
    safeguard = f"Duplicate rows excluded: {format_number(rows['duplicates'])}."
    return LeakageCheck("L12", description, safeguard, CHECKED_TEXT)
