"""The sample shop: transactions of any size, with the truth about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from segpredict.core import disk
from segpredict.core.window import as_date, day_number
from segpredict.core.work_folder import WorkFolder
from segpredict.data.sample import order_lines as export
from segpredict.data.sample.customers import (
    LATENT_CLASSES,
    SAMPLE_COUNTRIES,
    WORLDS,
    SampleCustomers,
    SampleOrders,
)
from segpredict.data.sample.options import SampleShopOptions
from segpredict.errors import TargetBusyError, UnknownNameError, UsageError

CUSTOMERS_PER_BLOCK = 10_000  # customers drawn together, from a seed of their own
LINES_PER_WRITE = 1_000_000  # order numbers set aside for each block

__all__ = ["SampleShop", "SampleShopOptions", "generate_sample", "stream_sample", "write_sample"]


@dataclass(frozen=True, slots=True)
class SampleShop:
    """A shop's export and the truth behind it."""

    lines: pl.DataFrame  # transactions in the columns of Online Retail
    # one row a customer: latent class, order rate, drop-out probability, regularity, whether still
    # alive at the end, first day, mean order value, share of lines returned, country; and whether
    # treated, and to what effect
    truth: pl.DataFrame
    # what the shop knows of each: age, income, the channel that brought them
    customers: pl.DataFrame
    products: pl.DataFrame  # category, price tier, list price and cost
    sessions: pl.DataFrame | None = None  # web sessions, if requested


def generate_sample(
    customers: int,
    seed: int = 0,
    world: str = "shop",
    days: int = 728,
    start: str = "2022-01-03",
    options: SampleShopOptions | None = None,
) -> SampleShop:
    """Draw a shop's transactions from a model whose parameters are known.

    Notes
    -----
    In ``shop`` a customer of a latent class orders at a rate λ ~ Gamma on a seasonal
    clock, stops after each repeat order with probability p ~ Beta (BG/NBD; Fader,
    Hardie and Lee 2005), and spends z ~ Gamma(6.25, ν) with ν ~ Gamma(3.74, v) (Fader
    and Hardie 2013). Gaps are Gamma(k, kλ), k one of 1, 2, 4. Categories follow a
    Dirichlet taste, products Zipf's law; returns come after about 14 days.

    Examples
    --------
    >>> shop = generate_sample(50, seed=1)
    >>> shop.lines.columns[:3], shop.truth.height
    (['InvoiceNo', 'StockCode', 'Description'], 50)
    """
    _refuse(customers, world, days)
    place = export.CustomerBlock(day_number(start), customers)
    rng = np.random.default_rng(seed)
    return _draw(rng, world, days, place, options or SampleShopOptions())


def stream_sample(
    customers: int,
    folder: str | Path,
    seed: int = 0,
    days: int = 728,
    start: str = "2022-01-03",
    options: SampleShopOptions | None = None,
) -> Iterator[Path]:
    """Draw a shop of any size onto the disk, ten thousand customers at a time.

    Memory is that of one block. Order numbers rise with time within a block only.
    """
    _refuse(customers, "shop", days)
    target = Path(folder)
    with disk.lock_folder(target) as work:
        yield from _streamed(
            work, customers, target, seed, days, start, options or SampleShopOptions()
        )


def _streamed(
    work: WorkFolder,
    customers: int,
    target: Path,
    seed: int,
    days: int,
    start: str,
    options: SampleShopOptions,
) -> Iterator[Path]:
    for i, first in enumerate(range(0, customers, CUSTOMERS_PER_BLOCK)):
        known = min(CUSTOMERS_PER_BLOCK, customers - first)
        place = export.CustomerBlock(day_number(start), known, first, i * LINES_PER_WRITE)
        rng = np.random.default_rng([seed, i])
        part = _draw(rng, "shop", days, place, options)
        path = target / f"transactions-{i:05d}.parquet"
        disk.place_file(work, path, part.lines.write_parquet)
        for name, table in _tables(part).items():
            disk.place_file(work, target / f"{name}-{i:05d}.parquet", table.write_parquet)
        yield path


def _refuse(customers: int, world: str, days: int) -> None:
    if world not in WORLDS:
        raise UnknownNameError("world", world, WORLDS)
    if customers < 1 or days < 100:
        raise UsageError(
            f"A sample shop of {customers} customers and {days} days is too small.",
            fix="give at least one customer and 100 days.",
        )


