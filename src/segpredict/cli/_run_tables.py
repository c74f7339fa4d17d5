"""Print the results of a run as tables on the terminal."""

from collections.abc import Callable, Sequence
from functools import partial

import polars as pl

from segpredict.cli._explanation_tables import show_importance
from segpredict.cli._output import Output, Row, format_defined, format_interval
from segpredict.core.crash import describe_crash
from segpredict.core.run_folder import RunFolder
from segpredict.data import cleaning
from segpredict.pipeline import artifacts

ShowPart = Callable[[Output, RunFolder], None]
SHOWN_METRICS = ("log_loss", "brier", "accuracy", "balanced_accuracy", "macro_f1", "ece")
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
    ledger = artifacts.read(run, "transactions.ledger")
    rows = [row for row in cleaning.ledger_table(ledger).to_dicts() if row["rows"]]
    output.print_table("Ledger", rows, note="in = used + excluded + rejected, in every column")


def show_segments(output: Output, run: RunFolder) -> None:
    """Print the segments with size, revenue and rhythm."""
    sizes = ("id", "name", "n", "share", "revenue", "revenue_share")
    wanted = (*sizes, "spend_median", "days_median", "recency_median", "retention")
    profile = artifacts.read(run, "segment_tables.profile")
    rows = profile.select([c for c in wanted if c in profile.columns]).to_dicts()
    output.print_table("Segments at the end of the data", rows)


def show_segment_events(output: Output, run: RunFolder) -> None:
    """Print how the segments of an earlier fit changed, and the overrides in use."""
    state = artifacts.read(run, "segmentation").to_state()
    for event in artifacts.read(run, "segment_events"):
        if event["version"] == state["identity"]["version"]:
            output.print_line(event["text"])
    for notice in state["warnings"]:
        output.print_line(f"note: {notice}")


def show_comparison(output: Output, run: RunFolder) -> None:
    """Print the metrics of every candidate, if candidates were compared."""
    if not artifacts.has(run, "candidates"):
        return
    table = artifacts.read(run, "candidates")
    selection = artifacts.read(run, "selection")
    rows = table.filter(pl.col("note") == "").select(
        pl.col("is_selected").replace_strict({True: "→", False: ""}).alias(" "),
        "inputs",
        "algorithm",
        "k",
        *(pl.col(name).alias(label) for name, label in COMPARISON_HEADINGS.items()),
    )
    note = "failed gates at the end of each row; → marks the selected candidate"
    output.print_table("Segmentation candidates", rows.to_dicts(), note=note)
    for reason, names in _not_fitted(table).items():
        output.print_line(f"not compared: {names}: {reason}")
    winner, second = selection["selected"], selection["runner_up"]
    name = "the rule-based segments" if winner is None else winner["name"]
    output.print_line(f"Selected: {name}: {selection['grade']}. {selection['reason']}")
    if not selection["is_applied"]:
        output.print_line("The segments below follow the options, not the selection; see --select.")
    if second is not None:
        alike = format_defined(second["rand_index_with_selected"], ".2f")
        output.print_line(f"Runner-up: {second['name']}, ARI with the winner {alike}.")


def _not_fitted(table: pl.DataFrame) -> dict[str, str]:
    """Return the candidates that could not be fitted, by reason."""
    found: dict[str, str] = {}
    for row in table.filter(pl.col("note") != "").to_dicts():
        name = f"{row['algorithm']} k={row['k_requested']} on {row['inputs']}"
        found[row["note"]] = ", ".join(filter(None, [found.get(row["note"]), name]))
    return found


def show_evaluation(output: Output, run: RunFolder) -> None:
    """Print model and baselines side by side, and the selected model."""
    evaluation = artifacts.read(run, "evaluation")
    pooled, days = evaluation["pooled"], f"the {evaluation['horizon']} days after"
    _models(output, f"All tests together: {pooled['n_rows']:,} forecasts", pooled)
    for test in evaluation["windows"]:
        title = f"Forecast on {test['cutoff']} for {days}"
        _models(output, f"{title}: {test['n_rows']:,} customers", test)
    _differences(output, pooled, evaluation["comparisons"])
    if artifacts.has(run, "scorecard"):
        _scorecard(output, artifacts.read(run, "scorecard"))
    output.print_line(f"Selected model: {evaluation['selected']}. {evaluation['reason']}")
    for warning in evaluation["warnings"]:
        output.print_line(f"note: {warning}")


