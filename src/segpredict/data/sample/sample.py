"""The sample shop: transactions of any size, with the truth about them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from segpredict.core import disk
from segpredict.core.window import as_date, day_number
from segpredict.data.sample import order_lines as export
from segpredict.data.sample.customers import (
    LATENT_CLASSES,
    SAMPLE_COUNTRIES,
    SampleCustomers,
    SampleOrders,
    draw_customers,
)
from segpredict.errors import TargetBusyError, UsageError

GUESTS_PER_CUSTOMER = 0.12  # customers without an id

__all__ = ["SampleShop", "generate_sample", "write_sample"]


@dataclass(frozen=True, slots=True)
class SampleShop:
    """A shop's export and the truth behind it."""

    lines: pl.DataFrame  # transactions in the columns of Online Retail
    # one row a customer: latent class, order rate, drop-out probability, regularity, whether still
    # alive at the end, first day, mean order value, share of lines returned, country
    truth: pl.DataFrame
    # what the shop knows of each: age, income, the channel that brought them
    customers: pl.DataFrame
    products: pl.DataFrame  # category, price tier, list price and cost


def generate_sample(
    customers: int, seed: int = 0, days: int = 728, start: str = "2022-01-03"
) -> SampleShop:
    """Draw a shop's transactions from a model whose parameters are known.

    Notes
    -----
    A customer of a latent class orders at a rate λ ~ Gamma on a seasonal
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
    if customers < 1 or days < 100:
        message = f"A sample shop of {customers} customers and {days} days is too small."
        raise UsageError(message, fix="give at least one customer and 100 days.")
    first, rng = day_number(start), np.random.default_rng(seed)
    side = rng.spawn(1)[0]
    guests = max(1, round(GUESTS_PER_CUSTOMER * customers))
    calendar = ((first + 3) % 7, as_date(first).timetuple().tm_yday - 1)
    people, orders = draw_customers(rng, customers + guests, days, calendar)
    lines, events = _lines(rng, people, orders)
    late = events.with_row_index().filter(pl.col("day") >= days)["index"]
    lines = lines.filter(~pl.col("event").is_in(late.implode()))
    return SampleShop(
        export.export_lines(lines, events, people.country, first, customers),
        _truth(people, orders, first).head(customers),
        export.sample_customer_table(side, people.latent).head(customers),
        export.sample_product_table(),
    )


def _lines(
    rng: np.random.Generator, customers: SampleCustomers, orders: SampleOrders
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return lines and events, with the defects of a real export."""
    events = export.draw_sales(rng, orders)
    lines = export.fill_orders(rng, orders, customers)
    sent, back = export.draw_returns(rng, lines, events, customers)
    extra = export.draw_dirty_lines(rng, lines, events, customers)
    return pl.concat([lines, sent, extra]), pl.concat([events, back])


def _truth(customers: SampleCustomers, orders: SampleOrders, start: int) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "latent_class": customers.latent,
            "rate_per_day": customers.rate,
            "dropout_p": customers.drop,
            "regularity": customers.regularity,
            "is_alive": orders.is_alive,
            "start": customers.first_day.astype(np.int32) + start,
            "spend_mean": customers.spend_mean,
            "return_share": customers.returns,
            "country": customers.country,
            "orders": np.bincount(orders.customer, minlength=customers.rate.size),
        }
    )
    names = {"latent_class": LATENT_CLASSES, "country": SAMPLE_COUNTRIES}
    return frame.select(
        export.customer_id(pl.int_range(pl.len(), dtype=pl.Int64)).alias("customer_id"), pl.all()
    ).with_columns(
        pl.col("start").cast(pl.Date),
        *(
            pl.col(column).replace_strict(dict(enumerate(words)), return_dtype=pl.String)
            for column, words in names.items()
        ),
    )


def write_sample(sample: SampleShop, folder: str | Path) -> tuple[Path, ...]:
    """Write ``transactions.csv``, and next to it the truth and the other tables."""
    target = Path(folder)
    lines = sample.lines
    tables = {"truth": sample.truth, "customers": sample.customers, "products": sample.products}
    contents: dict[str, disk.FileContent] = {
        "transactions.csv": lambda path: lines.write_csv(
            path, datetime_format="%Y-%m-%d %H:%M", float_precision=2
        )
    }
    contents |= {f"{name}.parquet": table.write_parquet for name, table in tables.items()}
    with disk.lock_folder(target) as work:
        shop = target / "transactions.csv"
        if shop.exists() and not (target / "truth.parquet").exists():
            # Transactions that no truth stands beside may be somebody's own.
            raise TargetBusyError(str(shop), "choose another --out, or move the file away.")
        for name, content in reversed(contents.items()):  # the truth, which marks a sample, first
            disk.place_file(work, target / name, content)
    return tuple(target / name for name in contents)
