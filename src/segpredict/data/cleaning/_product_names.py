"""The name of each product: the commonest description of its code."""

import polars as pl

SPACES = r"\s+"


def product_names(cells: pl.DataFrame, sold: pl.Series) -> pl.DataFrame | None:
    """Return one row per product code; ``None`` where no product is described.

    Parameters
    ----------
    cells
        ``product_id`` and ``description`` of all rows, as text.
    sold
        The codes in the canonical lines.

    Returns
    -------
    polars.DataFrame
        ``product_id``, ``name`` (its commonest description; of equally common ones the first in
        the alphabet), ``rows`` that have it, and ``descriptions``, how many different ones.

    Examples
    --------
    >>> cells = pl.DataFrame({"product_id": ["1"] * 3, "description": ["MUG", "MUG ", "CUP"]})
    >>> product_names(cells, cells["product_id"]).rows()
    [('1', 'MUG', 2, 2)]
    """
    name = pl.col("description").str.replace_all(SPACES, " ").str.strip_chars()
    counted = (
        cells.filter(pl.col("product_id").is_in(sold.unique().drop_nulls().implode()))
        # There are far fewer texts than rows: their spaces are replaced afterwards.
        .group_by("product_id", "description")
        .agg(rows=pl.len().cast(pl.Int64))
        .with_columns(name=name)
        .filter(pl.col("name").str.len_chars() > 0)
        .group_by("product_id", "name")
        .agg(pl.col("rows").sum())
        .sort("product_id", "rows", "name", descending=[False, True, False])
    )
    if counted.is_empty():
        return None
    return counted.group_by("product_id", maintain_order=True).agg(
        pl.col("name", "rows").first(), descriptions=pl.len().cast(pl.Int64)
    )


def product_name_notes(names: pl.DataFrame | None) -> tuple[str, ...]:
    """Return a sentence about codes with several descriptions, if there are any."""
    several = 0 if names is None else names.filter(pl.col("descriptions") > 1).height
    if names is None or not several:
        return ()
    return (
        f"{several:,} of {names.height:,} product codes have more than one description; the "
        "commonest is shown as their name.",
    )
