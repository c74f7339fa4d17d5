"""Raw text → typed lines, and a reject for every row that cannot be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.config.cleaning import CleaningOptions, allowed_bad_rows
from segpredict.config.source import DECIMAL_SUFFIX, ID_COLUMNS
from segpredict.core.transactions import MONEY_SCALE, InputFile, RawLines
from segpredict.core.window import day_number
from segpredict.data.cleaning._ids import MAX_ID_LENGTH, harmonize_countries, normalize_customer_ids
from segpredict.data.cleaning._ledger import RuleOutcome
from segpredict.data.cleaning._moments import ReadTimes
from segpredict.data.cleaning._money import settle_money
from segpredict.data.cleaning._numbers import NumberColumn, parse_numbers, single_currency
from segpredict.data.cleaning._statuses import is_credit, is_no_sale
from segpredict.data.cleaning._time_formats import TimeSettings
from segpredict.data.cleaning._times import parse_times
from segpredict.errors import BadCellsError, ContractError, TooManyBadRowsError, quote_value

KEPT_COLUMNS = (
    *("file", "row", *ID_COLUMNS, "country", "day", "minute", "quantity", "price", "amount"),
    *("discount", "status", "cancelled", "refund", "order_total", "item", "is_numbered"),
    "is_rounded",
)
MONEY_ROLES = ("quantity", "price", "amount", "stated_amount")
OFF_ROLES = ("discount", "refund", "order_total")
EMPTY_REASON = "is empty"
TOO_LATE_REASON = "lies after the last day that can be true"
REJECTS_SCHEMA = {"file": pl.String, "row": pl.Int64} | dict.fromkeys(
    ("column", "value", "reason"), pl.String
)


@dataclass(frozen=True, slots=True)
class ParsedLines:
    """Every raw row, typed as far as it can be."""

    lines: pl.DataFrame  # all rows; ``reason`` says what is wrong with an unreadable one
    rejects: pl.DataFrame  # one row per unreadable row: file, row, column, value, reason
    products: pl.DataFrame  # code and description of each row
    # what the columns proved
    time_format: str = ""
    decimal_mark: str = ""
    currency: str = ""  # the currency found in the data; empty if there is none
    notes: tuple[str, ...] = ()  # notes on unusual cells, as sentences


def parse_lines(raw: RawLines, plan: CleaningOptions) -> ParsedLines:
    """Return typed lines."""
    cells = _with_roles(raw.frame, plan)
    times = _times_of(raw, plan)
    roles = [role for role in MONEY_ROLES if role in raw.frame]
    numbers = {r: parse_numbers(cells[r], r, plan.number_format) for r in roles}
    ids, id_notes = normalize_customer_ids(cells["customer_id"], plan.null_ids)
    countries, country_notes = harmonize_countries(cells["country"])
    codes = [pl.col(role).str.replace(DECIMAL_SUFFIX, "$1") for role in ID_COLUMNS[1:]]
    item = pl.coalesce("product_id", "description")  # tells one product of an order from another
    frames = [
        cells.select("file", "row", "status", "cancelled", *codes, item=item),
        ids.to_frame(),
        countries.to_frame(),
        times.frame,
        *(column.frame for column in numbers.values()),
        *(_off(cells[role], plan) for role in OFF_ROLES),
    ]
    typed = settled_statuses(with_orders(pl.concat(frames, how="horizontal")), roles, plan)
    is_rounded = pl.any_horizontal(pl.lit(value=False), *(f"{role} rounded" for role in roles))
    money = _settled(typed.with_columns(is_rounded=is_rounded), plan, raw.files)
    # Numbers without which a line has money all the same need not be readable.
    spare = ("stated_amount", "price") if "amount" in roles else ("stated_amount",)
    needed = [role for role in (*roles, *OFF_ROLES) if role not in spare]
    lines = _mark_unreadable(money.lines, needed, plan)
    rejects = _rejects(lines, cells, raw.files)
    if raw.rejects is not None:
        lines, rejects = _with_broken(lines, rejects, raw)
    _limit_rejects(rejects, lines.height, plan)
    _refuse_overflow(lines)
    notes = (*times.notes, *id_notes, *country_notes, *money.notes)
    marks = {column.decimal_mark for column in numbers.values()} - {""}
    return ParsedLines(
        # Money of a row that cannot be read otherwise stands in the ledger beside its reason.
        lines=lines.with_columns(pl.col("amount").fill_null(0)),
        rejects=rejects,
        products=cells.select(codes[-1], "description"),
        time_format=times.format,
        decimal_mark=" and ".join(sorted(marks)),
        currency=_currency_of(cells, numbers),
        notes=notes,
    )


def _with_broken(
    lines: pl.DataFrame, rejects: pl.DataFrame, raw: RawLines
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add records that are no rows: lines with nothing but a reason."""
    assert raw.rejects is not None
    places = {fact.name: i for i, fact in enumerate(raw.files)}
    number = pl.col("file").replace_strict(places, return_dtype=pl.Int32)
    broken = raw.rejects.select(number, "row", "column", "reason")
    every = pl.concat([rejects, raw.rejects.select(list(REJECTS_SCHEMA))])
    return pl.concat([lines, broken], how="diagonal"), every.sort("file", "row")


