"""What stands on the orders of the sample shop, and the dirt of a real export."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.sources._sample_people import (
    CATEGORIES,
    COUNTRIES,
    Floats,
    Ints,
    Orders,
    People,
)

FIRST_ORDER = 536365  # order numbers and ids look like those of Online Retail
PRODUCTS = 40  # products in each category
KINDS = ("LIGHTS", "BAGS", "TEA", "GARDEN", "TOYS", "CARDS", "KITCHEN", "CANDLES")
STYLES = ("VINTAGE", "ROSE", "RETROSPOT", "WOODEN", "PAISLEY", "SILVER", "SPACEBOY")
REFUND_DAYS = 14.0


@dataclass(frozen=True)
class Events:
    """Sales and returns, the things that get an order number."""

    customer: Ints
    day: Ints
    minute: Ints
    is_return: Ints

    def __add__(self, other: "Events") -> "Events":
        names = ("customer", "day", "minute", "is_return")
        pairs = ((getattr(self, n), getattr(other, n)) for n in names)
        return Events(*(np.concatenate(pair) for pair in pairs))


def sales(rng: np.random.Generator, orders: Orders) -> Events:
    """Give every order its hour: the shop answers from 6 to 20, mostly around noon."""
    minute = (360 + 840 * rng.beta(3.0, 3.0, orders.time.size)).astype(np.int64)
    day = orders.time.astype(np.int64)
    return Events(orders.customer, day, minute, np.zeros_like(day))


def fill(rng: np.random.Generator, orders: Orders, taste: Floats) -> pl.DataFrame:
    """Fill orders with products so that each comes to about its value."""
    lines = 1 + rng.negative_binomial(1.2, 0.3, orders.value.size)
    event = np.repeat(np.arange(orders.value.size), lines)
    cuts = np.cumsum(taste, axis=1)[orders.customer[event]]
    category = (rng.random(event.size)[:, None] > cuts[:, :-1]).sum(axis=1)
    rank = np.minimum(rng.zipf(1.6, event.size), PRODUCTS) - 1
    product = category * PRODUCTS + rank
    price = _prices()[product]
    weight = rng.gamma(1.0, size=event.size)
    share = weight / np.bincount(event, weight)[event]
    pieces = np.rint(share * orders.value[event] / price)
    return _frame(event, product, np.maximum(1, pieces).astype(np.int64), price)


def fill_plainly(orders: Orders) -> pl.DataFrame:
    """Put one line of exactly the order's value on every order."""
    event = np.arange(orders.value.size)
    one = np.ones_like(event)
    return _frame(event, one, one, np.round(orders.value, 2))


def _prices() -> Floats:
    """Return the fixed price list: from 0.39 to 12.79, ending in 9."""
    step = np.arange(CATEGORIES * PRODUCTS) * 37 % 100  # mixes prices over the list
    raw = 0.42 * np.exp(step / 100 * np.log(30))
    return np.asarray(np.round(np.round(raw, 1) - 0.01, 2))


