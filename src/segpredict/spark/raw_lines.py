"""Raw rows of a Spark table → canonical lines, by the cleaning rules of one machine.

A rule looks within a customer or an order, so it runs where all rows of a customer are. What the
whole column or the whole shop would decide is decided once before, or refused: nothing depends on
how rows are split.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.load import ConfigLike, as_config
from segpredict.config.source import columns_as_text
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.transactions import InputFile, RawLines, Transactions
from segpredict.data import readers
from segpredict.data.cleaning import CLEANING_RULES, clean_lines
from segpredict.errors import ConfigError, ContractError, SupportError, quote_value
from segpredict.spark.tables import SparkFrame, map_partitions, open_table

NAME = "the table"
ROWS_SEEN = 1000  # rows from which the columns are found
NUMBERS = ("quantity", "price", "amount", "discount")
# What these columns say is a question to the whole table; Spark can answer it before.
FILTERS = {
    "currency": "keep the rows of one currency",
    "status": "keep the rows that are sales",
    "cancelled": "keep the rows that are not cancelled",
    "refund": "take refunds off the amounts",
    "order_total": "take refunds off the amounts",
    "stated_amount": "choose the amount, or quantity and price",
}


@dataclass(frozen=True, slots=True)
class PartCleaning:
    """How each part of a table is cleaned: decided once, the same for all parts."""

    roles: Mapping[str, str]  # role → column
    plan: CleaningOptions
    countries: Mapping[str, str]  # spelling → the one that stands for it
    has_clock: bool  # whether any row tells another time than midnight

    def clean(self, rows: pl.DataFrame) -> Transactions:
        """Return the canonical lines of whole customers."""
        text = columns_as_text(rows, dict(self.roles), NAME)
        if "country" in self.roles:
            text = text.with_columns(pl.col("country").replace(self.countries))
        _refuse_negative_prices(text)
        file, row = pl.lit(0, pl.Int32), pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
        raw = text.select(file.alias("file"), row.alias("row"), *self.roles)
        shop = clean_lines(RawLines(raw, (InputFile(NAME, rows.height),)), self.plan)
        _refuse_changed_ids(text, shop)
        if self.has_clock:  # also where all orders of a part are at midnight
            return replace(shop, lines=shop.lines.with_columns(pl.col("minute").fill_null(0)))
        return shop

    def lines(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the canonical lines alone."""
        return self.clean(rows).lines.collect()

    def entries(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the ledger of the lines as a table."""
        found = [
            (e.stage, e.rule, e.meaning, *astuple(e.count)) for e in self.clean(rows).ledger.entries
        ]
        return pl.DataFrame(found, ENTRY_SCHEMA, orient="row")


COUNTS = ("rows", "orders", "customers", "money")
ENTRY_SCHEMA = {
    **dict.fromkeys(("stage", "rule", "meaning"), pl.String),
    **dict.fromkeys(COUNTS, pl.Int64),
}


def ingest(table: object, config: ConfigLike, *, partitions: int | None = None) -> SparkFrame:
    """Clean the raw rows of a table into canonical lines, `core.schemas.LINES_SCHEMA`.

    `config` names columns and sets rules as for `segpredict.fit`; ``cleaning.amount_level`` must be
    set. Times are dates or timestamps and numbers are numbers: Spark reads text whose format is
    stated (``to_timestamp``, ``cast``), and cells prove nothing here. A timestamp is told in the
    time zone of the session. Each row names its customer and day, and all rows are of one export.

    Cells that cannot be read are rejected as on one machine, when Spark comes to them; a limit of
    unreadable rows holds for each part.

    Raises `ConfigError` when a setting is missing that the data would have to prove;
    `ContractError` when the meaning of a column depends on the whole table.
    """
    frame, parts, none = _prepared(table, config)
    return map_partitions(frame, _key(parts), partitions, parts.lines, parts.lines(none))


def clean_ledger(table: object, config: ConfigLike, *, partitions: int | None = None) -> Ledger:
    """Return where every row of a table goes, as `ingest` cleans it: another pass over the rows.

    Rows without a customer are beside the others of their order's number; where a customer has an
    order of that number as well, one machine counts one order and this ledger two.
    """
    frame, parts, none = _prepared(table, config)
    like = parts.entries(none).clear()
    found = map_partitions(frame, _key(parts), partitions, parts.entries, like)
    summed = pl.DataFrame(found.toArrow()).group_by("stage", "rule", "meaning").sum()
    stages = ("in", "rejected", "excluded", "noted", "used")
    rules = ("", *(rule.name for rule in CLEANING_RULES))

    def place(row: tuple[str, ...]) -> tuple[int, int, str]:
        return stages.index(row[0]), rules.index(row[1] if row[1] in rules else ""), row[1]

    rows = sorted(summed.select(*ENTRY_SCHEMA).iter_rows(), key=place)
    entries = (
        LedgerEntry(stage, rule, meaning, LedgerCount(*counts))
        for stage, rule, meaning, *counts in rows
    )
    return Ledger(tuple(entries))


def _prepared(table: object, config: ConfigLike) -> tuple[SparkFrame, PartCleaning, pl.DataFrame]:
    """Return the needed columns of a table, how each part is cleaned, and no row of it."""
    from pyspark.sql import functions as sql

    given = as_config(config)
    _require_stated(given.cleaning)
    frame = open_table(table)
    local = {name: sql.col(f"`{name}`") for name in frame.columns}
    local |= {n: local[n].cast("timestamp_ntz") for n, kind in frame.dtypes if kind == "timestamp"}
    frame = frame.select(*(value.alias(name) for name, value in local.items()))
    seen = pl.DataFrame(frame.limit(ROWS_SEEN).toArrow())
    if seen.is_empty():
        raise SupportError("The table has no row.", fix="check its name, and what it was made of.")
    found = readers.from_frame(seen, given.source, NAME).files[0].detected
    _refuse_whole_table(found.columns, found.others)
    _refuse_text(found.columns, seen.schema)
    used = frame.select(*(f"`{name}`" for name in dict.fromkeys(found.columns.values())))
    plan = replace(given.cleaning, time_format="ymd", number_format="point")  # as types are told
    has_clock = _decide(used, found.columns, plan)
    parts = PartCleaning(found.columns, plan, _merged_countries(used, found.columns), has_clock)
    return used, parts, seen.select(used.columns).clear()


def _key(parts: PartCleaning) -> SparkFrame:
    """Return what keeps the rows of a customer together, and spreads rows without one."""
    from pyspark.sql import functions as sql

    names = [parts.roles[role] for role in ("customer_id", "order_id") if role in parts.roles]
    return sql.coalesce(*(sql.col(f"`{name}`").cast("string") for name in names))


def _require_stated(plan: CleaningOptions) -> None:
    if plan.amount_level is None and plan.revenue != "visits":
        raise ConfigError(
            "Whether an amount is of its line or its order, and a price of one piece, is not "
            "proved from the rows of a Spark table.",
            fix="say it: cleaning.amount_level = 'line' (or 'order').",
        )
    if plan.discount == "rate":
        raise ConfigError(
            "Whether a rate is in percent is not proved from the rows of a Spark table.",
            fix="compute the money of lines in Spark, and set cleaning.discount = 'included'.",
        )


def _refuse_whole_table(roles: Mapping[str, str], others: Mapping[str, str]) -> None:
    for role, do in FILTERS.items():
        if role in roles:
            raise ContractError(
                f"What the column {quote_value(roles[role])} ({role}) means for a row is decided "
                "by the whole table, and a part of it may decide otherwise.",
                fix=f"{do} in Spark, and leave the column out: source.columns = {{'{role}': ''}}.",
                column=role,
            )
    if "carried_down" in others:
        raise ContractError(
            "Rows leave customer or day to the first row of their order.",
            fix="fill them in Spark.",
            column="customer_id",
        )


def _refuse_text(roles: Mapping[str, str], schema: pl.Schema) -> None:
    for role in ("time", *NUMBERS):
        kind = schema[roles[role]] if role in roles else None
        if kind is None or (kind.is_temporal() if role == "time" else kind.is_numeric()):
            continue
        cast = "to_date(…) or to_timestamp(…)" if role == "time" else "cast('decimal(18, 4)')"
        raise ContractError(
            f"The column {quote_value(roles[role])} ({role}) holds {kind}: how it is written is "
            "not proved from the rows of a Spark table.",
            fix=f"read it in Spark by its format: {cast}.",
            column=role,
        )


def _decide(frame: SparkFrame, roles: Mapping[str, str], plan: CleaningOptions) -> bool:
    """Return whether rows tell a clock; refuse what only the whole shop decides."""
    from pyspark.sql import functions as sql

    column = {role: sql.col(f"`{name}`") for role, name in roles.items()}
    time, number = column["time"], column.get("order_id", sql.lit(None)).cast("string")
    never = sql.lit("").isNull()
    starts, back = never, never
    for prefix in plan.cancel_prefixes:
        starts = starts | sql.ltrim(number).startswith(prefix)
    for role in {"quantity", "amount"} & roles.keys():
        back = back | (column[role] < 0)
    is_marked = column["customer_id"].isNotNull() & starts
    is_back = sql.coalesce(back, never)
    is_date = dict(frame.dtypes)[roles["time"]] == "date"
    clock = never if is_date else (sql.hour(time) > 0) | (sql.minute(time) > 0)
    asked = {"clock": clock, "back": is_marked & is_back, "sold": is_marked & ~is_back}
    (found,) = frame.agg(*(sql.sum(v.cast("int")).alias(n) for n, v in asked.items())).collect()
    if found["back"] and found["sold"]:
        prefixes = " or ".join(plan.cancel_prefixes)
        raise ContractError(
            f"Of rows whose order number starts with {prefixes}, {found['sold']:,} are sold and "
            f"{found['back']:,} given back: what the prefix means is decided by the whole shop.",
            fix="leave the sold ones out in Spark, which contradict themselves; or say that the "
            "prefix marks nothing: cleaning.cancel_prefixes = [].",
            column="order_id",
            count=found["sold"],
        )
    return bool(found["clock"])


def _merged_countries(frame: SparkFrame, roles: Mapping[str, str]) -> dict[str, str]:
    """Return the spellings of countries that become others, by how often the table has each."""
    if "country" not in roles:
        return {}
    counted = pl.DataFrame(frame.groupBy(f"`{roles['country']}`").count().toArrow())
    n = pl.col("count")
    texts = columns_as_text(counted, {"country": counted.columns[0]}, NAME).with_columns(
        counted["count"]
    )
    ranked = texts.drop_nulls().group_by("country").agg(n.sum()).sort("country")
    # Cleaning takes the commonest: as many rows of each as there are rarer ones say which it is.
    ids = pl.int_range(pl.len()).cast(pl.String).alias("customer_id")
    repeated = pl.col("country", "customer_id").repeat_by(pl.col("n"))
    rows = (
        ranked.select("country", ids, n=n.rank("dense"))
        .select(repeated)
        .explode("country", "customer_id")
    )
    shop = clean_lines(readers.from_frame(rows.with_columns(time=pl.lit("2000-01-01"), amount=1)))
    named = shop.lines.select("customer_id", as_="country").unique().collect()
    pairs = rows.unique("customer_id").join(named, on="customer_id")
    return dict(pairs.filter(pl.col("country") != pl.col("as_")).select("country", "as_").rows())


def _refuse_negative_prices(text: pl.DataFrame) -> None:
    if "price" not in text.columns or "amount" in text.columns:
        return
    is_negative = pl.col("customer_id").is_not_null() & (pl.col("price").cast(pl.Float64) < 0)
    below = text.filter(is_negative)
    if below.height:
        raise ContractError(
            f"The price is negative on {below.height:,} rows of customers: whether money was paid "
            "back depends on what the whole shop asks for the product.",
            fix="compute the money of lines in Spark and name it: source.columns = {'price': '', "
            "'amount': COLUMN}; or leave these rows out.",
            column="price",
            count=below.height,
        )


def _refuse_changed_ids(text: pl.DataFrame, shop: Transactions) -> None:
    """Refuse ids that become others: their rows may be in another part."""
    ids = shop.lines.select("customer_id").unique().collect()
    changed = ids.join(text, on="customer_id", how="anti")
    if changed.height:
        raise ContractError(
            f"Customer ids are written in several ways: {quote_value(changed.item(0, 0))} stands "
            "in the table with blanks, a decimal .0 or other signs.",
            fix="write each id in one way in Spark: trim(…), or a cast to bigint and string.",
            column="customer_id",
        )
