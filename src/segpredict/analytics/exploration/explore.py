"""A shop's orders and customers in bins, by segment, country and month, and on a map."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date

MAX_COUNTRIES = 8  # named countries, most customers first
MIN_CUSTOMERS_OF_COUNTRY = 30  # customers; smaller countries are pooled
OTHER_COUNTRIES = "Other countries"

MAX_MAP_CUSTOMERS = 600  # customers on the map, at most
MAP_COLUMNS = {  # variables of the map
    "orders": "orders",
    "spend": "spend",
    "value": "order value",
    "recency": "days since the last order",
    "age": "days since the first order",
}

ORDER_BINS = (1, 2, 3, 4, 5, 6, 11, 21, 51)  # lower ends of the bins
GAP_BINS = (1, 8, 15, 31, 61, 91, 183, 366)  # days
MONEY_STEPS = (1, 2, 5)  # of bins of money
MONEY_CHARTS = ("sales", "returns", "countries", "takings")
MONTHLY_CHARTS = ("sales", "returns", "orders", "buyers", "newcomers")  # bins are months
CURRENT_CHARTS = ("members", "takings")  # bins are segments
ALL_MONTHS = -1  # period of rows without month, and segment of charts over all segments
NUMBER_OF_ROWS = pl.len()
SUM_SCALE = 10**12  # parts of one: whole numbers add up the same in any order
HOURS, WEEKDAYS = 24, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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


def explore_shop(
    shop: Transactions, assignments: pl.DataFrame, segments: Sequence[str], horizon: int = 91
) -> dict[str, Any]:
    """Return the data that the page shows of a shop's data, as counts.

    Returned are ``cells``: ``chart``, ``segment``, ``country``, ``period`` (a month; −1 is for rows
    without one, as is a segment of −1), ``bin`` and ``value`` (customers, orders, gaps, or units of
    10⁻⁴ of money: those of `MONEY_CHARTS`). ``map``: `customer_map`. ``homes``: ``customer_id`` and
    the name of the ``country``. ``facts``: names of segments (ids in code order), countries,
    periods and bins, and what the axes are.

    Summed over countries, ``buyers`` and ``newcomers`` are the customers of `kpis.monthly_figures`,
    ``members`` and ``takings`` those of `segmentation.segment_profile_table`: each customer has one
    segment and one country, those of the last `horizon` days of the data.
    """
    data = exploration_data(shop, assignments, tuple(segments))
    spends, values = data.customers["spend"], data.orders["amount"]
    ladder, dear = _ladder(spends), _ladder(values)
    gaps = _gaps(data.orders)
    back = data.credits.with_columns(-pl.col("amount"))
    has_time = data.orders["minute"].null_count() < data.orders.height
    week = [f"{day} {hour:02d}:00" for day in WEEKDAYS for hour in range(HOURS)]
    spend_bin, value_bin = (
        _bin(column, [MONEY_SCALE * step for step in ends])
        for column, ends in (("spend", ladder), ("amount", dear))
    )
    sums = pl.col("amount").sum()
    counted = {
        "frequency": _grouped(data.customers, _bin("orders", ORDER_BINS)),
        "spend": _grouped(data.customers, spend_bin),
        "order_value": _grouped(data.orders, value_bin, "month"),
        "gaps": _grouped(gaps, _bin("gap", GAP_BINS), "month"),
        "week": _grouped(data.orders, _hour(has_time=has_time), "month"),
        "sales": _grouped(data.orders, pl.col("month"), "month", sums),
        "returns": _grouped(back, pl.col("month"), "month", sums),
        "countries": _grouped(data.orders, pl.col("country"), "month", sums),
        **_monthly(data.orders),
        **_current(data, shop.end_day - horizon),
    }
    cells = [table.select(pl.lit(name).alias("chart"), pl.all()) for name, table in counted.items()]
    drawn, axes = customer_map(data, shop.end_day)
    facts = {
        "segments": list(segments),
        "countries": list(data.countries),
        "periods": list(data.months),
        "has_time": has_time,
        "customers": data.customers.height,
        "axes": axes,
        "bins": {
            "frequency": _labels(ORDER_BINS),
            "spend": _labels(ladder, is_whole=False),
            "order_value": _labels(dear, is_whole=False),
            "gaps": _labels(GAP_BINS),
            "week": week if has_time else list(WEEKDAYS),
            "countries": list(data.countries),
            **{name: list(data.months) for name in MONTHLY_CHARTS},
            **{name: list(segments) for name in CURRENT_CHARTS},
        },
    }
    country = pl.col("country").replace_strict(
        dict(enumerate(data.countries)), return_dtype=pl.String
    )
    homes = data.owners.select("customer_id", country)
    return {"cells": pl.concat(cells), "map": drawn, "homes": homes, "facts": facts}


def _monthly(orders: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return orders, customers with one and customers with their first, by month."""
    rows = {
        "orders": orders,
        "buyers": orders.filter(pl.struct("customer_id", "month").is_first_distinct()),
        "newcomers": orders.filter(pl.col("customer_id").is_first_distinct()),
    }
    return {name: _grouped(each, pl.col("month"), "month") for name, each in rows.items()}