def _frame(event: Ints, product: Ints, quantity: Ints, price: Floats) -> pl.DataFrame:
    number = pl.col("product")
    kind = (number // PRODUCTS).replace_strict(dict(enumerate(KINDS)))
    style = (number % len(STYLES)).replace_strict(dict(enumerate(STYLES)))
    frame = pl.DataFrame({"event": event, "product": product})
    return frame.select(
        "event",
        (20000 + number * 7).cast(pl.String).alias("StockCode"),
        pl.format("{} {} {}", style, kind, number).alias("Description"),
        pl.Series("Quantity", quantity),
        pl.Series("UnitPrice", price),
    )


def returns(
    rng: np.random.Generator, lines: pl.DataFrame, events: Events, people: People
) -> tuple[pl.DataFrame, Events]:
    """Send lines back after a while, and whole orders within minutes."""
    event = lines["event"].to_numpy()
    whole = (rng.random(events.day.size) < 0.012)[event]
    part = rng.random(event.size) < people.returns[events.customer[event]]
    chosen = np.flatnonzero(whole | part)
    whole, sold = whole[chosen], event[chosen]
    # Lines of a cancelled order share one number; others are returned one by one.
    key = np.where(whole, -1 - sold, np.arange(chosen.size))
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    delay = np.where(whole[first], 0.0, rng.exponential(REFUND_DAYS, first.size))
    source = sold[first]
    back = Events(
        events.customer[source],
        events.day[source] + delay.astype(np.int64),
        np.minimum(events.minute[source] + rng.integers(1, 30, first.size), 1229),
        np.ones(first.size, dtype=np.int64),
    )
    quantity = lines["Quantity"].to_numpy()[chosen]
    some = np.ceil(quantity * rng.uniform(0.2, 1.0, chosen.size)).astype(np.int64)
    kept = whole | (rng.random(chosen.size) < 0.7)
    sent = lines[chosen].with_columns(
        pl.Series("event", number + events.day.size),
        pl.Series("Quantity", -np.where(kept, quantity, some)),
    )
    return sent, back


def dirt(
    rng: np.random.Generator, lines: pl.DataFrame, events: Events, people: People
) -> pl.DataFrame:
    """Return the lines that a real export has as well: postage, fixes, doubles."""
    sold = np.flatnonzero(events.is_return == 0)
    abroad = sold[people.country[events.customer[sold]] > 0]
    posted = abroad[rng.random(abroad.size) < 0.8]
    fixed = sold[rng.random(sold.size) < 0.003]
    twice = lines.filter(pl.Series(rng.random(lines.height) < 0.005))
    free = lines.filter(pl.Series(rng.random(lines.height) < 0.003))
    return pl.concat(
        [
            _extra(posted, "POST", "POSTAGE", rng.integers(1, 4, posted.size), 18.0),
            _extra(fixed, "M", "Manual", np.ones_like(fixed), 9.5),
            twice,
            free.with_columns(pl.lit(0.0).alias("UnitPrice")),
        ]
    )


def _extra(
    event: Ints, code: str, words: str, quantity: Ints, price: float
) -> pl.DataFrame:
    return pl.DataFrame({"event": event, "Quantity": quantity}).select(
        "event",
        pl.lit(code).alias("StockCode"),
        pl.lit(words).alias("Description"),
        "Quantity",
        pl.lit(price).alias("UnitPrice"),
    )


def export(
    lines: pl.DataFrame, events: Events, people: People, known: int, start: int
) -> pl.DataFrame:
    """Write lines as the shop's system would: numbered by time, guests without an id.

    Customers numbered `known` and above are guests.
    """
    head = pl.DataFrame(
        {
            "event": np.arange(events.day.size),
            "customer": events.customer,
            "day": events.day,
            "minute": events.minute,
            "is_return": events.is_return == 1,
            "country": people.country[events.customer],
        }
    )
    number = pl.int_range(pl.len(), dtype=pl.Int64) + FIRST_ORDER
    mark = pl.when("is_return").then(pl.lit("C")).otherwise(pl.lit(""))
    moment = (pl.col("day") + start) * 1440 + pl.col("minute")
    heads = head.sort("day", "minute", "event").select(
        "event",
        pl.format("{}{}", mark, number).alias("InvoiceNo"),
        (moment * 60_000_000).cast(pl.Datetime("us")).alias("InvoiceDate"),
        pl.when(pl.col("customer") < known)
        .then(customer_id(pl.col("customer")))
        .alias("CustomerID"),
        pl.col("country")
        .replace_strict(dict(enumerate(COUNTRIES)), return_dtype=pl.String)
        .alias("Country"),
    )
    return (
        lines.with_row_index("nth")
        .join(heads, on="event", maintain_order="left")
        .sort("InvoiceDate", "event", "nth")
        .select(
            *("InvoiceNo", "StockCode", "Description", "Quantity"),
            *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
        )
    )


def customer_id(number: pl.Expr) -> pl.Expr:
    """Return the id that the shop prints for its n-th customer."""
    return (number + 12346).cast(pl.String)
