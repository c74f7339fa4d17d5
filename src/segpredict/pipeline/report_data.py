"""The input of a page, a deck or a JSON file, gathered from the values of a run by name."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import polars as pl

from segpredict.analytics import campaigns, exploration
from segpredict.analytics.segment_tables import classifier_glossary
from segpredict.analytics.transitions.tables import TRANSITION_TABLES
from segpredict.config.load import Config
from segpredict.core.run_folder import RunFiles
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.core.wording import worded
from segpredict.explain import Explanation, contribution_points
from segpredict.pipeline import artifacts, loading
from segpredict.pipeline.results import StageResult
from segpredict.report import ReportInput, shortlist
from segpredict.segmentation import Segmentation

TITLE = "Customer segments and where they are heading"
EXAMPLE_MIN_REASONS = 2
EXAMPLE_MIN_DISTANCE = 0.1  # of probability, from that of the average customer
GetValue = Callable[[str], Any]


def values_in_memory(*results: StageResult) -> GetValue:
    """Return a function that gives values of stages' results by name; missing ones as None."""
    found: dict[str, Any] = {}
    for result in results:
        found |= {each.name: getattr(result, each.name) for each in fields(result)}
    return found.get


def values_of_run(files: RunFiles) -> GetValue:
    """Return a function that reads values of a run by name; missing ones as None."""

    def get(name: str) -> Any:
        if any(artifact.name == name for artifact in artifacts.ARTIFACTS):
            return loading.load_optional(files, name)
        return loading.load(files, name) or None

    return get


def collect_report_input(
    get: GetValue,
    metadata: Mapping[str, JSON],
    experiments: tuple[JSON, ...] = (),
    *,
    customers: bool | None = None,
    lists: tuple[str, ...] = (),
) -> ReportInput:
    """Return all that a page or a deck is made from, as far as it was made."""
    shop, config = get("transactions"), get("config")
    scores, explanation = get("scores"), get("explanation")
    tables = get("segment_tables") or {}
    plans, curves = get("plans"), get("targeting_curves")
    found = ReportInput(
        title=TITLE,
        created=metadata["created"],
        first_day=shop.first_day,
        end_day=shop.end_day,
        window=config.time.window_at(shop.end_day, shop.first_day),
        segments=get("segmentation").segments,
        ledger=shop.ledger,
        currency=shop.currency,
        dates=shop.side_tables.dates,
        product_names=_product_names(shop),
        files=shop.files,
        profile=tables.get("profile"),
        kpis=get("kpis") or {},
        exploration=_exploration(get("exploration"), scores),
        segment_profiles=tuple(get("segment_profiles") or ()),
        candidates=tables.get("candidates"),
        comparison=get("candidates"),
        selection=get("selection"),
        own_segments=get("own_segments"),
        segment_notes=_segment_notes(get("segmentation"), metadata),
        current_mix=_current_mix(scores),
        expected_mix=_expected_mix(scores),
        observed_transitions=tables.get("migration"),
        transitions_note=_transitions_note(shop, config),
        transitions=_transitions(get),
        evaluation=get("evaluation"),
        test_set_log=get("test_set_log") or {},
        scorecard=get("scorecard"),
        curves=get("curves"),
        customer_value=_customer_value(get),
        campaigns={} if plans is None else {"plans": plans, "targeting_curves": curves},
        experiments=experiments,
        demand=get("demand") or {},
        leakage_demo=tuple(get("leakage_demo") or ()),
        evidence=get("evidence"),
        ensemble_importance=get("ensemble_importance"),
        glossary=classifier_glossary(config.classifier.families, shop.side_tables),
        manifest=metadata,
        warnings=tuple(map(worded, metadata.get("notes", ()))),
    )
    if explanation is not None:
        found = _with_explanation(found, explanation, scores)
    if config.report.show_customers if customers is None else customers:
        listed = _shortlist(scores, get("customer_reasons"), config.report.max_listed)
        return replace(found, shortlist=listed, lists=lists)
    profiles = tuple({**profile, "examples": []} for profile in found.segment_profiles)
    return replace(found, example_customers=(), segment_profiles=profiles)


def report_input_of_run(files: RunFiles, *, customers: bool | None = None) -> ReportInput:
    """Return all that a page or a deck is made from, read from a run folder."""
    return collect_report_input(
        values_of_run(files),
        files.metadata,
        run_experiments(files),
        customers=customers,
        lists=list_names(files),
    )


def list_names(files: RunFiles) -> tuple[str, ...]:
    """Return the names of the customer lists that a run holds."""
    catalogue = loading.load_optional(files, "campaign_catalogue")
    names = [f"campaign_{campaign.name}" for campaign in (catalogue.campaigns if catalogue else ())]
    names += [f"segment_{segment.id.lower()}" for segment in loading.load_segments(files)]
    return tuple(name for name in names if files.has(f"{artifacts.LISTS_FOLDER}/{name}.csv"))


def run_experiments(files: RunFiles) -> tuple[JSON, ...]:
    """Return the records of all campaign lists that were drawn of the runs in this place."""
    folder = files.metadata["config"].get("campaigns", {}).get("experiments_folder", "")
    return tuple(campaigns.find_experiment_logs(files.place, folder).with_results())


def _product_names(shop: Transactions) -> dict[str, str]:
    if shop.product_names is None:
        return {}
    return dict(shop.product_names.select("product_id", "name").iter_rows())


