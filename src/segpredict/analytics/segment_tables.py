"""Tables about a shop and its segments: no fitting, no files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from segpredict import classifier, features
from segpredict import segmentation as rooms
from segpredict.analytics.transitions import LAPSED_STATE, observed_matrix
from segpredict.analytics.transitions.periods import segment_transitions
from segpredict.classifier import STATE_FEATURES
from segpredict.config.classifier import TimeOptions
from segpredict.config.cleaning import CleaningOptions
from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.panel import Feature
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.window import Window, as_date
from segpredict.core.wording import worded
from segpredict.data import cleaning
from segpredict.errors import ContractError, SupportError
from segpredict.segmentation import RuleGrid, Segmentation
from segpredict.segmentation.model import membership_probabilities

StoppingReason = Callable[[TimeOptions], str]
PROFILE_FAMILIES = ("rfm",)  # the family that profiles and the rule grid read


def shop_overview(
    transactions: Transactions,
    time: TimeOptions,
    plan: CleaningOptions | None = None,
    stopping_reason: StoppingReason = lambda _: "",
) -> dict[str, Any]:
    """Return what reading and cleaning found, as plain values.

    `stopping_reason` tells why a run with these lengths would stop, and what to do; nothing
    is suggested that would.
    """
    problem = _problem(transactions, plan)
    ledger, weighed = cleaning.ledger_table(transactions.ledger), []
    if transactions.ledger.total("used").rows:
        weighed = classifier.compare_horizons(transactions, time).to_dicts()
    files = (*transactions.files, *transactions.side_tables.files)
    return {
        "files": [
            {"file": f.name, "rows": f.rows, **f.detected.shown()}
            | {"columns": dict(f.detected.columns)}
            for f in files
        ],
        "first_day": as_date(transactions.first_day).isoformat(),
        "last_day": as_date(transactions.end_day - 1).isoformat(),
        "fingerprint": transactions.fingerprint,
        "currency": transactions.currency,
        "adds_up": transactions.ledger.adds_up,
        "ledger": ledger.to_dicts(),
        "statuses": [] if transactions.statuses is None else transactions.statuses.to_dicts(),
        "horizons": [{**r, "is_used": r["horizon"] == time.horizon} for r in weighed],
        **cleaning.describe_shop(transactions),
        "notes": [worded(note) for note in _notes(transactions)],
        "side_table_notes": list(transactions.side_tables.notes),
        "suggestions": [
            worded(text)
            for text in _suggestions(
                transactions, time, [] if problem else weighed, stopping_reason
            )
        ],
        "problem": problem,
    }


def classifier_glossary(
    families: Sequence[str] | None = None, side_tables: SideTables | None = None
) -> tuple[Feature, ...]:
    """Return the declarations of all columns that the classifier may use."""
    return (*STATE_FEATURES, *features.feature_glossary(families, side_tables))


def rule_grid_at_end(
    transactions: Transactions, time: TimeOptions, options: SegmentationOptions
) -> RuleGrid:
    """Return the rule grid with its cut points given, or taken at the end of the data."""
    window = time.window_at(transactions.end_day, transactions.first_day)
    rhythm = features.compute_features(transactions, window, PROFILE_FAMILIES).frame
    if rhythm.is_empty():
        raise _nobody_left(transactions, time)
    return rooms.fit_rule_grid(rhythm, names=options.rule_grid_names, own=options.rfm_cut_points)


def _nobody_left(transactions: Transactions, time: TimeOptions) -> SupportError:
    sold = transactions.known_at(transactions.end_day).filter("is_order_head")
    last = sold.select(pl.col("day").max()).collect().item()
    return SupportError(
        f"No customer has an order in the {time.lookback} days before the end of the data.",
        fix="give a later export, or a longer look-back with --set time.lookback=DAYS."
        if last is None
        else f"--as-of {as_date(last + 1)} ends the data at the last order.",
    )


def segment_tables(
    transactions: Transactions, segmentation: Segmentation, rule_grid: RuleGrid, time: TimeOptions
) -> dict[str, pl.DataFrame]:
    """Return tables about the segments at the end of the data, by name."""
    now = time.window_at(transactions.end_day, transactions.first_day)
    before = now.at_cutoff(now.cutoff - time.days_to_outcome)
    tables = {
        "assignments": _assignments(transactions, segmentation, rule_grid, now),
        "profile": _profile(transactions, segmentation, now),
        "candidates": _candidates(segmentation),
    }
    if segmentation.clusters.assignment_rule.is_soft:
        span = [(now.cutoff - time.horizon, now.cutoff)]
        rows = features.clustering_inputs(transactions, span, segmentation.extra_inputs)
        tables["memberships"] = membership_probabilities(segmentation, rows).drop("end")
    if before.cutoff - time.horizon >= transactions.first_day:
        tables["migration"] = _migration(transactions, segmentation, before)
        over = _profile(transactions, segmentation, before, is_over=True)
        returned = over.select("segment", "^retention.*$")
        kept = tables["profile"].drop("^retention.*$")
        tables["profile"] = kept.join(returned, on="segment", how="left", maintain_order="left")
    return tables


def _assignments(
    transactions: Transactions, segmentation: Segmentation, rules: RuleGrid, window: Window
) -> pl.DataFrame:
    known = transactions.order_days().known_at(window.cutoff)
    everyone = known.select("customer_id").unique().collect()
    rhythm = features.compute_features(transactions, window, PROFILE_FAMILIES).frame
    named = pl.DataFrame(
        [(s.code, s.id, s.name) for s in segmentation.segments],
        schema={"segment": pl.Int8, "segment_id": pl.String, "segment_name": pl.String},
        orient="row",
    )
    span = (window.cutoff - window.horizon, window.cutoff)
    inputs = features.clustering_inputs(transactions, [span], segmentation.extra_inputs)
    assigned = segmentation.assign(inputs).drop("end")
    return (
        everyone.join(assigned, on="customer_id", how="left")
        .with_columns(pl.col("segment").fill_null(pl.lit(INACTIVE_CODE, pl.Int8)))
        .join(named, on="segment", how="left")
        .join(rules.assign(rhythm), on="customer_id", how="left", suffix="_rules")
        .with_columns(is_eligible=pl.col("customer_id").is_in(rhythm["customer_id"].implode()))
        .sort("customer_id")
    )


def _profile(
    transactions: Transactions, segmentation: Segmentation, window: Window, *, is_over: bool = False
) -> pl.DataFrame:
    """Return the profile as of a window; with retention if its outcome is over."""
    rhythm = features.compute_features(transactions, window, PROFILE_FAMILIES).frame
    spans = [
        (window.cutoff - window.horizon, window.cutoff),
        (window.outcome_start, window.outcome_end),
    ]
    inputs = {*segmentation.extra_inputs, "refunds"}
    bought = features.clustering_inputs(transactions, spans[: 1 + is_over], sorted(inputs))
    current = bought.filter(pl.col("end") == window.cutoff)
    states = segmentation.assign(current).select("customer_id", "segment")
    assigned, labels = rooms.fill_inactive(states, rhythm), None
    if is_over:
        after = bought.filter(pl.col("end") == window.outcome_end)
        # Who ordered again, in whatever segment.
        labels = after.select("customer_id", pl.lit(1, pl.Int8).alias("segment"))
    eligible = current.join(rhythm, on="customer_id", how="semi", maintain_order="left")
    return rooms.segment_profile_table(assigned, eligible, rhythm, segmentation.segments, labels)


def _candidates(segmentation: Segmentation) -> pl.DataFrame:
    names = ("k", "silhouette", "inertia", "smallest_share", "largest_share")
    rows = [
        {name: getattr(each, name) for name in names}
        | {"failed_gates": ", ".join(each.failed_gates), "is_selected": each.is_selected}
        for each in segmentation.candidates
    ]
    return pl.DataFrame(rows)


def _migration(
    transactions: Transactions, segmentation: Segmentation, window: Window
) -> pl.DataFrame:
    """Return the transitions of new customers, and of those with an order in the look-back."""
    moves = segment_transitions(transactions, segmentation, [window])
    known = moves.filter(pl.col("from_id") != LAPSED_STATE.id)
    return observed_matrix(known, segmentation.segments).cast({"n": pl.Int64, "n_from": pl.Int64})


def _notes(transactions: Transactions) -> list[str]:
    """Return notes on the limits of the data."""
    notes = list(transactions.notes)
    last = as_date(transactions.end_day - 1)
    if as_date(transactions.end_day).day != 1:
        notes.append(
            f"The data stop on {last}, inside a month: a chart by calendar month "
            "would show a drop that did not happen. Windows here are counted in days."
        )
    rejected = transactions.ledger.total("rejected").rows
    if rejected:
        notes.append(f"Rows that could not be read and were set aside: {rejected:,}.")
    guests = [e for e in transactions.ledger.entries if e.rule == cleaning.NO_CUSTOMER.name]
    whole = transactions.ledger.total("in").rows
    if guests and whole and guests[0].count.rows > 0.05 * whole:
        share = guests[0].count.rows / whole
        notes.append(f"{share:.1%} of the rows have no customer; they are in no segment.")
    return notes


def _problem(transactions: Transactions, plan: CleaningOptions | None) -> dict[str, Any] | None:
    try:
        cleaning.require_support(transactions, plan)
    except (ContractError, SupportError) as error:
        return error.to_dict()
    return None


def _horizon_suggestion(
    time: TimeOptions, weighed: Sequence[Mapping[str, Any]], stopping_reason: StoppingReason
) -> list[str]:
    """Return which horizon to use, by the conditions that a run has, too."""
    chosen = [row["horizon"] for row in weighed if row["is_selected"]]
    reasons = {row["horizon"]: row["reason"] for row in weighed}
    stops = {n: stopping_reason(replace(time, horizon=n)) for n in {time.horizon, *chosen}}
    found = [f"A run stops here: {stops[time.horizon]}"] if stops[time.horizon] else []
    if chosen and not stops[chosen[0]] and reasons[chosen[0]] != reasons[time.horizon]:
        found.append(
            f"A horizon of {chosen[0]} days meets all conditions: --set time.horizon={chosen[0]}"
        )
    if not chosen and not found:
        found.append(
            "No horizon meets all conditions; the table of horizons says why. A run "
            "works all the same, and its evaluation shows the uncertainty."
        )
    return found


def _suggestions(
    transactions: Transactions,
    time: TimeOptions,
    weighed: Sequence[Mapping[str, Any]],
    stopping_reason: StoppingReason,
) -> list[str]:
    """Return suggested options for the findings."""
    presets = {fact.detected.others.get("preset") for fact in transactions.files} - {None}
    suggestions = [
        f"The header is that of an export that --config {preset} reads, with its money, refunds "
        "and statuses."
        for preset in sorted(filter(None, presets))
    ]
    if weighed:
        suggestions += _horizon_suggestion(time, weighed, stopping_reason)
    products = transactions.lines.select(pl.col("product_id").is_null().all()).collect()
    if transactions.ledger.total("used").rows and products.item():
        suggestions.append(
            "No column gives product_id, so baskets are not analysed. If there is "
            "one: --map product_id=YOUR_COLUMN."
        )
    if not transactions.currency:
        suggestions.append("The data name no currency. To print one: --set cleaning.currency='€'.")
    return suggestions