def _settled(typed: pl.DataFrame, plan: CleaningOptions, files: Sequence[InputFile]) -> RuleOutcome:
    """Settle the money of lines; an error names the column as the file does."""
    try:
        return settle_money(typed, plan)
    except ContractError as error:
        names = [fact.detected.columns.get(str(error.where.get("column"))) for fact in files]
        error.fix = error.fix.replace("=COLUMN", f"='{next(filter(None, names), 'COLUMN')}'")
        raise


def settled_statuses(
    typed: pl.DataFrame, roles: Sequence[str], plan: CleaningOptions
) -> pl.DataFrame:
    """Return lines with no money where the status says so, and a sign where it pays back."""
    if typed["status"].null_count() == typed.height:
        return typed
    return _with_credits(_without_void_money(typed, roles, plan), roles, plan)


def _without_void_money(
    typed: pl.DataFrame, roles: Sequence[str], plan: CleaningOptions
) -> pl.DataFrame:
    """Let a row that is no sale have no money: exporters leave its cells empty."""
    is_void = pl.lit(is_no_sale(typed["status"], plan))
    empty = {role: is_void & (pl.col(f"{role} why") == EMPTY_REASON) for role in roles}
    return typed.with_columns(
        *(pl.when(none).then(0).otherwise(role).alias(role) for role, none in empty.items()),
        *(pl.when(~none).then(f"{role} why").alias(f"{role} why") for role, none in empty.items()),
    )


def _with_credits(typed: pl.DataFrame, roles: Sequence[str], plan: CleaningOptions) -> pl.DataFrame:
    """Give rows that pay money back, such as credit notes, the sign that says so."""
    marked = pl.lit(is_credit(typed["status"], plan))
    signed = "amount" if "amount" in roles else "quantity"
    if signed not in roles:
        return typed
    less = pl.when(marked).then(-pl.col(signed).abs()).otherwise(signed)
    return typed.with_columns(less.alias(signed))


def _with_roles(frame: pl.DataFrame, plan: CleaningOptions) -> pl.DataFrame:
    roles = (*ID_COLUMNS, "description", "country", "status", "cancelled", *OFF_ROLES)
    optional = [role for role in roles if role not in frame.columns]
    frame = frame.with_columns(pl.lit(None, pl.String).alias(r) for r in optional)
    if plan.default_quantity is None or "quantity" not in frame.columns:
        return frame
    return frame.with_columns(pl.col("quantity").fill_null(str(plan.default_quantity)))


def _times_of(raw: RawLines, plan: CleaningOptions) -> ReadTimes:
    settings = TimeSettings(plan.time_format, plan.timezone, plan.excel_epoch, plan.century_pivot)
    columns = {fact.detected.columns.get("time", "time") for fact in raw.files}
    name = columns.pop() if len(columns) == 1 else "time"
    try:
        return parse_times(raw.frame["time"].alias(name), settings)
    except ContractError as error:
        places = []  # of its examples
        for example in error.where.get("examples", [])[:2]:
            spots = raw.frame.filter(pl.col("time") == example).sort("file", "row")
            for file, row in spots.select("file", "row").head(1).rows():
                places.append(f"{quote_value(example)} is in {raw.files[file].name} row {row}")
        message = f"{error.message} {'; '.join(places)}." if places else error.message
        raise ContractError(message, fix=error.fix, **error.where) from None


def _currency_of(cells: pl.DataFrame, numbers: Mapping[str, NumberColumn]) -> str:
    """Return the one currency, from a column of its own or from the money."""
    rows: dict[str, int] = {}
    for name in ("price", "amount"):
        found = numbers[name].currencies if name in numbers else {}
        for currency, n in found.items():
            rows[currency] = rows.get(currency, 0) + n
    if "currency" in cells.columns:
        counted = cells["currency"].str.to_uppercase().drop_nulls().value_counts()
        named = dict(zip(counted.to_series(0), counted.to_series(1), strict=True))
        single_currency(named, "currency column")
        rows |= named
    return single_currency(rows, "money")


