"""What whole columns prove: how each distinct text is read, for all shards alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import DECIMAL_SUFFIX, ID_COLUMNS
from segpredict.core.transactions import MONEY_SCALE, RawLines
from segpredict.data.cleaning._ids import ProvenIds, harmonize_countries, prove_customer_ids
from segpredict.data.cleaning._moments import ReadTimes
from segpredict.data.cleaning._numbers import NumberColumn, prove_numbers, single_currency
from segpredict.data.cleaning._time_formats import TimeSettings
from segpredict.data.cleaning._times import prove_times
from segpredict.errors import ContractError, quote_value

MONEY_ROLES = ("quantity", "price", "amount", "stated_amount")
OFF_ROLES = ("discount", "refund", "order_total")
TEXT_ROLES = (*ID_COLUMNS, "description", "country", "status", "cancelled", *OFF_ROLES)
EMPTY_REASON = "is empty"


@dataclass(frozen=True, slots=True)
class ColumnProof:
    """How the texts of each column are read."""

    times: ReadTimes
    numbers: Mapping[str, NumberColumn]  # role → its numbers, of the roles that there are
    off: Mapping[str, pl.DataFrame]  # role → the same of money off, without a sign
    customers: ProvenIds
    countries: Mapping[str, str]  # spelling → the one that stands for it
    currencies: tuple[Mapping[str, int], Mapping[str, int]]  # rows of each: in money; in a column
    filled: frozenset[str]  # the roles that have any value
    notes: tuple[str, ...]  # on unusual texts, as sentences

    @property
    def decimal_mark(self) -> str:
        """How numbers are written."""
        marks = {column.decimal_mark for column in self.numbers.values()} - {""}
        return " and ".join(sorted(marks))

    @property
    def has_negative_prices(self) -> bool:
        """Whether any price is below zero."""
        found = self.numbers.get("price")
        return found is not None and bool((found.frame["price"] < 0).any())

    @property
    def customer(self) -> pl.Expr:
        """The customer of a raw row."""
        given, changed = pl.col("customer_id"), self.customers.changed
        if changed.is_empty():
            return given
        return given.replace_strict(
            changed["text"], changed["id"], default=given, return_dtype=pl.String
        )

    def currency(self) -> str:
        """Return the one currency, from a column of its own or from the money."""
        money, named = self.currencies
        single_currency(named, "currency column")
        return single_currency({**money, **named}, "money")


def with_roles(rows: pl.LazyFrame, plan: CleaningOptions) -> pl.LazyFrame:
    """Return raw rows with all optional roles; an empty quantity is what the plan says."""
    known = rows.collect_schema().names()
    optional = [role for role in TEXT_ROLES if role not in known]
    cells = rows.with_columns(pl.lit(None, pl.String).alias(role) for role in optional)
    if plan.default_quantity is None or "quantity" not in known:
        return cells
    return cells.with_columns(pl.col("quantity").fill_null(str(plan.default_quantity)))


def prove_columns(raw: RawLines, plan: CleaningOptions) -> ColumnProof:
    """Return how the texts of all columns are read.

    Raises `ContractError` when two readings of a column fit.
    """
    cells, engine = with_roles(raw.rows, plan), raw.engine
    schema = cells.collect_schema().names()
    numeric = [role for role in MONEY_ROLES if role in schema]
    roles = ["time", *numeric, "customer_id", "country", *OFF_ROLES, "status", "cancelled"]
    counted = _count_texts(cells, roles, engine)
    times = _prove_times(raw, counted["time"], plan)
    numbers = {r: prove_numbers(counted[r], r, plan.number_format) for r in numeric}
    customers = prove_customer_ids(counted["customer_id"], plan.null_ids)
    countries, country_notes = harmonize_countries(dict(counted["country"].iter_rows()))
    off = {role: _prove_off(counted[role], role, plan) for role in OFF_ROLES}
    money: dict[str, int] = {}
    for role in ("price", "amount"):
        for currency, n in (numbers[role].currencies if role in numbers else {}).items():
            money[currency] = money.get(currency, 0) + n
    named: dict[str, int] = {}
    if "currency" in schema:
        upper = cells.select(text=pl.col("currency").str.to_uppercase())
        named = dict(_count_texts(upper, ["text"], engine)["text"].iter_rows())
    has_orders = cells.select(pl.col("order_id").is_not_null().any()).collect(engine=engine).item()
    filled = {role for role, texts in counted.items() if texts.height}
    return ColumnProof(
        times=times,
        numbers=numbers,
        off=off,
        customers=customers,
        countries=countries,
        currencies=(money, named),
        filled=frozenset(filled | ({"order_id"} if has_orders else set())),
        notes=(*times.notes, *customers.notes, *country_notes),
    )


def read_days(raw: RawLines, plan: CleaningOptions) -> pl.DataFrame:
    """Return the day of each distinct time: ``text``, and ``day``, null where it is none."""
    counted = _count_texts(raw.rows, ["time"], raw.engine)["time"]
    return _prove_times(raw, counted, plan).frame.select("text", "day")


def _count_texts(
    cells: pl.LazyFrame, roles: Iterable[str], engine: Literal["auto", "streaming"]
) -> dict[str, pl.DataFrame]:
    """Return the distinct texts of each role, sorted, and how many cells hold each."""
    names = list(roles)
    queries = [
        cells.select(text=role).drop_nulls().group_by("text").agg(n=pl.len()).sort("text")
        for role in names
    ]
    return dict(zip(names, pl.collect_all(queries, engine=engine), strict=True))


def _prove_times(raw: RawLines, counted: pl.DataFrame, plan: CleaningOptions) -> ReadTimes:
    settings = TimeSettings(plan.time_format, plan.timezone, plan.excel_epoch, plan.century_pivot)
    columns = {fact.detected.columns.get("time", "time") for fact in raw.files}
    name = columns.pop() if len(columns) == 1 else "time"
    try:
        return prove_times(counted, name, settings)
    except ContractError as error:
        places = []  # of its examples
        for example in error.where.get("examples", [])[:2]:
            spots = raw.rows.filter(pl.col("time") == example).sort("file", "row")
            for file, row in spots.select("file", "row").head(1).collect().rows():
                places.append(f"{quote_value(example)} is in {raw.files[file].name} row {row}")
        message = f"{error.message} {'; '.join(places)}." if places else error.message
        raise ContractError(message, fix=error.fix, **error.where) from None


def _prove_off(counted: pl.DataFrame, role: str, plan: CleaningOptions) -> pl.DataFrame:
    """Return money off a line or order, whatever its sign."""
    is_rate = role == "discount" and plan.discount == "rate"
    bare = pl.col("text").str.replace(r"\s*%\s*$", "") if is_rate else pl.col("text")
    texts = counted.with_columns(bare=bare)
    once = texts.group_by(text="bare").agg(pl.col("n").sum()).sort("text")
    found = prove_numbers(once, role, plan.number_format).frame
    size = pl.col(role).abs()
    is_percent = counted["text"].str.contains("%").any()
    if is_rate and (is_percent or (found[role].abs() > MONEY_SCALE).any()):
        size = size // 100  # in percent
    key = found.select(size, f"{role} why", bare="text")
    return texts.select("text", "bare").join(key, on="bare", how="left").drop("bare")


def read_cells(cells: pl.DataFrame, proof: ColumnProof) -> pl.DataFrame:
    """Return raw rows with what their texts mean: days, numbers, customers and countries.

    Beside each number stands why it is none (`why`); ``item`` tells one product of an order from
    another; ``is_rounded`` and ``is_suffixed`` mark rows of which a cell was changed.
    """
    keys = {role: column.frame for role, column in proof.numbers.items()} | dict(proof.off)
    lines = (
        cells.lazy().with_columns(pl.col(role).alias(f"{role} text") for role in keys).drop(keys)
    )
    for text, key in {
        "time": proof.times.frame,
        **{f"{r} text": k for r, k in keys.items()},
    }.items():
        lines = lines.join(
            key.lazy(), left_on=text, right_on="text", how="left", maintain_order="left"
        )
    needed = {"time": "day why", **{f"{role} text": f"{role} why" for role in proof.numbers}}
    empty = [
        pl.when(pl.col(text).is_null()).then(pl.lit(EMPTY_REASON)).otherwise(why).alias(why)
        for text, why in needed.items()
    ]
    country = pl.col("country")
    rounded = [pl.col(f"{role} rounded").fill_null(value=False) for role in proof.numbers]
    suffixed = [pl.col(r).str.contains(DECIMAL_SUFFIX).fill_null(value=False) for r in ID_COLUMNS]
    return lines.select(
        *("file", "row", "status", "cancelled", "day", "minute"),
        *(pl.col(role).str.replace(DECIMAL_SUFFIX, "$1") for role in ID_COLUMNS[1:]),
        proof.customer,
        country.replace(dict(proof.countries)) if proof.countries else country,
        *empty,
        *(f"{role} why" for role in proof.off),
        *keys,
        item=pl.coalesce("product_id", "description"),
        is_rounded=pl.any_horizontal(pl.lit(value=False), *rounded),
        is_suffixed=pl.any_horizontal(suffixed),
    ).collect()
