"""The sample shop: transactions of any size with the truth beside them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from segpredict.errors import UnknownNameError, UsageError
from segpredict.sources import _sample_lines as export
from segpredict.sources._sample_people import (
    CLASSES,
    COUNTRIES,
    WORLDS,
    Orders,
    People,
)
from segpredict.window import as_date, day_number

GUESTS = 0.12  # orders without a customer id, per customer


@dataclass(frozen=True, slots=True)
class Sample:
    """A shop's export and what is true behind it.

    Parameters
    ----------
    lines
        Transactions in the columns of Online Retail.
    truth
        One row a customer: latent class, order rate, drop-out probability, regularity,
        whether still alive at the end, first day, mean order value, share of lines
        returned, country.
    """

    lines: pl.DataFrame
    truth: pl.DataFrame


def generate(
    customers: int,
    seed: int = 0,
    world: str = "shop",
    days: int = 728,
    start: str = "2022-01-03",
) -> Sample:
    """Draw a shop's transactions from a model whose parameters are known.

    Parameters
    ----------
    customers
        Number of customers, one or more.
    seed
        The same seed gives the same shop.
    world
        ``shop`` is like life. ``noise`` has nothing to learn: the future does not
        depend on the past. ``deterministic`` has everything to learn.
    days
        Length of the data, a hundred days or more.
    start
        The first day, an ISO date.

    Returns
    -------
    Sample
        Lines in the order in which they happened, and the truth.

    Raises
    ------
    UnknownNameError
        When there is no such world.
    UsageError
        When the shop would have no customers or hardly any days.

    Notes
    -----
    In ``shop`` a customer of a latent class orders at a rate λ ~ Gamma on a seasonal
    clock, stops after each repeat order with probability p ~ Beta (BG/NBD; Fader,
    Hardie and Lee 2005), and spends z ~ Gamma(6.25, ν) with ν ~ Gamma(3.74, v) (Fader
    and Hardie 2013). Gaps are Gamma(k, kλ), k one of 1, 2, 4. Categories follow a
    Dirichlet taste, products Zipf's law; returns come after about 14 days.

    Examples
    --------
    >>> shop = generate(50, seed=1)
    >>> shop.lines.columns[:3], shop.truth.height
    (['InvoiceNo', 'StockCode', 'Description'], 50)
    """
    if world not in WORLDS:
        raise UnknownNameError("world", world, WORLDS)
    if customers < 1 or days < 100:
        raise UsageError(
            f"A sample shop of {customers} customers and {days} days is too small.",
            fix="ask for one customer and 100 days at least.",
        )
    rng = np.random.default_rng(seed)
    first = day_number(start)
    is_shop = world == "shop"
    total = customers + (max(1, round(GUESTS * customers)) if is_shop else 0)
    calendar = ((first + 3) % 7, as_date(first).timetuple().tm_yday - 1)
    people, orders = WORLDS[world](rng, total, days, calendar)
    frame = _lines(rng, people, orders, world)
    lines, events = frame
    late = np.flatnonzero(events.day >= days)
    if late.size:
        lines = lines.filter(~pl.col("event").is_in(late.tolist()))
    return Sample(
        export.export(lines, events, people, customers, first),
        _truth(people, orders, customers, first),
    )


def _lines(
    rng: np.random.Generator, people: People, orders: Orders, world: str
) -> tuple[pl.DataFrame, export.Events]:
    """Return the lines and events of a world; only the shop is dirty."""
    events = export.sales(rng, orders)
    if world == "deterministic":
        return export.fill_plainly(orders), events
    lines = export.fill(rng, orders, people.taste)
    if world == "noise":
        return lines, events
    sent, back = export.returns(rng, lines, events, people)
    extra = export.dirt(rng, lines, events, people)
    return pl.concat([lines, sent, extra]), events + back


def _truth(people: People, orders: Orders, customers: int, first: int) -> pl.DataFrame:
    count = np.bincount(orders.customer, minlength=people.rate.size)
    frame = pl.DataFrame(
        {
            "latent": people.latent,
            "rate_per_day": people.rate,
            "dropout_p": people.drop,
            "regularity": people.regularity,
            "is_alive": orders.is_alive,
            "start_day": people.start.astype(np.int32) + first,
            "spend_mean": people.spend_mean,
            "return_share": people.returns,
            "country": people.country,
            "orders": count,
        }
    )
    named = frame.with_columns(
        pl.col("latent").replace_strict(
            dict(enumerate(CLASSES)), return_dtype=pl.String
        ),
        pl.col("country").replace_strict(
            dict(enumerate(COUNTRIES)), return_dtype=pl.String
        ),
        pl.col("start_day").cast(pl.Date),
    ).rename({"latent": "latent_class", "start_day": "start"})
    nth = export.customer_id(pl.int_range(pl.len(), dtype=pl.Int64))
    return named.select(nth.alias("customer_id"), pl.all()).head(customers)


def write(
    sample: Sample, folder: str | Path, *, parquet: bool = False
) -> tuple[Path, ...]:
    """Write ``transactions.csv`` and, beside it, ``truth.parquet``.

    Parameters
    ----------
    sample
        What `generate` made.
    folder
        Where to; made if it is not there.
    parquet
        Write ``transactions.parquet`` as well.

    Returns
    -------
    tuple of Path
        The files written, transactions first.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    csv, truth = target / "transactions.csv", target / "truth.parquet"
    sample.lines.write_csv(csv, datetime_format="%Y-%m-%d %H:%M", float_precision=2)
    sample.truth.write_parquet(truth)
    if not parquet:
        return csv, truth
    typed = target / "transactions.parquet"
    sample.lines.write_parquet(typed)
    return csv, typed, truth