def _current(data: ExplorationData, start: int) -> dict[str, pl.DataFrame]:
    """Return the customers of each segment, and the revenue of those who ordered."""
    recent = pl.concat([data.orders, data.credits]).filter(pl.col("day") >= start)
    buyers = recent.filter(~pl.col("is_return")).select("customer_id").unique()
    paid = recent.join(buyers, on="customer_id", how="semi")
    own, all_segments = pl.col("segment"), pl.lit(ALL_MONTHS, pl.Int32)
    tables = {
        "members": _grouped(data.owners.filter("is_eligible"), own),
        "takings": _grouped(paid, own, None, pl.col("amount").sum()),
    }
    return {n: t.with_columns(segment=all_segments) for n, t in tables.items()}


def _ladder(amounts: pl.Series) -> list[int]:
    """Return lower ends of bins of money: 0, then 1, 2, 5, 10 … that hold the middle 98 %."""
    if amounts.is_empty():
        return [0]
    low = float(amounts.quantile(0.01, "nearest") or 0) / MONEY_SCALE
    high = float(amounts.quantile(0.99, "nearest") or 0) / MONEY_SCALE
    steps = [step * 10**power for power in range(12) for step in MONEY_STEPS]
    return [0, *(step for step in steps if low < step <= high)]


def _bin(column: str, ends: Sequence[int]) -> pl.Expr:
    """Return the number of the bin that holds a value."""
    is_above = [(pl.col(column) >= end).cast(pl.Int32) for end in ends[1:]]
    return pl.sum_horizontal(pl.lit(0), *is_above)


def _hour(*, has_time: bool) -> pl.Expr:
    weekday = pl.from_epoch(pl.col("day"), time_unit="d").dt.weekday().cast(pl.Int32) - 1
    hour = pl.col("minute").cast(pl.Int32) // 60 if has_time else pl.lit(0)
    return weekday * (HOURS if has_time else 1) + hour


