"""Money columns that explain each other: a discount between two sums, tax within a total."""

from collections.abc import Mapping
from itertools import combinations

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.data.readers._candidates import OTHER_MONEY_WORDS
from segpredict.data.readers._content import is_number_column, rough_numbers

AGREEING_SHARE = 0.99  # share of rows on which sums must agree
TOLERANCE = 0.011  # as exports round
SAMPLE_ROWS = 50_000  # rows on which sums are compared
MAX_COLUMNS = 7  # other money columns that are tried together
MAX_PARTS = 3  # of which a total may consist beside the products


def related_money(
    table: pl.DataFrame, chosen: Mapping[str, str], named: Mapping[str, str]
) -> dict[str, str]:
    """Return better roles for money columns: a proven discount, a total without tax."""
    table = table.head(SAMPLE_ROWS)
    free = [name for name in table.columns if name not in chosen.values()]
    others = [name for name in free if _is_other_money(name) and is_number_column(table[name])]
    if {"quantity", "price", "stated_amount"} <= chosen.keys() and "discount" not in chosen:
        return _discount(table, chosen, others)
    if "amount" in chosen and "amount" not in named and "refund" not in chosen:
        return _without_tax(table, chosen["amount"], free, others)
    return {}


def _is_other_money(name: str) -> bool:
    return any(word in normalize_name(name) for word in OTHER_MONEY_WORDS)


def _discount(table: pl.DataFrame, chosen: Mapping[str, str], others: list[str]) -> dict[str, str]:
    """Return the column that lies between quantity × price and the amount, if there is one."""
    product = rough_numbers(table[chosen["quantity"]]) * rough_numbers(table[chosen["price"]])
    stated = rough_numbers(table[chosen["stated_amount"]])
    for name in others:
        off = rough_numbers(table[name]).abs().fill_null(0)
        if off.sum() and _agree(product - off, stated):
            return {"discount": name}
    return {}


def _without_tax(
    table: pl.DataFrame, amount: str, free: list[str], others: list[str]
) -> dict[str, str]:
    """Return the amount without tax, shipping or tips, where the columns add up to the total."""
    total = rough_numbers(table[amount])
    parts = {name: rough_numbers(table[name]).abs().fill_null(0) for name in others[:MAX_COLUMNS]}
    parts = {name: part for name, part in parts.items() if part.sum()}
    money = [c for c in free if c not in others and c != amount and is_number_column(table[c])]
    for n in range(MAX_PARTS, 0, -1):
        for names in combinations(parts, n):
            rest = total - sum(parts[name] for name in names)
            for name in money:
                if _agree(rest, rough_numbers(table[name])):
                    return {"amount": name}
    return {}


def _agree(one: pl.Series, other: pl.Series) -> bool:
    known = (one.is_not_null() & other.is_not_null()).sum()
    near = ((one - other).abs() <= TOLERANCE).sum()
    return known > 0 and float(near) >= AGREEING_SHARE * float(known)
