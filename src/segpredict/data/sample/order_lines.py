"""The lines of the orders of the sample shop, and the defects of a real export."""

import numpy as np
import polars as pl

from segpredict.core.arrays import BoolArray, FloatArray, IntArray
from segpredict.data.sample.customers import (
    N_CATEGORIES,
    PRICE_TIERS,
    PRODUCT_KINDS,
    SAMPLE_COUNTRIES,
    SampleCustomers,
    SampleOrders,
)

FIRST_ID = 12346  # of the first customer
FIRST_ORDER = 536365  # order numbers and ids look like those of Online Retail
N_PRODUCTS = 39  # products in each category, 13 in each of its price tiers
PRODUCT_STYLES = ("VINTAGE", "ROSE", "RETROSPOT", "WOODEN", "PAISLEY", "SILVER", "SPACEBOY")
MEAN_RETURN_DAYS = 14.0  # until a line is sent back
# Share of orders cancelled within minutes; of lines written twice; of lines at price zero.
CANCELLED_SHARE, DUPLICATE_SHARE, FREE_SHARE = 0.012, 0.005, 0.003
FIRST_BASKET_SHARE = 0.7  # of the lines of a first order: of the category that brought somebody
OWN_TIER_SHARE = 0.9  # of lines: of the customer's own price tier
# Share of orders during a sale that are bought at the sale's price, by kind of customer.
DISCOUNT, TAKES_DISCOUNT = 0.25, np.array([0.05, 0.7, 1.0])


def draw_sales(rng: np.random.Generator, orders: SampleOrders) -> pl.DataFrame:
    """Give every order a time of day, from 6 to 20, mostly around noon.

    Sales, and returns, are events with an order number each: customer, day, minute, is_return.
    """
    minute = (360 + 840 * rng.beta(3.0, 3.0, orders.time.size)).astype(np.int64)
    return _events(orders.customer, orders.time.astype(np.int64), minute, is_return=False)


def _events(
    customer: IntArray, day: IntArray, minute: IntArray, *, is_return: bool
) -> pl.DataFrame:
    events = pl.DataFrame({"customer": customer, "day": day, "minute": minute})
    return events.with_columns(is_return=pl.lit(is_return))


def fill_orders(
    rng: np.random.Generator, orders: SampleOrders, people: SampleCustomers, is_sale: BoolArray
) -> pl.DataFrame:
    """Fill orders with products of about the value of each order."""
    lines = 1 + rng.negative_binomial(1.2, 0.3, orders.value.size)
    event = np.repeat(np.arange(orders.value.size), lines)
    whose = orders.customer[event]
    # A category for each line by the customer's taste, and of first orders what brought them.
    cuts = np.cumsum(people.taste, axis=1)[:, :-1]
    draw = rng.random(whose.size)
    category = sum((draw > cut[whose] for cut in cuts.T), np.zeros(whose.size, dtype=np.int64))
    is_first = (event < people.latent.size) & (rng.random(event.size) < FIRST_BASKET_SHARE)
    category = np.where(is_first, people.first_category[whose], category)
    tier = rng.integers(0, len(PRICE_TIERS), event.size)
    tier = np.where(rng.random(event.size) < OWN_TIER_SHARE, people.tier[whose], tier)
    own = products_of_tiers()
    rank = np.minimum(rng.zipf(1.6, event.size), own.shape[2]) - 1
    product = own[category, tier, rank]
    takes = rng.random(orders.value.size) < TAKES_DISCOUNT[people.sale_kind[orders.customer]]
    is_reduced = (is_sale[orders.time.astype(np.int64)] & takes)[event]
    listed = price_list()[product]
    price = np.where(is_reduced, np.round(listed * (1 - DISCOUNT), 2), listed)
    weight = rng.gamma(1.0, size=event.size)
    share = weight / np.bincount(event, weight)[event]
    units = np.maximum(1, np.rint(share * orders.value[event] / price)).astype(np.int64)
    return _frame(event, product, units, price, np.round(units * (listed - price), 2))


def products_of_tiers() -> IntArray:
    """Return the products of each category and tier, a third of its prices: 8 × 3 × 13."""
    prices = price_list().reshape(N_CATEGORIES, N_PRODUCTS)
    by_price = prices.argsort(axis=1, kind="stable")
    size = N_PRODUCTS // len(PRICE_TIERS)
    places = by_price.reshape(N_CATEGORIES, -1, size)
    # In the order of the list, so that the most popular ones have prices of all heights.
    return np.sort(places, axis=2) + N_PRODUCTS * np.arange(N_CATEGORIES)[:, None, None]


def price_list() -> FloatArray:
    """Return the fixed price list: from 0.39 to 12.79, ending in 9."""
    step = np.arange(N_CATEGORIES * N_PRODUCTS) * 37 % 100  # mixes prices over the list
    raw = 0.42 * np.exp(step / 100 * np.log(30))
    return np.asarray(np.round(np.round(raw, 1) - 0.01, 2))


def stock_code(number: pl.Expr) -> pl.Expr:
    """Return the code that the shop gives its n-th product."""
    return (20000 + number * 7).cast(pl.String)


