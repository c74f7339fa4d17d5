"""Orders and customers with what they are counted by: segment, country, period."""

from dataclasses import dataclass

import polars as pl

from segpredict.tables import Transactions

COUNTRIES = 8  # with a name of their own, most customers first
ENOUGH = 30  # customers; a country with fewer is one of the others
OTHERS = "Other countries"


@dataclass(frozen=True)
class Shelf:
    """All that is counted, each row with the numbers of its segment and country.

    Parameters
    ----------
    orders
        ``customer_id``, ``day``, ``minute`` (null where unknown), ``amount`` (units of
        10⁻⁴), ``period``, ``month``, ``segment``, ``country``.
    credits
        The same of what was sent back, ``amount`` below zero.
    customers
        ``customer_id``, ``orders``, ``spend``, ``first``, ``last``, ``segment``,
        ``country``.
    countries, periods, months
        Names, by number.
    """

    orders: pl.DataFrame
    credits: pl.DataFrame
    customers: pl.DataFrame
    countries: tuple[str, ...]
    periods: tuple[str, ...]
    months: tuple[str, ...]


def shelf(
    shop: Transactions, assignments: pl.DataFrame, segments: tuple[str, ...]
) -> Shelf:
    """Return the shelf of a shop, as known at the end of its data.

    Parameters
    ----------
    shop
        The transactions; orders that were sent back whole are not counted.
    assignments
        ``customer_id`` and ``segment_id`` in the newest window.
    segments
        All ids, in code order.
    """
    lines = shop.known(shop.end_day)
    key = ["customer_id", "order_id", "day", "is_return"]
    found = (
        lines.group_by(key)
        .agg(pl.col("amount").sum(), pl.col("minute").min(), pl.col("country").min())
        .collect()
        .sort(key)
    )
    homes, countries = _homes(found)
    codes = pl.DataFrame(
        {"segment_id": segments, "segment": range(len(segments))},
        schema={"segment_id": pl.String, "segment": pl.Int32},
    )
    owners = homes.join(
        assignments.select("customer_id", "segment_id").join(codes, on="segment_id"),
        on="customer_id",
        how="left",
    ).with_columns(pl.col("segment").fill_null(0))
    when = pl.from_epoch(pl.col("day"), time_unit="d").dt
    quarter = pl.format("{} Q{}", when.year(), when.quarter())
    dated = found.with_columns(
        period_name=quarter, month_name=when.strftime("%Y-%m")
    ).drop("country")
    periods, months = (
        tuple(dated[name].unique().sort().to_list())
        for name in ("period_name", "month_name")
    )
    rows = dated.with_columns(
        _numbered("period_name", periods).alias("period"),
        _numbered("month_name", months).alias("month"),
    ).join(owners.select("customer_id", "segment", "country"), on="customer_id")
    orders = rows.filter(~pl.col("is_return"))
    customers = (
        orders.group_by("customer_id", "segment", "country")
        .agg(
            orders=pl.len(),
            spend=pl.col("amount").sum(),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
        )
        .sort("customer_id")
    )
    return Shelf(
        orders.sort("customer_id", "day", "order_id"),
        rows.filter("is_return"),
        customers,
        countries,
        periods,
        months,
    )


def _numbered(name: str, names: tuple[str, ...]) -> pl.Expr:
    places = {text: i for i, text in enumerate(names)}
    return pl.col(name).replace_strict(places, return_dtype=pl.Int32)


def _homes(found: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return each customer's country, that of the newest order, and all names."""
    homes = (
        found.sort("customer_id", "day", "order_id")
        .group_by("customer_id", maintain_order=True)
        .agg(pl.col("country").drop_nulls().last())
    )
    sizes = homes.drop_nulls().group_by("country").len().filter(pl.col("len") >= ENOUGH)
    named = sizes.sort("len", "country", descending=[True, False])["country"]
    kept = named.head(COUNTRIES).to_list()
    is_all = homes["country"].is_in(kept).all() if kept else False
    names = (*kept, *(() if is_all else (OTHERS,)))
    places = {name: i for i, name in enumerate(names)}
    code = pl.col("country").replace_strict(
        places, default=len(names) - 1, return_dtype=pl.Int32
    )
    return homes.with_columns(code), names
