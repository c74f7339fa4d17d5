"""Show people what a run has found, as tables on the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from segpredict.cli._explanation_tables import show_importance
from segpredict.cli._output import Output
from segpredict.core.run_folder import RunFolder
from segpredict.data import cleaning
from segpredict.pipeline.archive import ledger_from_state

SHOWN_METRICS = (
    "log_loss",
    "brier",
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "ece",
)
COMPARISON_HEADINGS = {
    "silhouette": "silh.",
    "smallest_share": "least share",
    "value_step": "step",
    "tree_accuracy": "tree",
    "temporal_stability": "time",
    "bootstrap_stability": "boot.",
    "min_jaccard": "Jacc.",
    "prediction_strength": "str.",
    "value_separation": "value",
    "information_gain": "info.",
    "stability": "z",
    "mean_rank": "mean rank",
    "failed_gates": "fails",
}


def show_ledger(output: Output, run: RunFolder) -> None:
    """Print where every row, order, customer and penny went."""
    ledger = ledger_from_state(run.read_json("ledger.json"))
    rows = [row for row in cleaning.ledger_table(ledger).to_dicts() if row["rows"]]
    note = "in = used + excluded + rejected, in every column"
    output.print_table("Ledger", rows, note=note)


def show_segments(output: Output, run: RunFolder) -> None:
    """Print the segments with size, revenue and rhythm."""
    wanted = (
        "id",
        "name",
        "n",
        "share",
        "revenue",
        "revenue_share",
        "spend_median",
        "days_median",
        "recency_median",
        "retention",
    )
    profile = run.read_parquet("segmentation/profile.parquet")
    rows = profile.select([c for c in wanted if c in profile.columns]).to_dicts()
    output.print_table("Segments at the end of the data", rows)


def show_segment_events(output: Output, run: RunFolder) -> None:
    """Print what became of the segments of an earlier fit, and what people decided."""
    state = run.read_json("segmentation/model.json")
    for event in run.read_json("segmentation/events.json"):
        if event["version"] == state["identity"]["version"]:
            output.print_line(event["text"])
    for notice in state["warnings"]:
        output.print_line(f"note: {notice}")


def show_comparison(output: Output, run: RunFolder) -> None:
    """Print how every way to segment fared, if ways were compared."""
    if not run.has("segmentation/candidates.parquet"):
        return
    table = run.read_parquet("segmentation/candidates.parquet")
    verdict = run.read_json("segmentation/selection.json")
    rows = table.filter(pl.col("note") == "").select(
        pl.col("is_selected").replace_strict({True: "→", False: ""}).alias(" "),
        "inputs",
        "algorithm",
        "k",
        *(pl.col(name).alias(label) for name, label in COMPARISON_HEADINGS.items()),
    )
    note = "gates not passed at the end of each row; → is what the rule takes"
    output.print_table("Ways to segment, compared", rows.to_dicts(), note=note)
    for reason, names in _absent(table).items():
        output.print_line(f"not compared: {names}: {reason}")
    winner, second = verdict["selected"], verdict["runner_up"]
    taken = "the rules" if winner is None else winner["name"]
    output.print_line(f"The rule takes {taken}: {verdict['grade']}. {verdict['reason']}")
    if not verdict["is_applied"]:
        output.print_line("The segments below are made as the options say; see --select.")
    if second is not None:
        alike = second["rand_index_with_selected"]
        output.print_line(f"Runner-up: {second['name']}, ARI with the winner {alike:.2f}.")


def _absent(table: pl.DataFrame) -> dict[str, str]:
    """Return by reason what could not be fitted."""
    told: dict[str, str] = {}
    for row in table.filter(pl.col("note") != "").to_dicts():
        name = f"{row['algorithm']} k={row['k_requested']} on {row['inputs']}"
        told[row["note"]] = ", ".join(filter(None, [told.get(row["note"]), name]))
    return told


def show_evaluation(output: Output, run: RunFolder) -> None:
    """Print model and baselines side by side, and what ships."""
    verdict = run.read_json("classifier/evaluation.json")
    pooled, days = verdict["pooled"], f"the {verdict['horizon']} days after"
    _models(output, f"All tests together: {pooled['n']:,} forecasts", pooled)
    for test in verdict["windows"]:
        title = f"Forecast on {test['cutoff']} for {days}"
        _models(output, f"{title}: {test['n']:,} customers", test)
    _differences(output, pooled, verdict["comparisons"])
    if run.has("classifier/scorecard.parquet"):
        _scorecard(output, run.read_parquet("classifier/scorecard.parquet"))
    output.print_line(f"Shipped: {verdict['selected']}. {verdict['reason']}")
    for warning in verdict["warnings"]:
        output.print_line(f"note: {warning}")


def _models(output: Output, title: str, test: Mapping[str, Any]) -> None:
    rows = [
        {"model": name, **{metric: scores[metric] for metric in SHOWN_METRICS}}
        for name, scores in test["scores"].items()
    ]
    output.print_table(title, rows, note="lower is better: log loss, Brier, ECE")


def _differences(
    output: Output, pooled: Mapping[str, Any], claims: Sequence[Mapping[str, Any]]
) -> None:
    beaten = {c["baseline"] for c in claims if c["metric"] == "log_loss" and c["beats"]}
    rows = [
        {
            "against": name,
            "log loss": _interval(found["log_loss"]),
            "accuracy": _interval(found["accuracy"]),
            "beaten": "yes" if name in beaten else "no",
        }
        for name, found in pooled["differences"].items()
    ]
    note = "95 % intervals, customers resampled; beaten: on log loss, in every window, after Holm"
    output.print_table("Model minus baseline, all tests together", rows, note=note)


def _scorecard(output: Output, card: pl.DataFrame) -> None:
    """Print rankings with intervals, and the model beside Markov in each stratum."""
    ranked = card.filter(
        pl.col("metric").str.contains("_lift$|_capture$"), pl.col("low").is_not_null()
    )
    rows = [
        {"ranking": r["metric"], "by": r["forecaster"], "value": _bounded(r)}
        for r in ranked.iter_rows(named=True)
    ]
    note = "first tenth by risk or rise, first fifth by value; ratios above 1 are better"
    output.print_table("Whom to call first", rows, note=note)
    _usage(output, card)
    gaps = card.filter(metric="log_loss_minus_markov")
    rows = [
        {"customers": f"{r['stratum']} {r['group']}", "n": r["n"], "gap": _bounded(r)}
        for r in gaps.iter_rows(named=True)
    ]
    output.print_table("Log loss less Markov's, by kind of customer", rows)


def _usage(output: Output, card: pl.DataFrame) -> None:
    """Print how the sets and the decision rules of what ships did on each test."""
    sets = card.filter(pl.col("metric").str.starts_with("set_"))
    rows = [
        {"test": r["window"], "figure": r["metric"], "n": r["n"], "value": _bounded(r)}
        for r in sets.iter_rows(named=True)
    ]
    output.print_table(
        "Prediction sets on the tests",
        rows,
        note="thresholds of rehearsals before each test; a target under stability, no guarantee",
    )
    named = card.filter(pl.col("metric").str.contains("_(argmax|balanced|cost)$"))
    rows = [
        {
            "test": window[0],
            **{r["metric"]: f"{r['value']:.3f}" for r in part.iter_rows(named=True)},
        }
        for window, part in named.group_by("window", maintain_order=True)
    ]
    output.print_table("One name for each customer, by rule", rows)


def _bounded(row: Mapping[str, Any]) -> str:
    if row["low"] is None:
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['value']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}]"


def show_leakage_demo(output: Output, run: RunFolder) -> None:
    """Print what a leaking evaluation would have claimed, if it was asked."""
    if not run.has("classifier/leakage_demo.json"):
        return
    rows = [
        {
            "test": sight["test"],
            "accuracy": sight["accuracy"],
            "log_loss": sight["log_loss"],
            "honest": sight["is_honest"],
            "what was done": sight["meaning"],
        }
        for sight in run.read_json("classifier/leakage_demo.json")
    ]
    note = "only the honest row says anything about the future"
    output.print_table("The leak canary", rows, note=note)


def show_run(output: Output, run: RunFolder) -> None:
    """Print everything, and where the page is."""
    show_ledger(output, run)
    show_segments(output, run)
    show_evaluation(output, run)
    show_leakage_demo(output, run)
    show_importance(output, run, top=10)
    page = (run.folder / "report.html").resolve()
    output.print_line(f"The run: {run.folder}")
    output.print_line(f"The page: {page.as_uri()}")
