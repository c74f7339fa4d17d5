"""A ledger of invoices and payments: every sale stands in it twice."""

from collections.abc import Mapping
from itertools import combinations

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.data.readers._content import rough_numbers
from segpredict.data.readers._status import KIND_NAMES, MAX_VALUES, SAMPLE_ROWS
from segpredict.errors import ContractError, quote_value

MIN_ORDERS = 5  # orders that must stand twice
BOTH_SHARE = 0.9  # share of the orders of a kind that another kind holds with equal money
PAID_SHARE = 0.6  # the same of the kind with more orders: some are not paid yet
TOLERANCE = 0.011  # as exports round


def refuse_payment_ledger(table: pl.DataFrame, chosen: Mapping[str, str], file: str) -> None:
    """Refuse a table in which two kinds of rows hold the same money of the same orders."""
    if not {"order_id", "amount"} <= chosen.keys():
        return
    kinds = [c for c in table.columns if normalize_name(c) in KIND_NAMES]
    kinds = [c for c in kinds if table[c].head(SAMPLE_ROWS).n_unique() <= MAX_VALUES]
    for kind in kinds:
        money = rough_numbers(table[chosen["amount"]]).abs().alias("money")
        summed = (
            table.select(pl.col(chosen["order_id"]).alias("order"), pl.col(kind).alias("kind"))
            .with_columns(money)
            .group_by("order", "kind")
            .agg(pl.col("money").sum())
            .drop_nulls()
        )
        values = summed["kind"].unique().sort().to_list()
        for one, other in combinations(values, 2):
            _compare(summed, one, other, file)


def _compare(summed: pl.DataFrame, one: str, other: str, file: str) -> None:
    first, second = (summed.filter(kind=kind) for kind in (one, other))
    both = first.join(second, on="order", suffix="_other")
    same = both.filter((pl.col("money") - pl.col("money_other")).abs() <= TOLERANCE)
    same = same.filter(pl.col("money") > 0)
    fewer, more = sorted((first.height, second.height))
    # Returns take back whole orders as well, but not most of what was sold.
    if same.height < max(MIN_ORDERS, BOTH_SHARE * fewer, PAID_SHARE * more):
        return
    raise ContractError(
        f"{quote_value(file)} looks like a ledger of invoices and payments: {same.height:,} "
        f"orders stand under {quote_value(one)} ({first['money'].sum():,.2f}) and under "
        f"{quote_value(other)} ({second['money'].sum():,.2f}) with the same money.",
        fix="export the invoices or orders alone; or filter the rows of one kind.",
        file=file,
    )