def _models(output: Output, title: str, test: Row) -> None:
    rows = [
        {"model": name, **{metric: scores[metric] for metric in SHOWN_METRICS}}
        for name, scores in test["scores"].items()
    ]
    output.print_table(title, rows, note="lower is better: log loss, Brier, ECE")


def _differences(output: Output, pooled: Row, claims: Sequence[Row]) -> None:
    beaten = {c["baseline"] for c in claims if c["metric"] == "log_loss" and c["beats"]}
    rows = [
        {
            "against": name,
            "log loss": _bounded(found["log_loss"], "+.4f"),
            "accuracy": _bounded(found["accuracy"], "+.4f"),
            "beaten": "yes" if name in beaten else "no",
        }
        for name, found in pooled["differences"].items()
    ]
    note = "95 % intervals, customers resampled; beaten: on log loss, in every window, after Holm"
    output.print_table("Model minus baseline, all tests together", rows, note=note)


def _scorecard(output: Output, card: pl.DataFrame) -> None:
    """Print rankings with intervals, and the model against Markov in each stratum."""
    ranked = card.filter(
        pl.col("metric").str.contains("_lift$|_capture$"), pl.col("low").is_not_null()
    )
    rows = [
        {"ranking": r["metric"], "by": r["forecaster"], "value": _bounded(r)}
        for r in ranked.iter_rows(named=True)
    ]
    note = "top 10 % by risk or rise, top 20 % by value; ratios above 1 are better"
    output.print_table("Customers to contact first", rows, note=note)
    _policies(output, card)
    gaps = card.filter(metric="log_loss_minus_markov")
    rows = [
        {"customers": f"{r['stratum']} {r['group']}", "n": r["n"], "gap": _bounded(r)}
        for r in gaps.iter_rows(named=True)
    ]
    output.print_table("Log loss minus that of Markov, by kind of customer", rows)


def _policies(output: Output, card: pl.DataFrame) -> None:
    """Print the sets and the decision rules of the selected model on each test window."""
    sets = card.filter(pl.col("metric").str.starts_with("set_"))
    rows = [
        {"test": r["window"], "metric": r["metric"], "n": r["n"], "value": _bounded(r)}
        for r in sets.iter_rows(named=True)
    ]
    note = "thresholds from inner validation before each test; a target, not a guarantee"
    output.print_table("Prediction sets on the tests", rows, note=note)
    named = card.filter(pl.col("metric").str.contains("_(argmax|balanced|cost)$"))
    rows = [
        {
            "test": window,
            **{r["metric"]: format_defined(r["value"], ".3f") for r in part.iter_rows(named=True)},
        }
        for (window,), part in named.group_by("window", maintain_order=True)
    ]
    output.print_table("One predicted segment per customer, by decision rule", rows)


def _bounded(row: Row, form: str = ".3f") -> str:
    return format_interval(row["value"], row["low"], row["high"], form)


def show_leakage_demo(output: Output, run: RunFolder) -> None:
    """Print the metrics of evaluations with data leakage, if they were requested."""
    if not artifacts.has(run, "leakage_demo"):
        return
    columns = {"test": "test", "accuracy": "accuracy", "log_loss": "log_loss"}
    columns |= {"is_honest": "honest", "meaning": "what was done"}
    rows = [
        {head: row[name] for name, head in columns.items()}
        for row in artifacts.read(run, "leakage_demo")
    ]
    output.print_table("Leakage demo", rows, note="only the honest row measures the future")


def show_run(output: Output, run: RunFolder) -> None:
    """Print everything, and where the page is."""
    show_finished(
        output,
        run,
        *(show_ledger, show_segments, show_evaluation, show_leakage_demo),
        partial(show_importance, top=10),
    )
    path = artifacts.REPORT_PATHS["html"]
    output.print_line(f"The run: {run.folder}")
    if run.has(path):
        output.print_line(f"The page: {(run.folder / path).resolve().as_uri()}")


def show_finished(output: Output, run: RunFolder, *parts: ShowPart) -> None:
    """Print the parts of a run that is published; warn of what could not be made or printed.

    The run is complete by now, and its files hold all that is printed: a table that fails
    must not make the command fail.
    """
    for part in parts:
        try:
            part(output, run)
        except BrokenPipeError:
            raise  # the reader has closed the pipe
        except Exception as error:
            output.print_warning(
                f"a part of the results could not be printed ({describe_crash(error)}); the "
                f"run {run.folder} is complete."
            )
    for path, reason in run.metadata.get(artifacts.NOT_WRITTEN_KEY, {}).items():
        output.print_warning(
            f"{path} could not be written ({reason}); everything else in the run "
            f"{run.folder} is complete."
        )
