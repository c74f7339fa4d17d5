"""What if: the forecast of a customer with one more order, all features computed again.

It shows how the model reacts, not the effect of an order: customers made to order are others.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.core import schemas
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window
from segpredict.errors import CustomerMissingError
from segpredict.scoring.predictor import SegmentPredictor

WHAT_IF_CASES = {
    "as_is": "As it is",
    "usual": "One more order, of the usual value",
    "double": "One more order, of twice the usual value",
    "category": "One more order, from a category not bought before",
    "planned": "The order that was entered",
}
WHAT_IF_ORDER_ID = "what-if"  # the id of the hypothetical order


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order that a customer might place on the last day before the cutoff."""

    value: int  # in whole units of 10⁻⁴
    product_id: str | None = None  # ``None``: the product that was bought last


def what_if(
    predictor: SegmentPredictor,
    shop: Transactions,
    customer_id: str,
    planned: PlannedOrder | None = None,
    sellers: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return a customer's forecast as it is, and with one more order of the median value.

    `planned` is one more order to try; `sellers` the `best_sellers`, where `shop` is not the whole
    one.
    """
    window = predictor.score_window(shop)
    own = shop.known_at(window.cutoff).filter(pl.col("customer_id") == customer_id).collect()
    orders = own.filter(~pl.col("is_return")).group_by(KEY).agg(pl.col("amount").sum())
    if orders.is_empty():
        raise CustomerMissingError(customer_id, predictor.time.lookback)
    usual = int(np.median(orders["amount"].to_numpy()))
    amounts = {"as_is": 0, "usual": usual, "double": 2 * usual}
    cases: dict[str, tuple[int, str | None]] = {name: (n, None) for name, n in amounts.items()}
    sellers = best_sellers(shop, window.cutoff) if sellers is None else sellers
    new_product = _unknown_product(sellers, shop.side_tables.products, own)
    if new_product is not None:
        cases["category"] = (usual, new_product)
    if planned is not None:
        cases["planned"] = (planned.value, planned.product_id)
    rows = []
    for name, (amount, product) in cases.items():
        lines = own if name == "as_is" else _with_order(own, window, amount, product)
        alone = replace(shop, lines=lines.lazy())
        forecast = predictor.score_table(alone, window.cutoff, shop.first_day)
        if not forecast["is_eligible"].item():
            raise CustomerMissingError(customer_id, predictor.time.lookback)
        shown = forecast.select(
            pl.lit(name).alias("case"),
            pl.lit(WHAT_IF_CASES[name]).alias("meaning"),
            pl.lit(amount / MONEY_SCALE).alias("value"),
            *("segment_id", pl.col("^p_S[0-9]+$"), "p_down", "p_up", "expected_value"),
        )
        rows.append(shown)
    return pl.concat(rows)


def _with_order(
    own: pl.DataFrame, window: Window, amount: int, product: str | None
) -> pl.DataFrame:
    newest = own.sort("day").tail(1).to_dicts()[0]
    line = {
        **newest,
        "order_id": WHAT_IF_ORDER_ID,
        "day": window.cutoff - 1,
        "minute": None,
        "product_id": newest["product_id"] if product is None else product,
        "quantity": 1,
        "amount": amount,
        "is_return": False,
        "is_order_head": True,
        "void_day": None,
    }
    both = pl.concat([own, pl.DataFrame([line], schema=own.schema)])
    return schemas.validate_schema(
        both.sort("customer_id", "day", "minute", "order_id", maintain_order=True),
        schemas.LINES_SCHEMA,
    )


def best_sellers(shop: Transactions, cutoff: int) -> pl.DataFrame:
    """Return ``product_id`` and ``category`` of what a shop sold, what sold best first."""
    products = shop.side_tables.products
    if products is None or "category" not in products.columns:
        return pl.DataFrame(schema={"product_id": pl.String, "category": pl.String})
    named = products.select("product_id", "category").drop_nulls()
    return (
        shop.known_at(cutoff)
        .filter(~pl.col("is_return"))
        .group_by("product_id")
        .len()
        .join(named.lazy(), on="product_id", how="inner")
        .sort("len", "product_id", descending=[True, False])
        .select("product_id", "category")
        .collect()
    )


def _unknown_product(
    sellers: pl.DataFrame, products: pl.DataFrame | None, own: pl.DataFrame
) -> str | None:
    """Return the best-selling product of categories that the customer never bought."""
    if sellers.is_empty() or products is None:
        return None
    known = own.join(products, on="product_id", how="inner")["category"].drop_nulls().unique()
    other = sellers.filter(~pl.col("category").is_in(known.implode()))
    return next(iter(other["product_id"]), None)
