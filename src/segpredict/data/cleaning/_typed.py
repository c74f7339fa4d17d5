"""Lines as a program has them, as values and not as text → transactions.

No guessing: a field has one name and one kind of values, and anything else is refused by name.
What the lines then mean for a customer (returns, cancelled orders, discounts, refunded orders) is
decided by the cleaning rules themselves, so the result is that of a file with the same lines.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import BLANK_CHARACTERS, DECIMAL_SUFFIX, ID_COLUMNS
from segpredict.core.ledger import Ledger
from segpredict.core.orders import KEY
from segpredict.core.schemas import LINES_SCHEMA, validate_schema
from segpredict.core.transactions import MONEY_SCALE, Detected, InputFile, Transactions
from segpredict.core.window import day_number
from segpredict.data.cleaning._assemble import FIRST_DAY, LAST_DAY
from segpredict.data.cleaning._clean import apply_rules, sort_canonical
from segpredict.data.cleaning._ids import MAX_ID_LENGTH, harmonize_countries, normalize_id
from segpredict.data.cleaning._money import money_rules
from segpredict.data.cleaning._numbers import exact_units
from segpredict.data.cleaning._parse import KEPT_COLUMNS, settled_statuses, with_orders
from segpredict.data.cleaning._rules import REFUNDED_ORDERS, selected_rules
from segpredict.errors import LimitError, LineFieldError

MAX_LINES = 100_000  # of one call
TEXTS = ("customer_id", "order_id", "product_id", "description", "country", "status", "cancelled")
NUMBERS = ("quantity", "price", "amount")
OFF_NUMBERS = ("discount", "refund", "order_total")
FIELDS = (*TEXTS, "time", *NUMBERS, *OFF_NUMBERS)
REQUIRED = ("customer_id", "time")
_DECIMAL_SUFFIX = re.compile(DECIMAL_SUFFIX)
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = (date.fromisoformat(day).toordinal() - _EPOCH for day in (FIRST_DAY, LAST_DAY))
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(TEXTS, ((str, int), "text or a whole number")),
    "cancelled": ((str, bool), "text or true or false"),
    "time": ((str, datetime, date), "a date, a datetime or text in ISO 8601"),
    **dict.fromkeys((*NUMBERS, *OFF_NUMBERS), ((int, float, Decimal), "a finite number")),
}


def columns_of(lines: object) -> dict[str, list[Any]]:
    """Return lines as one list of values a field.

    `lines` are mappings, one a line, or a frame: Polars, or any other with the Arrow stream
    interface.

    >>> columns_of([{"customer_id": "a"}, {"customer_id": "b", "amount": 2}])
    {'customer_id': ['a', 'b'], 'amount': [None, 2]}
    """
    if hasattr(lines, "collect") or hasattr(lines, "__arrow_c_stream__"):
        return _columns_of_frame(lines)
    rows: list[Any] = list(lines) if isinstance(lines, Iterable) else [lines]
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise LineFieldError("line", place, row, "a mapping of fields to values")
    names = dict.fromkeys(chain.from_iterable(rows))
    return {name: [row.get(name) for row in rows] for name in names}


def _columns_of_frame(lines: Any) -> dict[str, list[Any]]:
    frame = lines.collect() if isinstance(lines, pl.LazyFrame) else pl.DataFrame(lines)
    small = [name for name, kind in frame.schema.items() if kind == pl.Float32]
    if small:  # 2.55 of 32 bits is written 2.55, and is 2.5499999523 in 64
        frame = frame.with_columns(pl.col(small).cast(pl.String).cast(pl.Float64))
    return frame.to_dict(as_series=False)


def clean_typed_lines(
    lines: object, plan: CleaningOptions, earlier: pl.DataFrame | None = None
) -> Transactions:
    """Return the canonical transactions of typed lines, as from a file with them.

    `earlier` are canonical lines of the same customers from an earlier file. An order that is among
    them is not taken again, and returns are matched with what was bought then.

    Raises `LineFieldError` when a field is unknown, missing or of another kind; `LimitError` when
    there are too many lines.

    >>> row = {"customer_id": "a", "time": "2011-01-31", "quantity": 2, "price": 1.25}
    >>> shop = clean_typed_lines([row], CleaningOptions())
    >>> shop.lines.collect()["amount"].to_list()
    [25000]
    """
    columns = columns_of(lines)
    rows = max(map(len, columns.values()), default=0)
    if rows > MAX_LINES:
        message = f"{rows:,} lines are more than the {MAX_LINES:,} of one call."
        raise LimitError(message, fix="score them as a file or a frame: predictor.score.")
    for name in columns:
        if name not in FIELDS:
            raise LineFieldError(name, 0, None, "left out", FIELDS)
    nothing: list[Any] = [None] * rows
    columns = {name: _checked(name, values) for name, values in columns.items()}
    for name in needed_fields(columns, plan):
        _require_filled(name, columns.setdefault(name, nothing))
    typed, place = _typed_frame(columns, nothing, plan)
    roles = [name for name in NUMBERS if name in columns]
    # What a field means is said by its name and the plan, and not found out.
    known = replace(plan, amount_level=(plan.amount_level if "amount" in roles else None) or "line")
    money = settled_statuses(typed, roles, plan)
    is_negative = "price" in roles and bool((money["price"] < 0).any())
    for rule in money_rules(money.columns, known, has_negative_prices=is_negative):
        money = rule.clean(money, known)
    _refuse_overflow(money)
    parsed = money.select(KEPT_COLUMNS).with_columns(
        is_return=pl.lit(value=False), void_day=pl.lit(None, pl.Int32)
    )
    canonical, first_day, end_day = apply_rules(parsed, plan)
    if earlier is not None:
        canonical = _after(earlier, canonical, plan)
    fact = InputFile("lines", rows, detected=Detected(time_format=place))
    return Transactions(
        canonical.lazy(), first_day, end_day, "", Ledger(()), plan.currency, (fact,)
    )


def order_key(
    customer_id: object, order_id: object, time: object, plan: CleaningOptions
) -> tuple[str, str, int]:
    """Return customer, number and day of an order as its cleaned lines have them.

    Raises `LineFieldError` when one of them is no id or no time.

    >>> order_key(" 17850.0", 536365, "1970-01-11T10:15", CleaningOptions())
    ('17850', '536365', 10)
    """
    given = {"customer_id": customer_id, "order_id": order_id}
    found = {}
    for name, value in given.items():
        texts = _texts(name, _checked(name, [value]))
        _require_filled(name, texts)
        found[name] = str(texts[0])
    days, _, _ = _moments(_checked("time", [time]), plan)
    return normalize_id(found["customer_id"]) or "", found["order_id"], days[0]


def _after(earlier: pl.DataFrame, new: pl.DataFrame, plan: CleaningOptions) -> pl.DataFrame:
    """Return canonical lines with those that came later; orders are void as all of them say."""
    added = new.join(earlier, on=[*KEY, "is_return"], how="anti")
    both = pl.concat([earlier, added]).with_columns(
        file=0, row=pl.int_range(pl.len()), void_day=pl.lit(None, pl.Int32)
    )
    if plan.as_of is not None:
        both = both.filter(pl.col("day") < day_number(plan.as_of))
    if REFUNDED_ORDERS in selected_rules(plan):
        both = REFUNDED_ORDERS.clean(both, plan)
    return validate_schema(sort_canonical(both), LINES_SCHEMA)


def needed_fields(columns: Iterable[str], plan: CleaningOptions) -> tuple[str, ...]:
    """Return the fields that lines with these fields must have.

    >>> needed_fields(["price"], CleaningOptions())
    ('customer_id', 'time', 'quantity', 'price')
    """
    if plan.revenue == "visits":
        return REQUIRED
    if "amount" in columns:
        return (*REQUIRED, "amount")
    return (*REQUIRED, *(() if plan.default_quantity is not None else ("quantity",)), "price")


def _checked(name: str, values: list[Any]) -> list[Any]:
    """Return a column of values that are all of the field's kind, or empty."""
    kinds, _ = _KINDS[name]
    found = set(map(type, values))
    if any(issubclass(kind, np.generic) for kind in found):
        values = [each.item() if isinstance(each, np.generic) else each for each in values]
        found = set(map(type, values))
    bad = {kind for kind in found if not _is_kind(kind, kinds)}
    if bad:
        _refuse(name, values, lambda each: type(each) in bad)
    if float in found and not all(map(_is_finite, {*values})):
        _refuse(name, values, lambda each: not _is_finite(each))
    return values


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _is_kind(kind: type, kinds: tuple[type, ...]) -> bool:
    # True is an int to Python, and no number to anybody else.
    return kind is type(None) or (issubclass(kind, kinds) and (kind is not bool or bool in kinds))


