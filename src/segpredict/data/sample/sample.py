"""The sample shop: transactions of any size, with the truth about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from segpredict.core import disk
from segpredict.core.window import as_date, day_number
from segpredict.data.sample import folder as files
from segpredict.data.sample import order_lines as export
from segpredict.data.sample import tables
from segpredict.data.sample.customers import (
    LATENT_CLASSES,
    PRICE_TIERS,
    PRODUCT_KINDS,
    SAMPLE_COUNTRIES,
    SampleCustomers,
    SampleOrders,
    draw_customers,
)
from segpredict.data.sample.drivers import KnownPast, SampleTruth, driver_strengths
from segpredict.data.sample.shop_clock import SALE_KINDS, ShopClock
from segpredict.data.sample.visits import draw_visits
from segpredict.errors import TargetBusyError, UsageError

GUESTS_PER_CUSTOMER = 0.12  # customers without an id
DRAWN_FROM = ("customers", "seed", "days", "start")  # what the file of the truth says of its shop

__all__ = ["SampleShop", "draw_truth", "generate_sample", "write_sample"]


@dataclass(frozen=True, slots=True)
class SampleShop:
    """A shop's export and the truth behind it."""

    lines: pl.DataFrame  # transactions in the columns of Online Retail, and money off
    customers: pl.DataFrame  # what the shop knows of each customer
    products: pl.DataFrame  # category, price tier, list price and cost
    events: pl.DataFrame  # visits to the web shop, by customer and day
    dates: pl.DataFrame  # its sales, past and planned
    # one row a customer: what kind of customer it is, and the true probability of silence
    truth: pl.DataFrame
    drivers: pl.DataFrame  # what moves that probability, and how much
    drawn_from: Mapping[str, str]  # the arguments of `draw_truth` that gave it, as text


def generate_sample(
    customers: int, seed: int = 0, days: int = 728, start: str = "2022-01-03"
) -> SampleShop:
    """Draw a shop's transactions from a model whose parameters are known.

    Notes
    -----
    A customer orders after gaps of Gamma(k, kλ) on a clock that runs with season and
    sales, and leaves after each order with a probability whose log-odds are a sum over the kinds
    of customers; see docs/reference/sample-shop.md.

    Examples
    --------
    >>> shop = generate_sample(50, seed=1)
    >>> shop.lines.columns[:3], shop.truth.height
    (['InvoiceNo', 'StockCode', 'Description'], 50)
    """
    if customers < 1 or days < 100:
        message = f"A sample shop of {customers} customers and {days} days is too small."
        raise UsageError(message, fix="give at least one customer and 100 days.")
    drawn, first = draw_truth(customers, seed, days, start), day_number(start)
    of_lines, of_tables = np.random.default_rng(seed).spawn(2)
    people, orders = drawn.people, drawn.orders
    lines, events = _lines(of_lines, drawn)
    late = events.with_row_index().filter(pl.col("day") >= days)["index"]
    lines = lines.filter(~pl.col("event").is_in(late.implode()))
    past, _ = drawn.past_at(days)
    truth, drivers = _truth(people, orders, past, first), driver_strengths(past)
    is_known = pl.col("customer") < customers
    return SampleShop(
        export.export_lines(lines, events, people.country, first, customers),
        tables.customer_table(of_tables, people).head(customers),
        tables.product_table(),
        tables.event_table(drawn.visits.filter(is_known), first),
        tables.date_table(drawn.clock.is_sale, first),
        truth.head(customers),
        drivers,
        dict(zip(DRAWN_FROM, map(str, (customers, seed, days, start)), strict=True)),
    )


def draw_truth(customers: int, seed: int, days: int, start: str) -> SampleTruth:
    """Draw people, their orders and their visits; guests come after the shop's customers."""
    first, rng = day_number(start), np.random.default_rng(seed)
    guests = max(1, round(GUESTS_PER_CUSTOMER * customers))
    clock = ShopClock.of_days(days, (first + 3) % 7, as_date(first).timetuple().tm_yday - 1)
    people, orders = draw_customers(rng, customers + guests, days, clock)
    return SampleTruth(people, orders, draw_visits(rng, people, orders, days), clock)


def _lines(rng: np.random.Generator, drawn: SampleTruth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return lines and events, with the defects of a real export."""
    people, orders, is_sale = drawn.people, drawn.orders, drawn.clock.is_sale
    events = export.draw_sales(rng, orders)
    lines = export.fill_orders(rng, orders, people, is_sale)
    sent, back = export.draw_returns(rng, lines, events, people)
    extra = export.draw_dirty_lines(rng, lines, events, people)
    return pl.concat([lines, sent, extra]), pl.concat([events, back])


def _truth(
    people: SampleCustomers, orders: SampleOrders, past: KnownPast, start: int
) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "latent_class": people.latent,
            "rate_per_day": people.rate,
            "dropout_p": people.drop,
            "regularity": people.regularity,
            "is_alive": orders.is_alive,
            "start": people.first_day.astype(np.int32) + start,
            "spend_mean": people.spend_mean,
            "return_share": people.returns,
            "country": people.country,
            "sale_kind": people.sale_kind,
            "price_tier": people.tier,
            "first_category": people.first_category,
            "visits_per_day": people.visits,
            "orders": np.bincount(orders.customer, minlength=people.rate.size),
            "p_silent": past.probability_of_silence(),
        }
    )
    names = {
        "latent_class": LATENT_CLASSES,
        "country": SAMPLE_COUNTRIES,
        "sale_kind": SALE_KINDS,
        "price_tier": PRICE_TIERS,
        "first_category": PRODUCT_KINDS,
    }
    return frame.select(
        export.customer_id(pl.int_range(pl.len(), dtype=pl.Int64)).alias("customer_id"), pl.all()
    ).with_columns(
        pl.col("start").cast(pl.Date),
        *(
            pl.col(column).replace_strict(dict(enumerate(words)), return_dtype=pl.String)
            for column, words in names.items()
        ),
    )


def _writer(sample: SampleShop, name: str) -> disk.FileContent:
    frame: pl.DataFrame = getattr(sample, name)
    is_csv = files.SAMPLE_SIDE_TABLES[name].endswith(".csv")
    return frame.write_csv if is_csv else frame.write_parquet


def write_sample(sample: SampleShop, folder: str | Path) -> tuple[Path, ...]:
    """Write ``transactions.csv``, and next to it the other tables and the truth."""
    target = Path(folder)
    lines = sample.lines
    contents: dict[str, disk.FileContent] = {
        files.TRANSACTIONS_FILE: lambda path: lines.write_csv(
            path, datetime_format="%Y-%m-%d %H:%M", float_precision=2
        ),
        **{file: _writer(sample, name) for name, file in files.SAMPLE_SIDE_TABLES.items()},
        files.DRIVERS_FILE: sample.drivers.write_csv,
        files.TRUTH_FILE: partial(sample.truth.write_parquet, metadata=dict(sample.drawn_from)),
    }
    with disk.lock_folder(target) as work:
        shop = target / files.TRANSACTIONS_FILE
        if shop.exists() and not (target / files.TRUTH_FILE).exists():
            # Transactions that no truth stands beside may be somebody's own.
            raise TargetBusyError(str(shop), "choose another --out, or move the file away.")
        for name, content in reversed(contents.items()):  # the truth, which marks a sample, first
            disk.place_file(work, target / name, content)
    return tuple(target / name for name in contents)
