"""Print transitions as tables on the terminal."""

from collections.abc import Callable, Mapping

import polars as pl

from segpredict.cli._output import Output, Row
from segpredict.report.formatting import format_share

MAX_CHANGES_SHOWN = 8  # differences of a comparison that are printed


CHANGE_HEADINGS = {
    "from_name": "from",
    "to_name": "to",
    "value_first": "share then",
    "value_second": "share now",
    "difference": "share difference",
}


def show_transitions(output: Output, tables: Mapping[str, pl.DataFrame]) -> None:
    """Print the observed and the expected matrix; in full with mobility and tests on request."""
    customers, coming = tables["customers"], tables.get("next")
    title = "Transitions"
    if customers.height:
        title = f"From the window before {customers['since'][0]} to {customers['until'][0]}"
    whole = {title: tables["matrix"]}
    if coming is not None and coming.height:
        whole[f"Predicted from {coming['since'][0]} until {coming['until'][0]}"] = coming
    for label, (title, matrix) in zip(("OBSERVED", "EXPECTED"), whole.items(), strict=False):
        output.print_block(label, title, _matrix(matrix, _share))
    _activity(output, tables.get("activity"), customers)
    if not output.verbose:
        output.print_block("MORE", "counts, mobility and tests: --verbose; ids: --table customers")
        return
    for title, matrix in whole.items():
        note = "share of the row (customers); rows of fewer than 30: customers alone"
        output.print_table(title, _matrix(matrix, _cell), note=note)
    _lists(output, customers)
    mobility = [
        {
            "since": row["since"],
            "n": row["n"],
            "stayed share": row["share_staying"],
            "mobility": row["mobility"],
            "95 % interval": _interval(row["low"], row["high"]),
        }
        for row in tables["mobility"].iter_rows(named=True)
    ]
    note = "0: all customers stay; Jafry-Schuermann index, bootstrap over customers"
    output.print_table("Mobility", mobility, note=note)
    _order(output, tables.get("markov-order"))
    _compared(output, tables.get("comparison"))


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _matrix(matrix: pl.DataFrame, cell: Callable[[Row], str]) -> list[Row]:
    """Return a row a start."""
    rows: list[Row] = []
    for part in matrix.partition_by("from_id", maintain_order=True):
        first = part.row(0, named=True)
        cells = {row["to_name"]: cell(row) for row in part.iter_rows(named=True)}
        rows.append({"from": first["from_name"], **cells, "customers": round(first["n_from"])})
    return rows


def _share(row: Row) -> str:
    return f"{row['n']:,.0f}" if row["is_small"] else format_share(row["share"], 0)


def _cell(row: Row) -> str:
    """Return share and count; of a small row the count alone."""
    n = f"({row['n']:,.0f})"
    if row["is_small"] or row["share"] is None:
        return n
    predicted = row.get("predicted_share")
    shown = "" if predicted is None else f", predicted {100 * predicted:.0f} %"
    return f"{100 * row['share']:.0f} % {n}{shown}"


def _activity(output: Output, activity: pl.DataFrame | None, customers: pl.DataFrame) -> None:
    """Print who kept buying, lapsed, was reactivated or is new, in the period of the lists."""
    if activity is None or customers.is_empty():
        return
    rows = activity.filter(since=customers["since"][0]).drop("since", "until").to_dicts()
    output.print_block("ACTIVITY", "by purchases before and after", rows)


def _lists(output: Output, customers: pl.DataFrame) -> None:
    counts = customers.group_by("segment", "direction", "other_segment", maintain_order=True).len()
    names = {"direction": "", "other_segment": "from or to", "len": "customers"}
    rows = counts.rename(names).to_dicts()
    output.print_table("Who entered and left", rows, note="ids: --table customers")


def _order(output: Output, order: pl.DataFrame | None) -> None:
    whole = None if order is None else order.filter(pl.col("since").is_null())
    if whole is not None:
        rows = whole.select(
            pl.col("segment_id").fill_null("all"), pl.exclude("since", "segment_id")
        )
        note = "first order against second order; gain in nats a customer"
        output.print_table("Does the earlier segment matter?", rows.to_dicts(), note=note)


def _compared(output: Output, compared: pl.DataFrame | None) -> None:
    if compared is None:
        return
    for part in compared.partition_by("first", "second", maintain_order=True):
        first, second = part["first"][0], part["second"][0]
        clear = part.filter(
            (pl.col("low") > 0) | (pl.col("high") < 0), ~pl.col("is_small"), figure="share"
        )
        largest = clear.sort(-pl.col("difference").abs()).head(MAX_CHANGES_SHOWN)
        shown = largest.select(pl.col(name).alias(head) for name, head in CHANGE_HEADINGS.items())
        rows = shown.to_dicts()
        note = "95 % interval without zero; not adjusted for multiple comparisons"
        output.print_table(f"Period from {second} compared with {first}", rows, note=note)
