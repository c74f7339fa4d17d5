"""A table of returns that names no customer: told, and laid to nobody."""

import polars as pl

from segpredict.companions._cells import cells, days, numbers
from segpredict.companions._options import ReturnTable
from segpredict.errors import ContractError
from segpredict.tables import FileFact
from segpredict.window import as_date


def returns(
    asked: ReturnTable, data: str, products: pl.DataFrame | None
) -> tuple[tuple[FileFact, ...], str]:
    """Return what was read, and a note on what came back.

    Parameters
    ----------
    asked
        Which column plays which role.
    data
        Where it is.
    products
        The products, whose list prices tell what the returns were worth.
    """
    roles = {"product_id": "product_id", "time": "time", "quantity": "quantity"}
    given = cells(data, {**roles, **asked.columns})
    day = days(given.frame["time"], asked.time_format, data)
    pieces = numbers(given.frame["quantity"])
    if pieces is None:
        raise ContractError(
            "The quantity of the returns table holds something that is no number.",
            fix="map returns.columns.quantity to the number of pieces.",
            file=data,
            column="quantity",
        )
    first, end = pl.select(pl.lit(day).min(), pl.lit(day).max().alias("end")).row(0)
    span = "" if first is None else f" from {as_date(first)} to {as_date(end)}"
    worth = _worth(given.frame["product_id"], pieces, products)
    return given.facts, (
        f"The returns table names no customer: its {given.frame.height:,} returns of "
        f"{int(pieces.sum()):,} pieces{worth}{span} are laid to nobody, and spend is "
        "before them."
    )


def _worth(ids: pl.Series, pieces: pl.Series, products: pl.DataFrame | None) -> str:
    if products is None or "price" not in products.columns:
        return ""
    listed = pl.DataFrame({"product_id": ids, "pieces": pieces}).join(
        products.select("product_id", pl.col("price").cast(pl.Float64, strict=False)),
        on="product_id",
        how="left",
        maintain_order="left",
    )
    value = listed.select((pl.col("pieces") * pl.col("price")).sum()).item()
    return f", worth {value:,.2f} at list price,"