def _draw(
    rng: np.random.Generator,
    world: str,
    days: int,
    place: export.CustomerBlock,
    options: SampleShopOptions,
) -> SampleShop:
    first, known = place.start, place.known
    side = rng.spawn(1)[0]
    guests = max(1, round(options.guests * known)) if options.guests else 0
    total = known + (guests if world == "shop" else 0)
    calendar = ((first + 3) % 7, as_date(first).timetuple().tm_yday - 1)
    people, orders = WORLDS[world](rng, total, days, calendar, options)
    lines, events = _lines(rng, people, orders, world, options)
    late = np.flatnonzero(events.day >= days)
    if late.size:
        lines = lines.filter(~pl.col("event").is_in(late.tolist()))
    web = export.sample_sessions(side, people, orders, place) if options.sessions else None
    return SampleShop(
        export.export_lines(lines, events, people, place),
        _truth(people, orders, place),
        export.sample_customer_table(side, people, place, options.informative),
        export.sample_product_table(),
        web,
    )


def _lines(
    rng: np.random.Generator,
    customers: SampleCustomers,
    orders: SampleOrders,
    world: str,
    options: SampleShopOptions,
) -> tuple[pl.DataFrame, export.OrderEvents]:
    """Return the lines and events of a world; only the shop has defects."""
    events = export.draw_sales(rng, orders)
    if world == "deterministic":
        return export.fill_single_line(orders), events
    plain = options if world == "shop" else SampleShopOptions()
    lines = export.fill_orders(rng, orders, customers, plain)
    if world == "noise":
        return lines, events
    sent, back = export.draw_returns(rng, lines, events, customers, options)
    extra = export.draw_dirty_lines(rng, lines, events, customers, options)
    return pl.concat([lines, sent, extra]), events + back


def _truth(
    customers: SampleCustomers, orders: SampleOrders, place: export.CustomerBlock
) -> pl.DataFrame:
    count = np.bincount(orders.customer, minlength=customers.rate.size)
    frame = pl.DataFrame(
        {
            "latent": customers.latent,
            "rate_per_day": customers.rate,
            "dropout_p": customers.drop,
            "regularity": customers.regularity,
            "is_alive": orders.is_alive,
            "start_day": customers.first_day.astype(np.int32) + place.start,
            "spend_mean": customers.spend_mean,
            "return_share": customers.returns,
            "country": customers.country,
            "orders": count,
            "promo_sensitivity": customers.sensitivity,
            "is_treated": customers.is_treated,
            "effect": customers.effect,
        }
    )
    named = frame.with_columns(
        pl.col("latent").replace_strict(dict(enumerate(LATENT_CLASSES)), return_dtype=pl.String),
        pl.col("country").replace_strict(dict(enumerate(SAMPLE_COUNTRIES)), return_dtype=pl.String),
        pl.col("start_day").cast(pl.Date),
    ).rename({"latent": "latent_class", "start_day": "start"})
    nth = export.customer_id(pl.int_range(pl.len(), dtype=pl.Int64) + place.customer)
    return named.select(nth.alias("customer_id"), pl.all()).head(place.known)


def _tables(sample: SampleShop) -> dict[str, pl.DataFrame]:
    """Return the side tables, by the name of their file."""
    named = {"truth": sample.truth, "customers": sample.customers}
    named["products"] = sample.products
    return named if sample.sessions is None else {**named, "sessions": sample.sessions}


def write_sample(
    sample: SampleShop, folder: str | Path, *, parquet: bool = False
) -> tuple[Path, ...]:
    """Write ``transactions.csv``, and next to it the truth and the other tables."""
    target = Path(folder)
    lines = sample.lines
    contents: dict[str, disk.FileContent] = {
        "transactions.csv": lambda path: lines.write_csv(
            path, datetime_format="%Y-%m-%d %H:%M", float_precision=2
        )
    }
    if parquet:
        contents["transactions.parquet"] = lines.write_parquet
    contents |= {f"{name}.parquet": table.write_parquet for name, table in _tables(sample).items()}
    with disk.lock_folder(target) as work:
        _refuse_foreign_shop(target)
        for name, content in reversed(contents.items()):  # the truth, which marks a sample, first
            disk.place_file(work, target / name, content)
    return tuple(target / name for name in contents)


def _refuse_foreign_shop(folder: Path) -> None:
    """Refuse to replace transactions that no truth stands beside: they may be somebody's own."""
    shop = folder / "transactions.csv"
    if shop.exists() and not (folder / "truth.parquet").exists():
        raise TargetBusyError(str(shop), "choose another --out, or move the file away.")
