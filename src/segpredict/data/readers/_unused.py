"""What a table holds beside its roles that a reader must know: other money, other ids."""

from collections.abc import Mapping

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.data.readers._candidates import (
    MONEY_WORDS,
    OTHER_MONEY_WORDS,
    PERSON_WORDS,
    TRAIT_WORDS,
)
from segpredict.data.readers._content import (
    SAMPLE_ROWS,
    filled_cells,
    has_decimals,
    is_number_column,
    rough_numbers,
)

MAX_SHOWN = 12  # columns that are listed
MIN_ORDERS = 5  # orders from which one a customer is no accident
ALL_NEW_SHARE = 0.99  # share of orders with a customer of their own
RETURNING_SHARE = 0.97  # another id is worth naming if it has at most so many per order
ID_WORDS = ("id", "number", "phone", "zip", "postcode", "year", "time", "date", "qty", "quantity")


def describe_unused(table: pl.DataFrame, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the money that is not used, and an id that may say better who bought."""
    free = [name for name in table.columns if name not in chosen.values()]
    found = {"money_not_used": _money(table, free), "other_customer": _other(table, chosen, free)}
    return {topic: text for topic, text in found.items() if text}


def _money(table: pl.DataFrame, free: list[str]) -> str:
    listed = []
    for name in free:
        words = normalize_name(name)
        is_named = any(word in words for word in (*MONEY_WORDS, *OTHER_MONEY_WORDS))
        if any(word in words for word in OTHER_MONEY_WORDS) and _is_percent(table[name]):
            listed.append(f"{name} (in percent)")
            continue
        if any(word in words for word in ID_WORDS) or not (is_named or has_decimals(table[name])):
            continue
        if not is_number_column(table[name]):
            continue
        cells = filled_cells(table[name])
        numbers = rough_numbers(cells)
        if numbers.count() < len(cells) or not numbers.sum():
            continue
        listed.append(f"{name} {numbers.sum():,.2f}")
    return "; ".join(listed[:MAX_SHOWN])


def _is_percent(column: pl.Series) -> bool:
    """Return whether the first filled cells are percentages, as of a discount rate."""
    if column.dtype != pl.String:
        return False
    cells = filled_cells(column.head(SAMPLE_ROWS))
    return len(cells) > 0 and bool(cells.str.contains(r"^-?\d+([.,]\d+)?\s*%$").all())


def _other(table: pl.DataFrame, chosen: Mapping[str, str], free: list[str]) -> str:
    """Return the id that repeats over orders where the customer's does not."""
    if "order_id" not in chosen or "customer_id" not in chosen:
        return ""
    order, customer = chosen["order_id"], chosen["customer_id"]
    orders = table.select(order, customer).drop_nulls().unique()
    if orders.height < MIN_ORDERS:
        return ""
    if orders[customer].n_unique() < ALL_NEW_SHARE * orders.height:
        return ""
    for name in free:
        words = normalize_name(name)
        is_person = any(word in words for word in PERSON_WORDS)
        if not is_person or any(word in words for word in TRAIT_WORDS):
            continue
        pairs = table.select(order, name).drop_nulls().unique()
        if 1 < pairs[name].n_unique() <= RETURNING_SHARE * pairs.height:
            return name
    return ""
