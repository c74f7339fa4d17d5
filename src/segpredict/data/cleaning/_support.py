"""Refuse data that are valid but cannot support a model."""

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.transactions import Transactions
from segpredict.data.cleaning._rules import NO_CUSTOMER
from segpredict.errors import ContractError, SupportError, quote_value

MIN_ROWS_FOR_SHAPE = 100  # rows from which the shape of the ids says anything
MIN_ORDERS_FOR_RETURN = 20  # orders among which somebody should have come back
MAX_CUSTOMER_SHARE = 0.9  # share of rows that no single customer can have


def require_support(shop: Transactions, plan: CleaningOptions | None = None) -> None:
    """Raise where the lines that are left cannot support a model.

    Raises `ContractError` when more rows than allowed have no customer; `SupportError` when nothing
    is left, when every row has a customer of its own, or when one customer has nearly all rows.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "b"], "date": ["2011-01-31"] * 2, "amount": ["2.5", "1"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame(rows)))
    >>> require_support(shop)
    """
    plan = plan or CleaningOptions()
    whole, used = shop.ledger.total("in"), shop.ledger.total("used")
    guests = sum(e.count.rows for e in shop.ledger.entries if e.rule == NO_CUSTOMER.name)
    if guests > plan.max_guest_share * whole.rows:
        message = f"{guests:,} of {whole.rows:,} rows ({guests / whole.rows:.0%}) have no customer."
        fix = (
            "map customer_id to a column that is filled, or accept it with "
            "--set cleaning.max_guest_share=1."
        )
        raise ContractError(message, fix=fix, column="customer_id", count=guests)
    if not used.customers:
        raise _empty(shop)
    if used.orders >= MIN_ORDERS_FOR_RETURN and used.customers >= 0.999 * used.orders:
        raise _no_return(shop, used.customers, used.orders)
    _no_giant(shop, used.rows, used.customers)
    if not shop.lines.select(pl.col("is_order_head").any()).collect().item():
        raise SupportError(
            "Every line is a return; there is no sale to learn from.",
            fix="check the sign of quantity and amount, and cleaning.cancel_prefixes.",
        )


def _no_return(shop: Transactions, customers: int, orders: int) -> SupportError:
    others = [fact.detected.others.get("other_customer", "") for fact in shop.files]
    other = next((name for name in others if name), "")
    fix = (
        f"--map customer_id='{other}', which repeats over orders."
        if other
        else "name the column that stays the same from order to order: --map "
        "customer_id=YOUR_COLUMN; if there is none, there is nothing to forecast from."
    )
    message = (
        f"Nearly every order has a customer of its own ({customers:,} customers, {orders:,} "
        "orders): customer_id looks like the number of a row or an order, or no customer ever "
        "came back."
    )
    return SupportError(message, fix=fix, column="customer_id", count=customers)


def _empty(shop: Transactions) -> SupportError:
    entries = [e for e in shop.ledger.entries if e.stage in ("rejected", "excluded")]
    gone = [f"{e.rule} {e.count.rows:,}" for e in entries if e.count.rows]
    rows = shop.ledger.total("in").rows
    if not rows:
        return SupportError(
            "The input has no rows: only a header, or nothing.",
            fix="export it again; name a file with orders in it.",
            count=0,
        )
    fix = "see in the ledger of `segpredict check` what removed them"
    n, largest = max(
        ((e.count.rows, e.rule) for e in entries if e.stage == "excluded"), default=(0, "")
    )
    if n:
        fix += f"; or leave its rule out: --set 'cleaning.excluded_rules=[\"{largest}\"]'"
    message = f"No customer is left: of {rows:,} rows, removed by {', '.join(gone)}."
    return SupportError(message, fix=f"{fix}.", count=0, examples=gone[:5])


def _no_giant(shop: Transactions, rows: int, customers: int) -> None:
    if rows < MIN_ROWS_FOR_SHAPE or customers < 2:
        return
    counted = shop.lines.group_by("customer_id").len().sort("len", "customer_id")
    id_, n = counted.last().collect().row(0)
    if n > MAX_CUSTOMER_SHARE * rows:
        message = (
            f"The customer {quote_value(id_)} has {n / rows:.0%} of the rows: it looks like "
            "a placeholder or a marketplace, or another column names the customer."
        )
        fix = f"--set 'cleaning.null_ids=[{quote_value(id_)}]', or --map customer_id=…."
        raise SupportError(message, fix=fix, column="customer_id", value=id_, count=n)
