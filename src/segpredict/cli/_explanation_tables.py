"""Print explanations: importance, a segment, a transition, a customer."""

from collections.abc import Callable, Sequence
from pathlib import Path

from segpredict import pipeline
from segpredict.cli._config import run_currency
from segpredict.cli._output import Output, Row, cut_text, writing_to
from segpredict.core.segment import Segment
from segpredict.errors import UnknownNameError, UsageError
from segpredict.explain import Explanation
from segpredict.report.formatting import format_money, format_number, format_share

CAUSALITY_NOTE = "associations, not causes"
MAX_MEANING = 40  # characters of the meaning of a feature


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


def _meanings(run: Path) -> Callable[[str], str]:
    """Return a function that gives the meaning of the leading column of a group."""
    known = pipeline.feature_meanings(run)
    return lambda name: cut_text(known.get(name) or name, MAX_MEANING)


def _show_segment(
    output: Output, explanation: Explanation, name: str, top: int, run: Path
) -> Sequence[Row]:
    """Print what moves the forecast of customers who are in a segment now."""
    chosen = _find_segment(explanation, name)
    groups = explanation.group_importance.filter(scope="segment", segment_id=chosen.id)
    headlines = groups.filter(level="headline").select("name", "share").iter_rows()
    rows = groups.filter(level="group").sort("rank").head(top)
    meaning = _meanings(run)
    output.print_block(
        "DRIVERS",
        f"of the forecast in {chosen.name}: "
        + ", ".join(f"{name} {format_share(share)}" for name, share in headlines),
        [
            {
                CAUSALITY_NOTE: meaning(row["name"]),
                "mean |SHAP|": format_number(row["mean_abs"], 3),
                "share": format_share(row["share"]),
            }
            for row in rows.iter_rows(named=True)
        ],
    )
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
    customers = format_number(rows["expected"][0])
    meaning = _meanings(run)
    output.print_block(
        "DRIVERS",
        f"From {start.name} to {end.name}: {customers} customers expected",
        [
            {
                CAUSALITY_NOTE: meaning(row["name"]),
                "movers": format_number(row["movers"], 2),
                "stayers": format_number(row["stayers"], 2),
                "odds ×": format_number(row["odds_ratio"], 2),
            }
            for row in rows.head(top).iter_rows(named=True)
        ],
        "movers, stayers: mean contribution to the log-odds of moving",
    )
    return rows.to_dicts()


def show_customer(output: Output, run: Path, name: str, plots: Path | None) -> Row:
    """Print one customer's forecast, the reasons, and what an order would change."""
    found = pipeline.explain_customer(run, name)
    score = found["forecast"]
    probability = format_share(score[f"p_{score['next_segment_id']}"], 0)
    output.print_block(
        "CUSTOMER",
        f"{found['customer_id']}, now {score['segment']}.",
        f"{found['sentence']} Probability: {probability}.",
    )
    rows = [{"": r["direction"], CAUSALITY_NOTE: r["text"]} for r in found["reasons"]]
    output.print_block("REASONS", rows or "No clear reasons for or against it.")
    currency = run_currency(run)
    cases = [
        {
            "what if": case["meaning"],
            "falls": format_share(case["p_down"], 0),
            "rises": format_share(case["p_up"], 0),
            "expected spend": format_money(case["expected_value"], currency, 2),
        }
        for case in found["what_if"]
    ]
    output.print_block("WHAT IF", cases, "how the model reacts, not a causal effect")
    near, names = found["nearest"], found["names"]
    if near is not None and None not in (near["distance"], near["other_distance"]):
        output.print_block(
            "DISTANCE",
            f"to the center of {names[near['segment_id']]}: "
            f"{near['distance']:.2f}; to the nearest other, {names[near['other_id']]}: "
            f"{near['other_distance']:.2f} standard deviations",
        )
    output.print_block("NOTE", found["note"] or "")
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
