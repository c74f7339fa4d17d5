"""Show people why: importance, a segment, a move, a customer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from segpredict import pipeline
from segpredict.cli._output import Output
from segpredict.core.run_folder import RunFolder
from segpredict.core.segment import Segment
from segpredict.errors import UnknownNameError, UsageError
from segpredict.explain import Explanation, ImportanceEvidence, files

CAUSALITY_NOTE = "associations that the model uses, not causes"


def show_importance(output: Output, run: RunFolder, top: int) -> None:
    """Print what moves the forecast most, and whether other measures agree."""
    topics = run.read_parquet("explain/group_importance.parquet").filter(scope="all")
    rows = topics.filter(level="headline").select("name", "mean_abs", "share")
    output.print_table("What moves the forecast", rows.to_dicts(), note=CAUSALITY_NOTE)
    checked = files.load_evidence(run)
    if checked is None:
        rows = topics.filter(level="group").head(top)
        shown = rows.select("rank", "name", "mean_abs", "share")
        told = _meant(shown, run.folder)
        output.print_table("By group of columns", told, note="mean |SHAP|, log-odds")
        return
    _checked(output, checked, top)


def _checked(output: Output, checked: ImportanceEvidence, top: int) -> None:
    was_left_out = checked.table["without"].is_not_null().any()
    rows = [
        {
            "rank": row["rank"],
            "ranks": f"{row['rank_low']}-{row['rank_high']}",
            "group": row["name"],
            "mean |SHAP|": _interval(row, "shap"),
            "loss if shuffled": _interval(row, "loss"),
            **({"trees without it": _interval(row, "without")} if was_left_out else {}),
            "important": row["is_important"],
        }
        for row in checked.table.head(top).iter_rows(named=True)
    ]
    note = (
        f"final test; 95 % intervals of {checked.refits} models fitted anew; "
        "important: shuffling surely costs"
    )
    output.print_table("By group of columns, and cross-checked", rows, note=note)
    told = {k: v for k, v in checked.agreement.items() if v is not None}
    output.print_table(
        "How alike the rankings are", [told], note="Kendall's tau; interventional: rho"
    )
    for text in checked.notes:
        output.print_line(f"note: {text}")


def _interval(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return ""
    if row[f"{name}_low"] is None:
        return f"{row[name]:.4f}"
    return f"{row[name]:.4f} [{row[f'{name}_low']:.4f}, {row[f'{name}_high']:.4f}]"


def show_stored_explanation(
    output: Output,
    run: Path,
    target: tuple[str | None, str | None],
    top: int,
    plots: Path | None,
) -> Sequence[Mapping[str, Any]]:
    """Print what a run holds of a segment or a move, and draw it if that is wished."""
    name, pair = target
    told = pipeline.load_run_explanation(run)
    picture: tuple[str, ...] = ("heatmap",)
    if name is not None:
        rows = _segment(output, told, name, (top, run))
    else:
        rows = _move(output, told, pair or "", (top, run))
        picture = ("move", rows[0]["from_id"], rows[0]["to_id"])
    if plots is not None:
        pipeline.write_plots(run, plots, *picture)
        output.print_line(f"The picture: {plots / '_'.join(picture)}.svg")
    return rows


def _meant(rows: pl.DataFrame, run: Path) -> list[dict[str, Any]]:
    """Return rows with what the leading column of each group is."""
    known = pipeline.feature_meanings(run)
    return [{**row, "meaning": known.get(row["name"], "")} for row in rows.iter_rows(named=True)]


def _segment(
    output: Output, told: Explanation, name: str, shown: tuple[int, Path]
) -> Sequence[Mapping[str, Any]]:
    """Print what matters for those who are in a segment now."""
    chosen = _named(told, name)
    topics = told.group_importance.filter(scope="segment", segment_id=chosen.id)
    lines = topics.filter(level="headline").select("name", "mean_abs", "share")
    output.print_table(f"What moves the forecast in {chosen.name}", lines.to_dicts())
    rows = topics.filter(level="group").sort("rank")
    few = rows.head(shown[0]).select("rank", "name", "mean_abs", "share")
    output.print_table("By group of columns", _meant(few, shown[1]), note=CAUSALITY_NOTE)
    return topics.to_dicts()


def _move(
    output: Output, told: Explanation, pair: str, shown: tuple[int, Path]
) -> Sequence[Mapping[str, Any]]:
    """Print what sets those apart who move between two segments."""
    parts = pair.split(":")
    if len(parts) != 2:
        raise UsageError(f"{pair!r} names no move.", fix="write it FROM:TO, e.g. Core:Inactive.")
    start, end = (_named(told, part.strip()) for part in parts)
    rows = told.transition_drivers.filter(from_id=start.id, to_id=end.id)
    if rows.is_empty():
        known = told.transition_drivers.select("from_id", "to_id").unique(maintain_order=True)
        names = {s.id: s.name for s in told.classes}
        pairs = [f"{names[a]}:{names[b]}" for a, b in known.iter_rows()]
        raise UnknownNameError("move with enough customers", pair, pairs)
    few = rows.head(shown[0]).select(
        "rank",
        "name",
        pl.col("movers").alias("those who move"),
        pl.col("stayers").alias("those who stay"),
        "odds_ratio",
    )
    expected = rows["expected"][0]
    output.print_table(
        f"From {start.name} to {end.name}: {expected:,.0f} customers expected",
        _meant(few, shown[1]),
        note=f"mean contribution to the log-odds of moving; {CAUSALITY_NOTE}",
    )
    return rows.to_dicts()


def show_customer(output: Output, run: Path, name: str, plots: Path | None) -> Mapping[str, Any]:
    """Print one customer's forecast, the reasons, and what an order would change."""
    told = pipeline.explain_customer(run, name)
    score = told["forecast"]
    output.print_line(f"Customer {told['customer_id']}, now {score['segment']}.")
    chance = score[f"p_{score['next_segment_id']}"]
    output.print_line(f"{told['sentence']} Chance: {chance:.0%}.")
    rows = [{"speaks": r["speaks"], "reason": r["text"]} for r in told["reasons"]]
    output.print_table("Reasons", rows, note=CAUSALITY_NOTE)
    if not rows:
        output.print_line("Nothing speaks clearly for or against it.")
    cases = [
        {
            "what if": case["meaning"],
            "falls": f"{case['p_down']:.0%}",
            "rises": f"{case['p_up']:.0%}",
            "expected spend": case["expected_value"],
        }
        for case in told["what_if"]
    ]
    note = "chances to fall and to rise; how the model reacts, not what an order brings"
    output.print_table("What the model would say", cases, note=note)
    near, names = told["nearest"], told["names"]
    if near is not None and None not in (near["distance"], near["other_distance"]):
        output.print_line(
            f"Distance to the middle of {names[near['segment_id']]}: "
            f"{near['distance']:.2f}; to the nearest other, {names[near['other_id']]}: "
            f"{near['other_distance']:.2f} standard deviations."
        )
    if told["note"]:
        output.print_line(f"note: {told['note']}")
    if plots is not None:
        output.print_line(f"The picture: {pipeline.draw_waterfall(run, name, plots)}")
    return told


def _named(told: Explanation, name: str) -> Segment:
    for found in told.classes:
        if name.casefold() in {found.id.casefold(), found.name.casefold()}:
            return found
    raise UnknownNameError("segment", name, [s.name for s in told.classes])