def _gaps(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the days between two days with a purchase, each with the later one."""
    days = orders.unique(["customer_id", "day"], keep="first", maintain_order=True)
    gap = pl.col("day") - pl.col("day").shift(1).over("customer_id")
    return days.with_columns(gap=gap).drop_nulls("gap")


def _grouped(
    rows: pl.DataFrame,
    bin_number: pl.Expr,
    period: str | None = None,
    value: pl.Expr = NUMBER_OF_ROWS,
) -> pl.DataFrame:
    by = ["segment", "country", "period", "bin"]
    when = pl.lit(ALL_MONTHS, pl.Int32) if period is None else pl.col(period)
    return (
        rows.with_columns(period=when, bin=bin_number.cast(pl.Int32))
        .drop_nulls("bin")
        .group_by(by)
        .agg(value.cast(pl.Int64).alias("value"))
        .sort(by)
    )


def _labels(ends: Sequence[int], *, is_whole: bool = True) -> list[str]:
    pairs = list(pairwise(ends))
    named = [f"{low:,} to {high:,}" if low else f"below {high:,}" for low, high in pairs]
    if is_whole:
        named = [f"{a:,}" if b - a == 1 else f"{a:,} to {b - 1:,}" for a, b in pairs]
    return [*named, f"{ends[-1]:,} or more"]


def expected_by_country(scores: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Return how large each segment is and is expected to be, country by country.

    ``country``, ``segment_id``, ``now`` (customers) and ``expected`` (sum of probabilities),
    sorted. Customers without a forecast are in neither.

    >>> scores = {"customer_id": ["a", "b"], "is_eligible": [True] * 2}
    >>> scores |= {"segment_id": ["S1", "S1"], "p_S0": [0.25, 0.5], "p_S1": [0.75, 0.5]}
    >>> homes = pl.DataFrame({"customer_id": ["a", "b"], "country": ["UK", "UK"]})
    >>> expected_by_country(pl.DataFrame(scores), homes).rows()
    [('UK', 'S0', 0, 0.75), ('UK', 'S1', 2, 1.25)]
    """
    able = scores.filter("is_eligible").join(countries, on="customer_id", how="left")
    probabilities = [name for name in able.columns if name.startswith("p_S")]
    expected = (
        able.group_by("country")
        .agg(pl.col(probabilities).mul(SUM_SCALE).round().cast(pl.Int64).sum() / SUM_SCALE)
        .unpivot(probabilities, index="country", variable_name="segment_id", value_name="expected")
        .with_columns(pl.col("segment_id").str.strip_prefix("p_"))
    )
    now = able.group_by("country", "segment_id").agg(now=pl.len().cast(pl.Int64))
    return (
        expected.join(now, on=["country", "segment_id"], how="left", nulls_equal=True)
        .with_columns(pl.col("now").fill_null(0))
        .select("country", "segment_id", "now", "expected")
        .sort("country", "segment_id")
    )


def customer_map(data: ExplorationData, end_day: int) -> tuple[pl.DataFrame, list[JSON]]:
    """Return a sample of customers in the plane of the first two principal components.

    ``segment``, ``x`` and ``y`` (0 to 100) of every n-th customer by spend; and of both axes the
    share of the variance and the measures that load on it most.

    Orders, spend, order value, recency and age, in logs, each centred and divided by its standard
    deviation over all customers. Signs are such that spend grows along both axes. The map holds no
    ids.
    """
    empty = pl.DataFrame(schema={"segment": pl.Int32, "x": pl.Float64, "y": pl.Float64})
    ranked = data.customers.filter(pl.col("spend") > 0).sort(
        "spend", "orders", "first", "last", "segment"
    )
    if ranked.height < len(MAP_COLUMNS) + 1:
        return empty, []
    measures = np.log1p(
        ranked.select(
            "orders",
            pl.col("spend") / MONEY_SCALE,
            value=pl.col("spend") / MONEY_SCALE / pl.col("orders"),
            recency=end_day - pl.col("last"),
            age=end_day - pl.col("first"),
        )
        .cast(pl.Float64)
        .to_numpy()
    )
    spread = measures.std(axis=0)
    if not spread.any():
        return empty, []  # all bought alike: one point has no axes
    scaled = (measures - measures.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    strength, turns = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    loads = turns[:, ::-1][:, :2]
    loads = loads * np.where(loads[1] < 0, -1.0, 1.0)
    projected = scaled @ loads
    low, high = np.quantile(projected, 0.005, axis=0), np.quantile(projected, 0.995, axis=0)
    inside = np.clip((projected - low) / np.where(high > low, high - low, 1.0), 0, 1)
    every = -(-ranked.height // MAX_MAP_CUSTOMERS)
    x, y = np.round(100 * inside, 1).T
    placed = pl.DataFrame({"segment": ranked["segment"], "x": x, "y": y})
    shown = placed.gather_every(every, offset=every // 2)
    shares = strength[::-1][:2] / strength.sum()
    return shown, [_axis(loads[:, i], float(shares[i])) for i in range(2)]


def _axis(load: np.ndarray, share: float) -> JSON:
    names = list(MAP_COLUMNS.values())
    order = np.argsort(-np.abs(load), kind="stable")
    loaded = [
        f"{'more' if load[i] > 0 else 'less'} {names[i]}" for i in order if abs(load[i]) >= 0.4
    ]
    return {"share": round(share, 4), "loadings": loaded}


def exploration_data(
    shop: Transactions, assignments: pl.DataFrame, segments: tuple[str, ...]
) -> ExplorationData:
    """Return the rows of a shop, as known at the end of its data.

    `assignments`: ``customer_id`` and ``segment_id`` in the newest window, and ``is_eligible``,
    whether the customer is counted among the segments.
    """
    found = shop.by_parts(_orders).sort("customer_id", maintain_order=True)
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


def _orders(shop: Transactions) -> pl.DataFrame:
    """Return the orders and credit notes of a shop, as known at the end of its data, in order."""
    sums = (pl.col("amount").sum(), pl.col("minute").min(), pl.col("country").min())
    found = shop.known_at(shop.end_day).group_by(*KEY, "is_return").agg(sums)
    return found.sort("customer_id", "day", "order_id", "is_return").drop("order_id").collect()


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
