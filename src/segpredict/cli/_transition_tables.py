"""Print transitions as tables on the terminal."""

from collections.abc import Mapping

import polars as pl

from segpredict.cli._output import Output, Row

MAX_CHANGES_SHOWN = 8  # differences of a comparison that are printed


CHANGE_HEADINGS = {
    "from_name": "from",
    "to_name": "to",
    "value_first": "share then",
    "value_second": "share now",
    "difference": "share difference",
}


def show_transitions(output: Output, tables: Mapping[str, pl.DataFrame]) -> None:
    """Print the matrix, customers who entered and left, mobility, and tests."""
    customers = tables["customers"]
    title = "Transitions"
    if customers.height:
        title = f"From the window before {customers['since'][0]} to {customers['until'][0]}"
    _matrix(output, tables["matrix"], title)
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
    coming = tables.get("next")
    if coming is not None and coming.height:
        title = f"Predicted from {coming['since'][0]} to before {coming['until'][0]}"
        _matrix(output, coming, title)


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _matrix(output: Output, matrix: pl.DataFrame, title: str) -> None:
    """Print shares and counts, a row a start; small rows as counts alone."""
    rows = []
    for part in matrix.partition_by("from_id", maintain_order=True):
        first = part.row(0, named=True)
        cells = {row["to_name"]: _cell(row) for row in part.iter_rows(named=True)}
        rows.append({"from": first["from_name"], **cells, "customers": round(first["n_from"])})
    note = "share of the row (customers); rows of fewer than 30: customers alone"
    output.print_table(title, rows, note=note)


def _cell(row: Row) -> str:
    n = f"({row['n']:,.0f})"
    if row["is_small"] or row["share"] is None:
        return n
    predicted = row.get("predicted_share")
    shown = "" if predicted is None else f", predicted {100 * predicted:.0f} %"
    return f"{100 * row['share']:.0f} % {n}{shown}"


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