def _with_explanation(
    found: ReportInput, explanation: Explanation, scores: pl.DataFrame | None
) -> ReportInput:
    return replace(
        found,
        importance=explanation.importance,
        contribution_points=contribution_points(explanation),
        n_explained=explanation.n_customers,
        group_importance=explanation.group_importance,
        transition_drivers=explanation.transition_drivers,
        example_customers=pick_example_customers(explanation, scores),
        base_values=explanation.base_values,
        reasons_note=explanation.model_note,
    )


def pick_example_customers(
    explanation: Explanation, scores: pl.DataFrame | None
) -> tuple[dict[str, JSON], ...]:
    """Return three customers whose reasons are worth reading, with their forecasts.

    Among those explained with two reasons or more: of those expected to fall the one with most
    revenue at risk, the likeliest to rise, and the most valuable one who is expected to stay. Those
    whose forecast is far from the average customer's come first: reasons explain the distance.
    """
    if scores is None or explanation.reasons.is_empty():
        return ()
    distance = (pl.col("end") - pl.col("start")).abs().first()
    counts = explanation.reasons.filter(direction="for").group_by("customer_id")
    counted = counts.agg(n=pl.len(), is_far=distance >= EXAMPLE_MIN_DISTANCE)
    clear = counted.filter(pl.col("n") >= EXAMPLE_MIN_REASONS).select("customer_id", "is_far")
    known = scores.join(clear, on="customer_id", how="inner", maintain_order="left")
    # By rank: after refits ids need not be in order of value.
    codes = {segment.id: segment.code for segment in explanation.classes}
    now, later = (pl.col(n).replace_strict(codes) for n in ("segment_id", "next_segment_id"))
    stays, rises, falls = later == now, later > now, later < now
    kinds = (
        ("at risk", known.filter(falls), "value_at_risk"),
        ("on the way up", known.filter(rises), "p_up"),
        ("here to stay", known.filter(stays), "expected_value"),
    )
    found: list[dict[str, JSON]] = []
    for kind, rows, by in kinds:
        taken = [example["customer_id"] for example in found]
        first = rows.sort("is_far", by, descending=True, maintain_order=True)
        for score in first.filter(~pl.col("customer_id").is_in(taken)).head(1).to_dicts():
            reasons = explanation.reasons.filter(customer_id=score["customer_id"])
            shown = reasons.select(
                "direction", "text", "contribution", "odds_ratio", "total", "start", "end"
            ).to_dicts()
            del score["is_far"]
            found.append({**score, "kind": kind, "reasons": shown})
    return tuple(found)


def _shortlist(
    scores: pl.DataFrame | None, reasons: pl.DataFrame | None, max_listed: int
) -> tuple[dict[str, JSON], ...]:
    """Return the customers to look at first, once they were explained."""
    if scores is None or reasons is None:
        return ()
    listed = shortlist.customer_shortlist(scores, max_listed)
    return shortlist.shortlist_with_reasons(listed, reasons)


def _exploration(found: Mapping[str, Any] | None, scores: pl.DataFrame | None) -> dict[str, Any]:
    """Return distributions and map; with scores, the expected customers by country."""
    if not found:
        return {}
    shown = {name: found[name] for name in ("cells", "map", "facts")}
    if scores is not None:
        shown["coming"] = exploration.expected_by_country(scores, found["homes"])
    return shown


def transition_tables_of_run(files: RunFiles) -> dict[str, pl.DataFrame]:
    """Return the transition tables that a run holds, but for the list of customers."""
    return _transitions(values_of_run(files))


def _transitions(get: GetValue) -> dict[str, pl.DataFrame]:
    """Return the transition tables of the page: all but the list of customers."""
    tables = {**(get("observed_transitions") or {}), **(get("predicted_transitions") or {})}
    return {name: table for name, table in tables.items() if name in TRANSITION_TABLES}


def _customer_value(get: GetValue) -> dict[str, Any]:
    model = get("value_model")
    return {} if model is None else {**get("customer_value"), "value_model": model.to_state()}


def _segment_notes(segmentation: Segmentation, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    version = segmentation.identity.version
    events = [e["text"] for e in segmentation.identity.event_rows() if e["version"] == version]
    state = segmentation.to_state()
    return {
        "fit": f"number {version}" if version > 1 else "the first",
        "algorithm": state["algorithm"],
        "measured on": f"{_axis_names(state)} in windows of {state['horizon']} days",
        "fitted on data until": metadata["windows"]["segmenter_saw_until"],
        **({"what became of the segments": " ".join(events)} if events else {}),
        "warnings": " ".join(state["warnings"]),
    }


def _axis_names(state: Mapping[str, JSON]) -> str:
    names = {"days": "purchase days", "recency": "recency", "units": "pieces"}
    *most, last = [names.get(a["column"], a["column"]) for a in state["axes"]]
    return f"{', '.join(most)} and {last}" if most else last


def _current_mix(scores: pl.DataFrame | None) -> dict[str, float]:
    if scores is None:
        return {}
    counts = scores.filter("is_eligible").group_by("segment_id").len().sort("segment_id")
    return {str(name): float(n) for name, n in counts.iter_rows()}


def _expected_mix(scores: pl.DataFrame | None) -> dict[str, float]:
    if scores is None:
        return {}
    sums = scores.select(pl.col("^p_S[0-9]+$").sum()).row(0, named=True)
    return {name.removeprefix("p_"): float(total or 0) for name, total in sums.items()}


def _transitions_note(shop: Transactions, config: Config) -> str:
    time = config.time
    day = f"{as_date(shop.end_day - time.days_to_outcome):%-d %b %Y}"
    return (
        f"From the {time.horizon} days before {day} to the {time.horizon} days from that day on, "
        f"among customers with an order in the {time.lookback} days before {day}."
    )