def _refuse(name: str, values: Sequence[Any], is_bad: Callable[[Any], bool]) -> None:
    """Raise for the first bad value of a field, if there is one."""
    for place, each in enumerate(values):
        if is_bad(each):
            raise LineFieldError(name, place, each, _KINDS[name][1])


def _require_filled(name: str, values: Sequence[Any]) -> None:
    if None in values:
        raise LineFieldError(name, values.index(None), None, _KINDS[name][1])


def _typed_frame(
    columns: Mapping[str, list[Any]], nothing: list[Any], plan: CleaningOptions
) -> tuple[pl.DataFrame, str]:
    """Return the lines as parsing text returns them, and how their times were read."""
    texts = {name: _texts(name, columns.get(name, nothing)) for name in TEXTS}
    _require_filled("customer_id", texts["customer_id"])
    no_customer = {*plan.null_ids}
    ids = {text: normalize_id(text) for text in {*texts["customer_id"]}}
    known = {text: None if each in no_customer else each for text, each in ids.items()}
    texts["customer_id"] = [known[text] for text in texts["customer_id"]]
    if len({*texts["country"]}) > 1:
        merged, _ = harmonize_countries(Counter(filter(None, texts["country"])))
        texts["country"] = [merged.get(each, each) for each in texts["country"]]
    days, minutes, place = _moments(columns["time"], plan)
    codes = zip(texts["product_id"], texts["description"], strict=True)
    found: dict[str, tuple[Sequence[Any], Any]] = {
        "file": (nothing and [0] * len(nothing), pl.Int32),
        "row": (range(2, len(nothing) + 2), pl.Int64),
        **{name: (texts[name], pl.String) for name in TEXTS},
        "item": ([code or text for code, text in codes], pl.String),
        "day": (days, pl.Int32),
        "minute": (minutes, pl.Int16),
        **dict.fromkeys(("is_rounded", "is_suffixed"), ([False] * len(nothing), pl.Boolean)),
    }
    for name in (*NUMBERS, *OFF_NUMBERS):
        if name in columns or name in OFF_NUMBERS:
            found[name] = (_units(name, columns.get(name, nothing), plan), pl.Int64)
            found[f"{name} why"] = (nothing, pl.String)
    typed = pl.DataFrame([pl.Series(n, v, dtype=kind) for n, (v, kind) in found.items()])
    return with_orders(typed), place


