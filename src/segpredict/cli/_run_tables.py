"""Every table of a run, for ``--verbose``."""

from collections.abc import Sequence

import polars as pl

from segpredict.cli._output import Output, Row, format_defined, format_interval
from segpredict.core.run_folder import RunFolder
from segpredict.data import cleaning
from segpredict.pipeline import artifacts, loading

SHOWN_METRICS = ("log_loss", "brier", "accuracy", "balanced_accuracy", "macro_f1", "ece")
# What the scorecard adds to the scores of the models: rankings, sets, decisions, strata.
SCORECARD_METRICS = "_lift$|_capture$|^set_|_(argmax|balanced|cost)$|_minus_markov$"
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


def show_profile(output: Output, run: RunFolder) -> None:
    """Print the segments with size, revenue and rhythm."""
    sizes = ("id", "name", "n", "share", "revenue", "revenue_share")
    wanted = (*sizes, "spend_median", "days_median", "recency_median", "retention")
    profile = artifacts.read(run, "segment_tables.profile")
    rows = profile.select([c for c in wanted if c in profile.columns]).to_dicts()
    output.print_table("Segments at the end of the data", rows)


def show_candidates(output: Output, run: RunFolder) -> None:
    """Print the metrics of every candidate, if candidates were compared."""
    if not artifacts.has(run, "candidates"):
        return
    table = artifacts.read(run, "candidates")
    rows = table.filter(pl.col("note") == "").select(
        pl.col("is_selected").replace_strict({True: "→", False: ""}).alias(" "),
        "inputs",
        "algorithm",
        "k",
        *(pl.col(name).alias(label) for name, label in COMPARISON_HEADINGS.items()),
    )
    note = "failed gates at the end of each row; → marks the selected candidate"
    output.print_table("Segmentation candidates", rows.to_dicts(), note=note)
    failed = table.filter(pl.col("note") != "").select(
        "inputs", "algorithm", "k_requested", reason="note"
    )
    output.print_table("Not compared", failed.to_dicts())


def show_evaluation(output: Output, run: RunFolder) -> None:
    """Print model and baselines side by side, in all tests and in each."""
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
    shown = card.filter(pl.col("metric").str.contains(SCORECARD_METRICS))
    named = ("metric", "window", "stratum", "group", "forecaster")
    rows = [
        {**{name: row[name] for name in named}, "n": row["n"], "value": _bounded(row)}
        for row in shown.iter_rows(named=True)
    ]
    output.print_table("Rankings, prediction sets, decision rules, kinds of customers", rows)


def _bounded(row: Row, form: str = ".3f") -> str:
    return format_interval(row["value"], row["low"], row["high"], form)


def show_importance(output: Output, run: RunFolder) -> None:
    """Print the importance of each group of features, and whether other measures agree."""
    groups = artifacts.read(run, "explanation.group_importance").filter(scope="all")
    for level, title in (("headline", "What moves the forecast"), ("group", "By group of columns")):
        rows = groups.filter(level=level).select("name", "mean_abs", "share").to_dicts()
        output.print_table(title, rows, note="mean |SHAP|, log-odds")
    checked = loading.load_evidence(run)
    if checked is None:
        return
    measures = ("shap", "loss", "without")
    rows = [
        {
            "group": row["name"],
            "ranks": f"{row['rank_low']}-{row['rank_high']}",
            **{
                name: format_interval(*(row[f"{name}{end}"] for end in ("", "_low", "_high")))
                for name in measures
            },
            "important": row["is_important"],
        }
        for row in checked.table.iter_rows(named=True)
    ]
    note = (
        f"final test; 95 % intervals of {checked.refits} models fitted again; shap: mean |SHAP|; "
        "loss: more when it is shuffled; without: more when trees are fitted without it"
    )
    output.print_table("By group of columns, and cross-checked", rows, note=note)
    agreement = {k: format_defined(v, ".3f") for k, v in checked.agreement.items()}
    output.print_table(
        "Agreement of the rankings", [agreement], note="Kendall's tau; interventional: rho"
    )
