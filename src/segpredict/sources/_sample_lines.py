"""What stands on the orders of the sample shop, and the dirt of a real export."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.core.arrays import Floats, Ints
from segpredict.sources._sample_clock import is_promoted
from segpredict.sources._sample_options import Options
from segpredict.sources._sample_people import CATEGORIES, COUNTRIES, Orders, People

FIRST_ORDER = 536365  # order numbers and ids look like those of Online Retail
PRODUCTS = 40  # products in each category
KINDS = ("LIGHTS", "BAGS", "TEA", "GARDEN", "TOYS", "CARDS", "KITCHEN", "CANDLES")
STYLES = ("VINTAGE", "ROSE", "RETROSPOT", "WOODEN", "PAISLEY", "SILVER", "SPACEBOY")
TIERS = ("budget", "standard", "premium")
OFF = 0.8  # what is left of a price in a promotion


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


def fill(
    rng: np.random.Generator, orders: Orders, people: People, options: Options
) -> pl.DataFrame:
    """Fill orders with products so that each comes to about its value."""
    lines = 1 + rng.negative_binomial(1.2, 0.3, orders.value.size)
    event = np.repeat(np.arange(orders.value.size), lines)
    whose = orders.customer[event]
    category = _categories(rng, np.cumsum(people.taste, axis=1), whose)
    rank = np.minimum(rng.zipf(1.6, event.size), PRODUCTS) - 1
    product = category * PRODUCTS + rank
    if options.tiers:
        side = rng.spawn(1)[0]
        own = _in_tier()[category, people.tier[whose], rank]
        product = np.where(side.random(event.size) < options.tiers, own, product)
    price = prices()[product]
    if options.promotions:
        is_cheap = is_promoted(orders.days)[orders.time.astype(np.int64)][event]
        price = np.where(is_cheap, np.round(price * OFF, 2), price)
    weight = rng.gamma(1.0, size=event.size)
    share = weight / np.bincount(event, weight)[event]
    pieces = np.rint(share * orders.value[event] / price)
    return _frame(event, product, np.maximum(1, pieces).astype(np.int64), price)


def _categories(rng: np.random.Generator, cuts: Floats, whose: Ints) -> Ints:
    """Draw a category for each line by the customer's taste."""
    luck, category = rng.random(whose.size), np.zeros(whose.size, dtype=np.int64)
    for i in range(CATEGORIES - 1):
        category += luck > cuts[whose, i]
    return category


def tiers() -> Ints:
    """Return the price tier of each product: thirds of its category."""
    price = prices().reshape(CATEGORIES, PRODUCTS)
    place = price.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return np.asarray(place * len(TIERS) // PRODUCTS).reshape(-1)


def _in_tier() -> Ints:
    """Return the product of each category, tier and rank: few products, in turn."""
    tier, rank = tiers().reshape(CATEGORIES, PRODUCTS), np.arange(PRODUCTS)
    chosen = np.empty((CATEGORIES, len(TIERS), PRODUCTS), dtype=np.int64)
    for category, row in enumerate(tier):
        for t in range(len(TIERS)):
            own = category * PRODUCTS + np.flatnonzero(row == t)
            chosen[category, t] = own[rank % own.size]
    return chosen


def fill_plainly(orders: Orders) -> pl.DataFrame:
    """Put one line of exactly the order's value on every order."""
    event = np.arange(orders.value.size)
    one = np.ones_like(event)
    return _frame(event, one, one, np.round(orders.value, 2))


def prices() -> Floats:
    """Return the fixed price list: from 0.39 to 12.79, ending in 9."""
    step = np.arange(CATEGORIES * PRODUCTS) * 37 % 100  # mixes prices over the list
    raw = 0.42 * np.exp(step / 100 * np.log(30))
    return np.asarray(np.round(np.round(raw, 1) - 0.01, 2))


def stock_code(number: pl.Expr) -> pl.Expr:
    """Return the code that the shop gives its n-th product."""
    return (20000 + number * 7).cast(pl.String)


def _frame(event: Ints, product: Ints, quantity: Ints, price: Floats) -> pl.DataFrame:
    number = pl.col("product")
    kind = (number // PRODUCTS).replace_strict(dict(enumerate(KINDS)))
    style = (number % len(STYLES)).replace_strict(dict(enumerate(STYLES)))
    frame = pl.DataFrame({"event": event, "product": product})
    return frame.select(
        "event",
        stock_code(number).alias("StockCode"),
        pl.format("{} {} {}", style, kind, number).alias("Description"),
        pl.Series("Quantity", quantity),
        pl.Series("UnitPrice", price),
    )


def returns(
    rng: np.random.Generator,
    lines: pl.DataFrame,
    events: Events,
    people: People,
    options: Options,
) -> tuple[pl.DataFrame, Events]:
    """Send lines back after a while, and whole orders within minutes."""
    event = lines["event"].to_numpy()
    whole = (rng.random(events.day.size) < options.cancelled)[event]
    part = rng.random(event.size) < people.returns[events.customer[event]]
    chosen = np.flatnonzero(whole | part)
    whole, sold = whole[chosen], event[chosen]
    # Lines of a cancelled order share one number; others are returned one by one.
    key = np.where(whole, -1 - sold, np.arange(chosen.size))
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    delay = np.where(
        whole[first], 0.0, rng.exponential(options.return_days, first.size)
    )
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
    rng: np.random.Generator,
    lines: pl.DataFrame,
    events: Events,
    people: People,
    options: Options,
) -> pl.DataFrame:
    """Return the lines that a real export has as well: postage, fixes, doubles."""
    sold = np.flatnonzero(events.is_return == 0)
    abroad = sold[people.country[events.customer[sold]] > 0]
    posted = abroad[rng.random(abroad.size) < 0.8]
    fixed = sold[rng.random(sold.size) < 0.003]
    twice = lines.filter(pl.Series(rng.random(lines.height) < options.duplicates))
    free = lines.filter(pl.Series(rng.random(lines.height) < options.free))
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


@dataclass(frozen=True)
class Place:
    """Where a block of customers stands in the whole shop.

    Parameters
    ----------
    start
        Day number of the first day.
    known
        Customers with an id; those numbered from here on are guests.
    customer, order
        Numbers that the block's first customer and order have in the shop.
    """

    start: int
    known: int
    customer: int = 0
    order: int = 0


def export(
    lines: pl.DataFrame, events: Events, people: People, place: Place
) -> pl.DataFrame:
    """Write lines as the shop's system would: numbered by time, guests unnamed."""
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
    number = pl.int_range(pl.len(), dtype=pl.Int64) + FIRST_ORDER + place.order
    mark = pl.when("is_return").then(pl.lit("C")).otherwise(pl.lit(""))
    moment = (pl.col("day") + place.start) * 1440 + pl.col("minute")
    heads = head.sort("day", "minute", "event").select(
        "event",
        pl.format("{}{}", mark, number).alias("InvoiceNo"),
        (moment * 60_000_000).cast(pl.Datetime("us")).alias("InvoiceDate"),
        pl.when(pl.col("customer") < place.known)
        .then(customer_id(pl.col("customer") + place.customer))
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