def _texts(name: str, values: Sequence[Any]) -> list[Any]:
    """Return texts without blanks around them; nothing where they are empty."""
    known = {each: _text(name, each) for each in {*values}}
    if name in ID_COLUMNS and any(each and len(each) > MAX_ID_LENGTH for each in known.values()):
        _refuse(name, values, lambda each: len(known[each] or "") > MAX_ID_LENGTH)
    return [known[each] for each in values]


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    bare = str(value).strip(BLANK_CHARACTERS)
    return (_DECIMAL_SUFFIX.sub(r"\1", bare) if name in ID_COLUMNS else bare) or None


def _units(name: str, values: Sequence[Any], plan: CleaningOptions) -> list[int | None]:
    """Return numbers in whole units of 10⁻⁴."""
    if name == "quantity" and plan.default_quantity is not None:
        values = [plan.default_quantity if each is None else each for each in values]
    if name in needed_fields((name,), plan):
        _require_filled(name, values)
    known = {each: each if each is None else exact_units(each) for each in {*values}}
    if any(units is None and each is not None for each, units in known.items()):
        _refuse(name, values, lambda each: each is not None and known[each] is None)
    units = [known[each] for each in values]
    if name not in OFF_NUMBERS:
        return units
    # As in files, a rate above one is in percent.
    is_rate = name == "discount" and plan.discount == "rate"
    size = 100 if is_rate and any(abs(each or 0) > MONEY_SCALE for each in units) else 1
    return [each if each is None else abs(each) // size for each in units]


def _moments(
    values: Sequence[Any], plan: CleaningOptions
) -> tuple[list[int], list[int | None], str]:
    """Return the days and minutes of times on the shop's clock, and where that is."""
    _require_filled("time", values)
    # A text is read once. Equal values of other kinds may be of several zones.
    distinct = [*dict.fromkeys(values)] if {*map(type, values)} == {str} else values
    try:
        days, minutes, place = _read_moments(distinct, plan)
    except LineFieldError:
        return _read_moments(values, plan)  # which names the line among all
    if len(distinct) == len(values):
        return days, minutes, place
    day_of, minute_of = (dict(zip(distinct, each, strict=True)) for each in (days, minutes))
    return [day_of[each] for each in values], [minute_of[each] for each in values], place


def _read_moments(
    values: Sequence[Any], plan: CleaningOptions
) -> tuple[list[int], list[int | None], str]:
    moments = [_moment(place, each) for place, each in enumerate(values)]
    zones = {each.utcoffset() for each in moments if isinstance(each, datetime)}
    offsets = sorted(zone for zone in zones if zone is not None)
    if offsets and plan.timezone is None:
        # In files, too, times of several places need the shop's zone.
        if None in zones or offsets[-1] - offsets[0] > timedelta(hours=1):
            is_other = _is_other_zone(offsets[0])
            _refuse("time", moments, is_other)
        place = "UTC" if not any(offsets) else "offset of the shop"
    else:
        place = f"to {plan.timezone}" if offsets else ""
    days, minutes = [], []
    last = _LAST if plan.latest_date is None else day_number(plan.latest_date)
    for number, given in enumerate(moments):
        moment = given
        if isinstance(moment, datetime) and moment.tzinfo is not None and plan.timezone:
            moment = moment.astimezone(ZoneInfo(plan.timezone))
        day = moment.toordinal() - _EPOCH
        if not _FIRST <= day <= last:
            raise LineFieldError("time", number, values[number], "a day that can be true")
        days.append(day)
        clock = moment.time() if isinstance(moment, datetime) else None
        minutes.append(None if clock is None else clock.hour * 60 + clock.minute)
    # Midnight everywhere is no time of the day.
    return days, minutes if any(minutes) else [None] * len(days), place


def _is_other_zone(first: timedelta) -> Callable[[Any], bool]:
    def is_other(each: Any) -> bool:
        offset = each.utcoffset() if isinstance(each, datetime) else first
        return offset is None or abs(offset - first) > timedelta(hours=1)

    return is_other


def _moment(place: int, value: Any) -> date:
    if not isinstance(value, str):
        found: date = value
        return found
    text = value.strip()
    try:
        return datetime.fromisoformat(text) if ":" in text else date.fromisoformat(text)
    except ValueError:
        raise LineFieldError("time", place, value, _KINDS["time"][1]) from None


def _refuse_overflow(money: pl.DataFrame) -> None:
    """Refuse lines whose sums could wrap around; then no sum of any part can."""
    for name in ("quantity", "amount"):
        values = money[name].to_list()
        if None in values or sum(map(abs, values)) >= 2**63:
            raise LimitError(
                f"The {name} of all lines adds up to more than can be counted.",
                fix="check the unit of the numbers.",
            )
