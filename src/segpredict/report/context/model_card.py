"""The model card: purpose, data, tests, and the checks against leakage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import polars as pl

from segpredict.core.text import count_of
from segpredict.report.context._trust_box import MARKOV_GAP
from segpredict.report.context.probabilities import STRATUM_LABELS
from segpredict.report.formatting import (
    Row,
    format_day,
    format_day_range,
    format_iso_day,
    format_number,
    format_short,
    format_signed,
    name_to_words,
)
from segpredict.report.input import ReportInput
from segpredict.report.model_names import model_label, replace_model_names

# Results of a leakage check; words, so that they can be read without colours.
CHECKED_TEXT, BUILT_IN_TEXT = "checked", "by construction"
REPORTED_TEXT, BROKEN_TEXT = "your statement", "broken"
SafeguardResult = tuple[str, str]  # what prevents a mistake, and the result of its check
LEAKAGE_MISTAKES = {
    "L1": "Features from the outcome window",
    "L2": "Testing on random rows of the training period",
    "L3": "Segments fitted with customers or days of the tests",
    "L4": "Customers selected by what they did afterwards",
    "L5": "Quantiles over all customers and days used as features",
    "L6": "Days since the last order counted to the end of the data",
    "L7": "Columns with today's values, not those at the cutoff",
    "L8": "Later returns subtracted from earlier orders",
    "L9": "Encodings or imputations fitted with rows of the test",
    "L10": "The calendar identifies the training window",
    "L11": "Settings selected by the result of the last test",
    "L12": "Rows that are in two files and count twice",
}
BUILT_IN_SAFEGUARDS = {
    "L5": "Segment borders were frozen when the segments were fitted; no feature is a rank among "
    "customers of other days.",
    "L6": "Every recency and age is measured at the cutoff of its own forecast.",
    "L8": "A return counts on its own day; until then the order counts in full.",
    "L9": "Each test fits everything again, on what was known at its cutoff.",
}
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
    "Where ids must not be shared: segpredict report --hash-ids, or segpredict report "
    "--no-customers."
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
    # what the ensemble was fitted on, its weights and its hyperparameters, as pairs
    fit: tuple[tuple[str, str], ...]
    leakage_checks: tuple[LeakageCheck, ...]  # the checks L1 to L12
    counts: Mapping[str, int]  # how many checks have each result


def model_card_section(bundle: ReportInput) -> ModelCardSection | None:
    """Return the context of the section; ``None`` where no forecast was tested."""
    if not bundle.evaluation or not bundle.evaluation.get("windows"):
        return None
    checks = _leakage_checks(bundle)
    results = [check.result for check in checks]
    counts = {r: results.count(r) for r in dict.fromkeys(results)}
    return ModelCardSection(_facts(bundle, bundle.evaluation), _fit(bundle), checks, counts)


def _facts(bundle: ReportInput, found: Row) -> tuple[tuple[str, str], ...]:
    window = bundle.window
    tests = ", ".join(format_iso_day(o["cutoff"]) for o in found["windows"])
    until = format_day(window.outcome_end)
    days = format_day_range(window.outcome_start, window.outcome_end)
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
            f"Which segment each of them is in, {days}; the segments were frozen before the first "
            "test and use no later day.",
        ),
        ("In use", replace_model_names(str(found.get("reason", "")))),
        ("Tested", f"As of {tests}: on days after all training data."),
        ("Less certain for", _weak(bundle)),
        (
            "Maintenance",
            f"Score after every night's orders. Train again when a window of "
            f"{window.horizon} days is complete: this one is on {until}. When "
            "the mix or the error changes, refit the segments too: "
            "segpredict cluster --refit keeps their ids.",
        ),
        ("Privacy", PRIVACY_TEXT),
        ("Created", _created(bundle)),
    ]
    return tuple((name, text) for name, text in facts if text)


def _fit(bundle: ReportInput) -> tuple[tuple[str, str], ...]:
    """Return training rows, trees, weights and hyperparameters of the ensemble."""
    fit = (bundle.evaluation or {}).get("fit") or {}
    if not fit:
        return ()
    days = fit["origins"]
    span = (
        f"{count_of(len(days), 'cutoff')}, {format_iso_day(days[0])} to {format_iso_day(days[-1])}"
    )
    customers = count_of(fit["customers"], "customer")
    given = ((bundle.manifest.get("config") or {}).get("classifier") or {}).get("xgboost") or {}
    return (
        ("Training rows", f"{format_number(fit['rows'])}: {customers} at {span}"),
        ("Features", format_number(fit["features"])),
        ("Trees", f"{format_number(fit['trees'])} in {count_of(fit['rounds'], 'round')}"),
        *(
            (f"Weight of {model_label(name)}", f"{format_number(weight, 3)}, of log-probabilities")
            for name, weight in fit["weights"].items()
        ),
        ("Weight of the trees", _weight_of_trees(fit["pool_weight"])),
        ("Level", f"{format_signed(fit['level'], 3)}, log-odds of Inactive for all customers"),
        *((f"XGBoost: {name}", format_short(value)) for name, value in given.items()),
    )


def _weight_of_trees(pool_weight: float) -> str:
    """Return the weights of the trees by where they begin."""
    if pool_weight == 1.0:
        return "1, of those that begin at BG/NBD and the Markov chain"
    rest = format_number(1 - pool_weight, 2)
    return (
        f"{format_number(pool_weight, 2)}, of those that begin at BG/NBD and the Markov chain; "
        f"{rest}, of those that begin at the class shares"
    )


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
        return (
            f"None of {count_of(rows.height, 'group')}: in all of them it beats the Markov chain."
        )
    named = [
        f"{STRATUM_LABELS.get(r['stratum'], name_to_words(r['stratum'])).lower()}: "
        f"{names.get(r['group'], r['group'])} ({count_of(r['n'], 'forecast')})"
        for r in weak.head(MAX_WEAK_GROUPS).iter_rows(named=True)
    ]
    more = weak.height - len(named)
    return (
        f"{weak.height} of {rows.height} groups, in which it is not significantly better than "
        f"the Markov chain: {'; '.join(named)}{f' and {more} more' if more else ''}."
    )


def _leakage_checks(bundle: ReportInput) -> tuple[LeakageCheck, ...]:
    found = {
        **{code: (safeguard, BUILT_IN_TEXT) for code, safeguard in BUILT_IN_SAFEGUARDS.items()},
        "L1": _training_data(bundle),
        "L2": _test_windows(bundle),
        "L3": _segmentation_data(bundle),
        "L4": _tested_customers(bundle),
        "L7": _declared_columns(bundle),
        "L10": (_season(bundle.evaluation or {}), BUILT_IN_TEXT),
        "L11": _last_test(bundle.test_set_log),
        "L12": _duplicates(bundle),
    }
    return tuple(LeakageCheck(code, text, *found[code]) for code, text in LEAKAGE_MISTAKES.items())


def _training_data(bundle: ReportInput) -> SafeguardResult:
    """Check that the training outcomes of each test were complete on its day."""
    found, window = bundle.evaluation or {}, bundle.window
    folds = [f for f in (found.get("policies") or {}).get("folds", ()) if f["inner_origins"]]
    days = window.gap + window.horizon
    late = {
        f["cutoff"] for f in folds for day in f["inner_origins"] if _days(day, f["cutoff"]) < days
    }
    safeguard = "Features end where the outcome window begins."
    if not folds:
        return safeguard, BUILT_IN_TEXT
    return (
        f"{safeguard} The newest training outcome ended by the cutoff in "
        f"{len(folds) - len(late)} of {len(folds)} forecasts.",
        BROKEN_TEXT if late else CHECKED_TEXT,
    )


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _test_windows(bundle: ReportInput) -> SafeguardResult:
    cutoffs = sorted(o["cutoff"] for o in (bundle.evaluation or {})["windows"])
    horizon = bundle.window.horizon
    are_apart = all(_days(*pair) >= horizon for pair in pairwise(cutoffs))
    return (
        f"{count_of(len(cutoffs), 'test window')} of {horizon} days, later than all training "
        f"data{', without overlap' if len(cutoffs) > 1 and are_apart else ''}.",
        CHECKED_TEXT if are_apart else BROKEN_TEXT,
    )


def _segmentation_data(bundle: ReportInput) -> SafeguardResult:
    first_test = min(o["cutoff"] for o in (bundle.evaluation or {})["windows"])
    until = (bundle.manifest.get("windows") or {}).get("segmenter_saw_until", "")
    if not until:
        return "The run does not say on which data the segments were fitted.", REPORTED_TEXT
    return (
        f"The segments use no data after {format_iso_day(until)}; the first test began "
        f"on {format_iso_day(first_test)}.",
        CHECKED_TEXT if _days(until, first_test) > 0 else BROKEN_TEXT,
    )


def _tested_customers(bundle: ReportInput) -> SafeguardResult:
    inactive_shares = [o["actual_mix"][0] for o in (bundle.evaluation or {})["windows"]]
    return (
        "All customers who bought before the cutoff are tested, also those who never "
        f"returned: in the lowest segment afterwards were "
        f"{', '.join(f'{share:.0%}' for share in inactive_shares)}.",
        CHECKED_TEXT if all(share > 0 for share in inactive_shares) else BUILT_IN_TEXT,
    )


def _declared_columns(bundle: ReportInput) -> SafeguardResult:
    config = bundle.manifest.get("config") or {}
    tables = [config.get(name) or {} for name in ("customers", "products")]
    declared = [column for table in tables for column in table.get("time_invariant") or ()]
    if declared:
        text = f"Used because you declared that they never change: {', '.join(declared)}."
        return text, REPORTED_TEXT
    text = "Columns without a time stamp are excluded; none was declared constant."
    return text, CHECKED_TEXT


def _season(evaluation: Row) -> str:
    """Describe in how many forecasts a seasonal effect was found."""
    notes = " ".join(evaluation.get("warnings") or ())
    return (
        "BG/NBD uses last year's season only where earlier windows show a benefit: in "
        f"{notes.count('The season helps')} of "
        f"{len(evaluation.get('windows') or ()) + 1} forecasts. The evidence is among the notes "
        "of the run in the appendix."
    )


def _last_test(log: Row) -> SafeguardResult:
    evaluations = log.get("evaluations", ())
    settings = len({each["config"] for each in evaluations})
    if not settings:
        return "The run does not say how often the last test was evaluated.", REPORTED_TEXT
    first = evaluations[0]["created"]
    if settings == 1:
        text = f"The last test was evaluated with one setting only, first on {first}."
        return text, CHECKED_TEXT
    return (
        f"The last test was evaluated with {settings} different settings, first on "
        f"{first}: its scores are too good for settings that were selected by them.",
        BROKEN_TEXT,
    )


def _duplicates(bundle: ReportInput) -> SafeguardResult:
    rows = {e.rule: e.count.rows for e in bundle.ledger.entries if e.stage == "excluded"}
    if "duplicates" not in rows:
        return "The rule against duplicates was switched off.", REPORTED_TEXT
    return f"Duplicate rows excluded: {format_number(rows['duplicates'])}.", CHECKED_TEXT
