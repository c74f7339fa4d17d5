"""Print explanations: importance, a segment, a transition, a customer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from segpredict import pipeline
from segpredict.cli._output import Output, Row, format_defined, writing_to
from segpredict.core.segment import Segment
from segpredict.errors import UnknownNameError, UsageError
from segpredict.explain import Explanation

CAUSALITY_NOTE = "associations that the model uses, not causes"


def write_plots(run: Path, plots: Path, *plot: str) -> int:
    """Write plots of a run into the folder of ``--plots``; return how many."""
    with writing_to("--plots"):
        return pipeline.write_plots(run, plots, *plot)


def show_stored_explanation(
    output: Output, run: Path, target: tuple[str | None, str | None], top: int, plots: Path | None
) -> Sequence[Row]:
    """Print what explains a segment or a transition of a run; draw it if requested."""
    name, pair = target
    explanation = pipeline.load_run_explanation(run)
    if name is not None:
        rows, plot = _show_segment(output, explanation, name, top, run), ["heatmap"]
    else:
        rows = _show_transition(output, explanation, pair or "", top, run)
        plot = ["move", rows[0]["from_id"], rows[0]["to_id"]]
    if plots is not None:
        write_plots(run, plots, *plot)
        output.print_line(f"The plot: {plots / '_'.join(plot)}.svg")
    return rows


def _with_meaning(rows: pl.DataFrame, run: Path) -> list[dict[str, Any]]:
    """Return rows with the meaning of the leading column of each group."""
    known = pipeline.feature_meanings(run)
    return [{**row, "meaning": known.get(row["name"], "")} for row in rows.iter_rows(named=True)]


def _show_segment(
    output: Output, explanation: Explanation, name: str, top: int, run: Path
) -> Sequence[Row]:
    """Print what moves the forecast of customers who are in a segment now."""
    chosen = _find_segment(explanation, name)
    groups = explanation.group_importance.filter(scope="segment", segment_id=chosen.id)
    lines = groups.filter(level="headline").select("name", "mean_abs", "share")
    output.print_table(f"What moves the forecast in {chosen.name}", lines.to_dicts())
    rows = groups.filter(level="group").sort("rank")
    few = rows.head(top).select("rank", "name", "mean_abs", "share")
    output.print_table("By group of columns", _with_meaning(few, run), note=CAUSALITY_NOTE)
    return groups.to_dicts()


def _show_transition(
    output: Output, explanation: Explanation, pair: str, top: int, run: Path
) -> Sequence[Row]:
    """Print what distinguishes customers who move between two segments."""
    parts = pair.split(":")
    if len(parts) != 2:
        raise UsageError(
            f"{pair!r} names no transition.", fix="write it FROM:TO, e.g. Core:Inactive."
        )
    start, end = (_find_segment(explanation, part.strip()) for part in parts)
    rows = explanation.transition_drivers.filter(from_id=start.id, to_id=end.id)
    if rows.is_empty():
        ids = explanation.transition_drivers.select("from_id", "to_id").iter_rows()
        names = {s.id: s.name for s in explanation.classes}
        pairs = list(dict.fromkeys(f"{names[a]}:{names[b]}" for a, b in ids))
        raise UnknownNameError("transition with enough customers", pair, pairs)
    movers, stayers = pl.col("movers").alias("who move"), pl.col("stayers").alias("who stay")
    few = rows.head(top).select("rank", "name", movers, stayers, "odds_ratio")
    expected = rows["expected"][0]
    customers = format_defined(expected, ",.0f")
    title = f"From {start.name} to {end.name}: {customers} customers expected"
    note = f"mean contribution to the log-odds of moving; {CAUSALITY_NOTE}"
    output.print_table(title, _with_meaning(few, run), note=note)
    return rows.to_dicts()


def show_customer(output: Output, run: Path, name: str, plots: Path | None) -> Row:
    """Print one customer's forecast, the reasons, and what an order would change."""
    found = pipeline.explain_customer(run, name)
    score = found["forecast"]
    output.print_line(f"Customer {found['customer_id']}, now {score['segment']}.")
    probability = score[f"p_{score['next_segment_id']}"]
    output.print_line(f"{found['sentence']} Probability: {format_defined(probability, '.0%')}.")
    rows = [{"direction": r["direction"], "reason": r["text"]} for r in found["reasons"]]
    output.print_table("Reasons", rows, note=CAUSALITY_NOTE)
    if not rows:
        output.print_line("No clear reasons for or against it.")
    cases = [
        {
            "what if": case["meaning"],
            "falls": format_defined(case["p_down"], ".0%"),
            "rises": format_defined(case["p_up"], ".0%"),
            "expected spend": case["expected_value"],
        }
        for case in found["what_if"]
    ]
    note = "probabilities to fall and to rise; how the model reacts, not a causal effect"
    output.print_table("What-if: the forecast after an order", cases, note=note)
    near, names = found["nearest"], found["names"]
    if near is not None and None not in (near["distance"], near["other_distance"]):
        output.print_line(
            f"Distance to the center of {names[near['segment_id']]}: "
            f"{near['distance']:.2f}; to the nearest other, {names[near['other_id']]}: "
            f"{near['other_distance']:.2f} standard deviations."
        )
    if found["note"]:
        output.print_line(f"note: {found['note']}")
    if plots is not None:
        with writing_to("--plots"):
            drawn = pipeline.draw_waterfall(run, name, plots)
        output.print_line(f"The plot: {drawn}")
    return found


def _find_segment(explanation: Explanation, name: str) -> Segment:
    for found in explanation.classes:
        if name.casefold() in {found.id.casefold(), found.name.casefold()}:
            return found
    raise UnknownNameError("segment", name, [s.name for s in explanation.classes])
