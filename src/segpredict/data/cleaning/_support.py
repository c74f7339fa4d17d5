"""Refuse data that are valid but cannot support a model."""

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.transactions import Transactions
from segpredict.data.cleaning._rules import NO_CUSTOMER
from segpredict.errors import ContractError, SupportError, quote_value

MIN_ROWS_FOR_SHAPE = 100  # rows from which the shape of the ids says anything
MAX_CUSTOMER_SHARE = 0.9  # share of rows that no single customer can have


def require_support(shop: Transactions, plan: CleaningOptions | None = None) -> None:
    """Raise where the lines that are left cannot support a model.

    Parameters
    ----------
    shop
        A cleaned shop.
    plan
        How it was cleaned.

    Raises
    ------
    ContractError
        When more rows than allowed have no customer.
    SupportError
        When nothing is left, when every row has a customer of its own, or when one
        customer has nearly all rows.
    """
    plan = plan or CleaningOptions()
    whole, used = shop.ledger.total("in"), shop.ledger.total("used")
    guests = sum(e.count.rows for e in shop.ledger.entries if e.rule == NO_CUSTOMER.name)
    if guests > plan.max_guest_share * whole.rows:
        raise _guests(guests, whole.rows)
    if not used.customers:
        raise _empty(shop)
    named = whole.rows - guests
    if named >= MIN_ROWS_FOR_SHAPE and whole.customers >= 0.999 * named:
        raise SupportError(
            f"Nearly every row has a customer of its own ({whole.customers:,} ids on "
            f"{named:,} rows): customer_id looks like a row number, or "
            "no customer ever came back.",
            fix="name the right column: --map customer_id=YOUR_COLUMN.",
            column="customer_id",
            count=whole.customers,
        )
    _no_giant(shop, used.rows, used.customers)
    _some_sale(shop)


def _guests(guests: int, rows: int) -> ContractError:
    return ContractError(
        f"{guests:,} of {rows:,} rows ({guests / rows:.0%}) have no customer.",
        fix="map customer_id to a column that is filled, or accept it with "
        "--set cleaning.max_guest_share=1.",
        column="customer_id",
        count=guests,
    )


def _empty(shop: Transactions) -> SupportError:
    gone = [
        f"{e.rule} {e.count.rows:,}"
        for e in shop.ledger.entries
        if e.stage in ("rejected", "excluded") and e.count.rows
    ]
    rows = shop.ledger.total("in").rows
    cause = f"removed by {', '.join(gone)}" if gone else "none was read"
    return SupportError(
        f"No customer is left: of {rows:,} rows, {cause}.",
        fix="see the ledger of `segpredict check`; leave a rule out with "
        "--set cleaning.excluded_rules='[\"RULE\"]'.",
        count=0,
        examples=gone[:5],
    )


def _no_giant(shop: Transactions, rows: int, customers: int) -> None:
    if rows < MIN_ROWS_FOR_SHAPE or customers < 2:
        return
    counted = shop.lines.group_by("customer_id").len().sort("len", "customer_id")
    id_, n = counted.last().collect().row(0)
    if n > MAX_CUSTOMER_SHARE * rows:
        raise SupportError(
            f"The customer {quote_value(id_)} has {n / rows:.0%} of the rows: it looks like "
            "a placeholder or a marketplace, or another column names the customer.",
            fix=f"--set 'cleaning.null_ids=[{quote_value(id_)}]', or --map customer_id=….",
            column="customer_id",
            value=id_,
            count=n,
        )


def _some_sale(shop: Transactions) -> None:
    if not shop.lines.select(pl.col("is_order_head").any()).collect().item():
        raise SupportError(
            "Every line is a return; there is no sale to learn from.",
            fix="check the sign of quantity and amount, and cleaning.cancel_prefixes.",
        )