def _frame(
    event: IntArray, product: IntArray, quantity: IntArray, price: FloatArray, off: FloatArray
) -> pl.DataFrame:
    number = pl.col("product")
    kind = (number // N_PRODUCTS).replace_strict(dict(enumerate(PRODUCT_KINDS)))
    style = (number % len(PRODUCT_STYLES)).replace_strict(dict(enumerate(PRODUCT_STYLES)))
    return pl.DataFrame({"event": event, "product": product}).select(
        "event",
        StockCode=stock_code(number),
        Description=pl.format("{} {} {}", style, kind, number),
        Quantity=pl.lit(pl.Series(quantity)),
        UnitPrice=pl.lit(pl.Series(price)),
        Discount=pl.lit(pl.Series(off)),
    )


def draw_returns(
    rng: np.random.Generator, lines: pl.DataFrame, events: pl.DataFrame, customers: SampleCustomers
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Send lines back after a while, and whole orders within minutes."""
    event = lines["event"].to_numpy()
    customer, day, minute = (events[name].to_numpy() for name in ("customer", "day", "minute"))
    whole = (rng.random(day.size) < CANCELLED_SHARE)[event]
    part = rng.random(event.size) < customers.returns[customer[event]]
    chosen = np.flatnonzero(whole | part)
    whole, sold = whole[chosen], event[chosen]
    # Lines of a cancelled order share one number; others are returned one by one.
    key = np.where(whole, -1 - sold, np.arange(chosen.size))
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    delay = np.where(whole[first], 0.0, rng.exponential(MEAN_RETURN_DAYS, first.size))
    source = sold[first]
    later = np.minimum(minute[source] + rng.integers(1, 30, first.size), 1229)
    back = _events(customer[source], day[source] + delay.astype(np.int64), later, is_return=True)
    quantity = lines["Quantity"].to_numpy()[chosen]
    some = np.ceil(quantity * rng.uniform(0.2, 1.0, chosen.size)).astype(np.int64)
    kept = whole | (rng.random(chosen.size) < 0.7)
    sent = lines[chosen].with_columns(
        pl.Series("event", number + day.size),
        pl.Series("Quantity", -np.where(kept, quantity, some)),
        Discount=pl.lit(0.0),
    )
    return sent, back


def draw_dirty_lines(
    rng: np.random.Generator, lines: pl.DataFrame, events: pl.DataFrame, customers: SampleCustomers
) -> pl.DataFrame:
    """Return the lines that a real export has as well: postage, fixes, doubles."""
    sold = np.arange(events.height)
    abroad = sold[customers.country[events["customer"].to_numpy()] > 0]
    posted = abroad[rng.random(abroad.size) < 0.8]
    fixed = sold[rng.random(sold.size) < 0.003]
    twice = lines.filter(pl.Series(rng.random(lines.height) < DUPLICATE_SHARE))
    free = lines.filter(pl.Series(rng.random(lines.height) < FREE_SHARE))
    extra = (
        pl.DataFrame({"event": event, "Quantity": quantity}).select(
            "event",
            StockCode=pl.lit(code),
            Description=pl.lit(words),
            Quantity="Quantity",
            UnitPrice=pl.lit(price),
            Discount=pl.lit(0.0),
        )
        for event, code, words, quantity, price in (
            (posted, "POST", "POSTAGE", rng.integers(1, 4, posted.size), 18.0),
            (fixed, "M", "Manual", np.ones_like(fixed), 9.5),
        )
    )
    return pl.concat([*extra, twice, free.with_columns(UnitPrice=pl.lit(0.0))])


def export_lines(
    lines: pl.DataFrame, events: pl.DataFrame, country: IntArray, start: int, known: int
) -> pl.DataFrame:
    """Write lines as the shop's system would: numbered by time, guests unnamed.

    `start` is the day number of the first day; customers numbered from `known` on are guests.
    """
    number = pl.int_range(pl.len(), dtype=pl.Int64) + FIRST_ORDER
    mark = pl.when("is_return").then(pl.lit("C")).otherwise(pl.lit(""))
    moment = (pl.col("day") + start) * 1440 + pl.col("minute")
    countries = pl.Series([SAMPLE_COUNTRIES[i] for i in country], dtype=pl.String)
    heads = (
        events.with_columns(
            event=pl.int_range(pl.len(), dtype=pl.Int64),
            Country=pl.lit(countries).gather(pl.col("customer")),
        )
        .sort("day", "minute", "event")
        .select(
            "event",
            "Country",
            InvoiceNo=pl.format("{}{}", mark, number),
            InvoiceDate=(moment * 60_000_000).cast(pl.Datetime("us")),
            CustomerID=pl.when(pl.col("customer") < known).then(customer_id(pl.col("customer"))),
        )
    )
    return (
        lines.with_row_index("nth")
        .join(heads, on="event", maintain_order="left")
        .sort("InvoiceDate", "event", "nth")
        .select(
            *("InvoiceNo", "StockCode", "Description", "Quantity"),
            *("InvoiceDate", "UnitPrice", "CustomerID", "Country", "Discount"),
        )
    )


def customer_id(number: pl.Expr) -> pl.Expr:
    """Return the id that the shop prints for its n-th customer."""
    return (number + FIRST_ID).cast(pl.String)
