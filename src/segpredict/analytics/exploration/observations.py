"""Orders and customers with segment, country and month."""

from dataclasses import dataclass

import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date

MAX_COUNTRIES = 8  # named countries, most customers first
MIN_CUSTOMERS_OF_COUNTRY = 30  # customers; smaller countries are pooled
OTHER_COUNTRIES = "Other countries"


@dataclass(frozen=True)
class ExplorationData:
    """The counted rows, each with the numbers of its segment and country."""

    # ``customer_id``, ``day``, ``minute`` (null where unknown), ``amount`` (units of 10⁻⁴),
    # ``month``, ``segment``, ``country``
    orders: pl.DataFrame
    credits: pl.DataFrame  # the same of returns, ``amount`` below zero
    # ``customer_id``, ``orders``, ``spend``, ``first``, ``last``, ``segment``, ``country``
    customers: pl.DataFrame
    # ``customer_id``, ``segment``, ``country`` and ``is_eligible`` of all customers
    owners: pl.DataFrame
    # names, by number; all months of the data, also those without an order
    countries: tuple[str, ...]
    months: tuple[str, ...]


def exploration_data(
    shop: Transactions, assignments: pl.DataFrame, segments: tuple[str, ...]
) -> ExplorationData:
    """Return the rows of a shop, as known at the end of its data.

    `assignments`: ``customer_id`` and ``segment_id`` in the newest window, and ``is_eligible``,
    whether the customer is counted among the segments.
    """
    found = (
        shop.known_at(shop.end_day)
        .group_by(*KEY, "is_return")
        .agg(pl.col("amount").sum(), pl.col("minute").min(), pl.col("country").min())
        .collect()
        .sort("customer_id", "day", "order_id", "is_return")
    )
    homes, countries = _homes(found)
    owners = _owners(homes, assignments, segments)
    months = _months(shop.first_day, shop.end_day)
    when = pl.from_epoch(pl.col("day"), time_unit="d").dt
    positions = {name: i for i, name in enumerate(months)}
    month = when.strftime("%Y-%m").replace_strict(positions, return_dtype=pl.Int32)
    rows = found.drop("country").with_columns(month=month)
    owned = owners.drop("is_eligible")
    rows = rows.join(owned, on="customer_id", how="left", maintain_order="left")
    orders = rows.filter(~pl.col("is_return"))
    day, spend = pl.col("day"), pl.col("amount").sum()
    customers = (
        orders.group_by("customer_id", "segment", "country")
        .agg(orders=pl.len(), spend=spend, first=day.min(), last=day.max())
        .sort("customer_id")
    )
    return ExplorationData(orders, rows.filter("is_return"), customers, owners, countries, months)


def _owners(
    countries: pl.DataFrame, assignments: pl.DataFrame, segments: tuple[str, ...]
) -> pl.DataFrame:
    codes = {name: code for code, name in enumerate(segments)}
    segment = pl.col("segment_id").replace_strict(codes, return_dtype=pl.Int32)
    known = assignments.select("customer_id", "is_eligible", segment=segment)
    return countries.join(known, on="customer_id", how="left", maintain_order="left").with_columns(
        pl.col("segment").fill_null(0), pl.col("is_eligible").fill_null(value=False)
    )


def _months(first_day: int, end_day: int) -> tuple[str, ...]:
    first, last = as_date(first_day), as_date(max(first_day, end_day - 1))
    names = pl.date_range(first.replace(day=1), last, "1mo", eager=True)
    return tuple(names.dt.strftime("%Y-%m").to_list())


def _homes(found: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return each customer's country, that of the newest order, and all names."""
    homes = found.group_by("customer_id", maintain_order=True).agg(
        pl.col("country").drop_nulls().last()
    )
    sizes = homes.drop_nulls().group_by("country").len()
    large = sizes.filter(pl.col("len") >= MIN_CUSTOMERS_OF_COUNTRY)
    named = large.sort("len", "country", descending=[True, False])["country"]
    named_countries = named.head(MAX_COUNTRIES).to_list()
    is_all = homes["country"].is_in(named_countries).all() if named_countries else False
    names = (*named_countries, *(() if is_all else (OTHER_COUNTRIES,)))
    positions, last = {name: i for i, name in enumerate(names)}, len(names) - 1
    code = pl.col("country").replace_strict(positions, default=last, return_dtype=pl.Int32)
    return homes.with_columns(code), names