def _off(cells: pl.Series, plan: CleaningOptions) -> pl.DataFrame:
    """Return money off a line or order, whatever its sign; an empty cell is no error."""
    name = cells.name
    is_rate = name == "discount" and plan.discount == "rate"
    texts = cells.str.replace(r"\s*%\s*$", "").alias(name) if is_rate else cells
    found = parse_numbers(texts, name, plan.number_format).frame
    size = pl.col(name).abs()
    if is_rate and (cells.str.contains("%").any() or (found[name].abs() > MONEY_SCALE).any()):
        size = size // 100  # in percent
    why = pl.when(pl.lit(cells).is_not_null()).then(f"{name} why")
    return found.select(size, why.alias(f"{name} why"))


def _mark_unreadable(
    lines: pl.DataFrame, numbers: Iterable[str], plan: CleaningOptions
) -> pl.DataFrame:
    """Return lines with the column and the reason of what cannot be read."""
    whys = {"time": "day why", **{role: f"{role} why" for role in numbers}}
    checks = [(column, pl.col(why).is_not_null(), pl.col(why)) for column, why in whys.items()]
    if plan.latest_date is not None:
        is_late = pl.col("day") > day_number(plan.latest_date)
        checks.append(("time", is_late, pl.lit(TOO_LATE_REASON)))
    too_long = pl.lit(f"is longer than {MAX_ID_LENGTH} characters")
    checks += [(r, pl.col(r).str.len_chars() > MAX_ID_LENGTH, too_long) for r in ID_COLUMNS]
    checks.append(("amount", pl.col("amount").is_null(), pl.lit("is too large")))
    bad = pl.coalesce(
        pl.when(is_bad).then(pl.struct(column=pl.lit(column), reason=reason))
        for column, is_bad, reason in checks
    )
    found = lines.with_columns(bad=bad)
    return found.select(*KEPT_COLUMNS, pl.col("bad").struct.field("column", "reason"))


def _rejects(lines: pl.DataFrame, cells: pl.DataFrame, files: Sequence[InputFile]) -> pl.DataFrame:
    roles = [role for role in cells.columns if role not in ("file", "row")]
    names = {i: fact.name for i, fact in enumerate(files)}
    return (
        cells.with_columns(lines["column"], lines["reason"])
        .filter(pl.col("reason").is_not_null())
        .sort("file", "row")
        .select(
            pl.col("file").replace_strict(names, return_dtype=pl.String),
            "row",
            "column",
            pl.coalesce(pl.when(pl.col("column") == r).then(r) for r in roles).alias("value"),
            "reason",
        )
        .cast(REJECTS_SCHEMA)  # type: ignore[arg-type]
    )


def _limit_rejects(rejects: pl.DataFrame, total: int, plan: CleaningOptions) -> None:
    if rejects.is_empty():
        return
    first = rejects.row(0, named=True)
    if plan.on_bad_rows == "fail":
        alike = (pl.col("column") == first["column"]) & (pl.col("reason") == first["reason"])
        count = rejects.filter(alike).height
        if (first["column"], first["reason"]) == ("quantity", EMPTY_REASON):
            first["fix"] = (
                "say what an empty quantity means: --set cleaning.default_quantity=1; or rerun "
                "with --on-bad-rows quarantine."
            )
        raise BadCellsError(first["column"], first["reason"], count, total, first)
    if rejects.height > allowed_bad_rows(plan.max_bad_rows, total):
        raise TooManyBadRowsError(rejects.height, total, plan.max_bad_rows, first)


def _refuse_overflow(lines: pl.DataFrame) -> None:
    """Refuse data whose sums could wrap around; then no sum of any part can."""
    totals = lines.select(
        pl.col(name).cast(pl.Int128).abs().sum() for name in ("quantity", "amount")
    )
    for name, total in zip(totals.columns, totals.row(0), strict=True):
        if total >= 2**63:
            message = f"The {name} of all rows adds up to {total // MONEY_SCALE}, too large."
            raise ContractError(message, fix="check that the right column was named.", column=name)


def with_orders(lines: pl.DataFrame) -> pl.DataFrame:
    """Let customer and day make an order wherever no number does."""
    if not lines["order_id"].null_count():
        return lines.with_columns(is_numbered=pl.lit(value=True))
    own = pl.format(
        "{}/{}",
        pl.col("customer_id").fill_null(""),
        pl.col("day").cast(pl.Date).dt.to_string("%Y-%m-%d"),
    )
    return lines.with_columns(
        pl.coalesce("order_id", own).alias("order_id"), is_numbered=pl.col("order_id").is_not_null()
    )
