"""What is learned from side tables once, on training customers, and then frozen."""

from dataclasses import replace

import polars as pl

from segpredict.core.transactions import CustomerAttribute, SideTables, Transactions

MAX_LEVELS = 10  # levels with a column of their own
MIN_LEVEL_CUSTOMERS = 50  # more levels than this, one for every other customer, are no groups


def freeze_side_tables(transactions: Transactions, until: int) -> SideTables:
    """Return the shop's side tables with levels, countries and price tiers fixed.

    They are learned before the day `until`: no later than the first test cutoff, like the
    segmenter.

    Levels are the most frequent among customers who had bought by then, ties in the
    order of their names. A price is what a product cost on average; its percentile is
    its middle rank among the products of its category.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "b"], "date": ["2011-01-31"] * 2, "amount": ["2.5", "1"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame(rows)))
    >>> freeze_side_tables(shop, shop.end_day).countries
    ()
    """
    side_tables = transactions.side_tables
    lines = transactions.known_at(until).filter(~pl.col("is_return"))
    buyers = lines.select("customer_id").unique().collect()
    attributes, notes = [], list(side_tables.notes)
    for attribute in side_tables.attributes:
        levels = _levels(side_tables, attribute, buyers, until)
        if levels is None:
            notes.append(
                f"Left out of the customers table: {attribute.given}, of which nearly "
                "every customer has a value of its own."
            )
        else:
            attributes.append(replace(attribute, levels=levels))
    countries = lines.select("customer_id", "country").drop_nulls().unique().collect()
    return replace(
        side_tables,
        attributes=tuple(attributes),
        countries=_most(countries["country"]),
        prices=_prices(lines, side_tables.products),
        notes=tuple(notes),
    )


def _most(values: pl.Series) -> tuple[str, ...]:
    counts = values.to_frame("level").drop_nulls().group_by("level").len()
    ranked = counts.sort("len", "level", descending=[True, False])
    return tuple(ranked["level"].head(MAX_LEVELS))


def _levels(
    side_tables: SideTables, attribute: CustomerAttribute, buyers: pl.DataFrame, until: int
) -> tuple[str, ...] | None:
    """Return the levels that get a column; ``None`` if they are no groups."""
    if attribute.kind != "level" or side_tables.customers is None:
        return ()
    held = (pl.col("since") < until).fill_null(value=True)
    known = side_tables.customers.filter(held).join(buyers, on="customer_id", how="semi")
    values = known[attribute.name].drop_nulls()
    different = values.n_unique()
    if different > MIN_LEVEL_CUSTOMERS and 2 * different > len(values):
        return None
    return _most(values)


def _prices(lines: pl.LazyFrame, products: pl.DataFrame | None) -> pl.DataFrame | None:
    paid = (
        lines.filter((pl.col("quantity") > 0) & pl.col("product_id").is_not_null())
        .group_by("product_id")
        .agg(pl.col("amount").sum(), pl.col("quantity").sum())
        .collect()
    )
    if paid.is_empty():
        return None
    category = pl.lit("", pl.String).alias("category")
    if products is None or "category" not in products.columns:
        grouped = paid.with_columns(category)
    else:
        of = products.select("product_id", "category")
        grouped = paid.join(of, on="product_id", how="inner").drop_nulls("category")
    price = pl.col("amount") / pl.col("quantity")
    middle = (price.rank("average") - 0.5) / pl.len()
    return grouped.select("product_id", percentile=middle.over("category")).sort("product_id")
