"""Raw lines → transactions: parse, run the rules in order, sort, fingerprint."""

import hashlib
from dataclasses import replace

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import DECIMAL_SUFFIX, ID_COLUMNS
from segpredict.core.orders import is_head
from segpredict.core.schemas import LINES_SCHEMA, validate_schema
from segpredict.core.transactions import RawLines, Transactions
from segpredict.core.window import as_date, day_number
from segpredict.data.cleaning._describe import data_quality_notes
from segpredict.data.cleaning._ids import product_name_notes, product_names
from segpredict.data.cleaning._ledger import CleaningRule, LedgerWriter
from segpredict.data.cleaning._numbers import (
    AMBIGUOUS_SIGNS,
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    SIGN_OF_CURRENCY,
)
from segpredict.data.cleaning._parse import ParsedLines, parse_lines
from segpredict.data.cleaning._rules import AFTER_CUTOFF, BEFORE_FIRST, selected_rules
from segpredict.data.cleaning._statuses import status_table
from segpredict.errors import ContractError

ROWS_PER_HASH = 1_000_000  # rows that are hashed at a time


def clean_lines(raw: RawLines, plan: CleaningOptions | None = None) -> Transactions:
    """Return the canonical transactions of raw lines, and where every row went.

    They are equal, to the bit, for the same lines in any order, from one file or many and
    from any format.

    Raises `BadCellsError` when a cell cannot be read and the plan says ``fail``;
    `TooManyBadRowsError` when more rows cannot be read than the plan lets pass; `ContractError`
    when two readings of a column fit; `UnknownNameError` when the plan names a rule that is not
    there.

    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "a", None], "date": ["2011-01-31"] * 3}
    >>> raw = from_frame(pl.DataFrame({**rows, "amount": ["2.50", "1", "9"]}))
    >>> shop = clean_lines(raw)
    >>> shop.lines.collect()["amount"].to_list(), shop.ledger.adds_up
    ([10000, 25000], True)
    """
    plan = plan or CleaningOptions()
    rules = selected_rules(plan)
    parsed = parse_lines(raw, plan)
    _refuse_other_currency(plan.currency, parsed.currency)
    ledger_writer = LedgerWriter(parsed.lines)
    lines = _without_rejects(parsed, ledger_writer)
    first_day, end_day = _period(lines, plan, rules)
    _note_cells(raw, lines, ledger_writer)
    statuses = status_table(lines, plan)
    used, notes = _ruled(lines, rules, plan, ledger_writer)
    ledger = ledger_writer.finish(used)
    if plan.as_of is not None and day_number(plan.as_of) > end_day:
        notes += (
            f"The data end on {as_date(end_day - 1)}, before the cutoff "
            f"{as_date(day_number(plan.as_of))}; days without data are not taken for silence.",
        )
    notes += data_quality_notes(lines, used, raw.files)
    canonical = validate_schema(_canonical(used), LINES_SCHEMA)
    names = product_names(_known_products(raw, parsed, plan, rules), canonical["product_id"])
    times, mark = parsed.time_format, parsed.decimal_mark
    return Transactions(
        lines=canonical.lazy(),
        first_day=first_day,
        end_day=end_day,
        fingerprint=fingerprint_lines(canonical),
        ledger=ledger,
        currency=plan.currency or SIGN_OF_CURRENCY.get(parsed.currency, parsed.currency),
        files=tuple(
            replace(fact, detected=replace(fact.detected, time_format=times, decimal_mark=mark))
            for fact in raw.files
        ),
        rejects=None if plan.on_bad_rows == "drop" else parsed.rejects,
        statuses=statuses,
        product_names=names,
        notes=parsed.notes + notes + product_name_notes(names),
    )


def _known_products(
    raw: RawLines, parsed: ParsedLines, plan: CleaningOptions, rules: tuple[CleaningRule, ...]
) -> pl.DataFrame:
    """Return code and description of the rows before the cutoff: later ones are not known yet."""
    if plan.as_of is None or AFTER_CUTOFF not in rules:
        return parsed.products
    place = ["file", "row"]
    cells = pl.concat([raw.frame.select(place), parsed.products], how="horizontal")
    known = parsed.lines.filter(pl.col("day") < day_number(plan.as_of)).select(place)
    return cells.join(known, on=place, how="semi")


def _refuse_other_currency(named: str, found: str) -> None:
    """Refuse data in another currency than the one that the settings print before money."""
    signs = AMBIGUOUS_SIGNS.get(found, AMBIGUOUS_SIGNS.get(named, frozenset()))
    same = {found, SIGN_OF_CURRENCY.get(found, found), CURRENCY_SIGNS.get(found, found)}
    is_known = named in CURRENCY_SIGNS or named in CURRENCY_CODES
    if found and is_known and not {named, CURRENCY_SIGNS.get(named, named)} & {*same, *signs}:
        message = f"The data are in {found}, and cleaning.currency says {named}."
        fix = f"set it right: --set cleaning.currency={found}."
        raise ContractError(message, fix=fix, column="currency")


def _ruled(
    lines: pl.DataFrame,
    rules: tuple[CleaningRule, ...],
    plan: CleaningOptions,
    ledger_writer: LedgerWriter,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return what the rules leave, and what they have to say."""
    notes: tuple[str, ...] = ()
    for rule in rules:
        outcome = rule.apply(lines, plan)
        lines = outcome.lines
        notes += outcome.notes
        ledger_writer.charge(
            "excluded", rule.name, rule.meaning, lines, changes_money=outcome.changes_money
        )
        if outcome.noted_lines is not None and outcome.noted_lines.height:
            ledger_writer.add_note(rule.name, rule.meaning, outcome.noted_lines)
    return lines, notes


def apply_rules(lines: pl.DataFrame, plan: CleaningOptions) -> tuple[pl.DataFrame, int, int]:
    """Return what the rules leave of readable lines, in canonical form, and the days observed."""
    rules = selected_rules(plan)
    first_day, end_day = _period(lines, plan, rules)
    for rule in rules:
        lines = rule.apply(lines, plan).lines
    return validate_schema(_canonical(lines), LINES_SCHEMA), first_day, end_day


def _without_rejects(parsed: ParsedLines, ledger_writer: LedgerWriter) -> pl.DataFrame:
    """Take out unreadable rows, reason by reason."""
    lines = parsed.lines
    reasons = lines.select("column", "reason").drop_nulls().unique().sort(pl.all())
    for column, reason in reasons.rows():
        is_bad = (pl.col("column") == column) & (pl.col("reason") == reason)
        lines = lines.filter(~is_bad.fill_null(value=False))
        ledger_writer.charge("rejected", f"{column} {reason}", f"The {column} {reason}.", lines)
    return lines.drop("column", "reason").with_columns(
        is_return=pl.lit(value=False), void_day=pl.lit(None, pl.Int32)
    )


def _period(
    lines: pl.DataFrame, plan: CleaningOptions, rules: tuple[CleaningRule, ...]
) -> tuple[int, int]:
    """Return the days on which the shop was observed."""
    if lines.is_empty():
        return 0, 0
    first, end = int(lines["day"].min()), int(lines["day"].max()) + 1  # type: ignore[arg-type]
    if plan.first_date is not None and BEFORE_FIRST in rules:
        first = max(first, day_number(plan.first_date))
    if plan.as_of is not None and AFTER_CUTOFF in rules:
        end = min(end, day_number(plan.as_of))
    return first, max(first, end)


def _note_cells(raw: RawLines, lines: pl.DataFrame, ledger_writer: LedgerWriter) -> None:
    """Note rows with a cell that was changed in parsing."""
    rounded = lines.filter("is_rounded")
    if rounded.height:
        ledger_writer.add_note("rounded", "A number was rounded to four decimals.", rounded)
    cells = raw.frame.select("file", "row", *(r for r in ID_COLUMNS if r in raw.frame.columns))
    ids = pl.any_horizontal(pl.col(r).str.contains(DECIMAL_SUFFIX) for r in cells.columns[2:])
    places = cells.filter(ids)
    if places.height:
        same = lines.join(places, on=["file", "row"], how="semi")
        ledger_writer.add_note("float_suffix", "An id lost the .0 that a float left behind.", same)


def _canonical(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines as `core.schemas.LINES_SCHEMA` wants them."""
    is_back = pl.col("is_return") | (pl.col("quantity") < 0) | (pl.col("amount") < 0)
    marked = lines.lazy().with_columns(is_back.alias("is_return"), pl.col("day").cast(pl.Int32))
    return _in_order(marked).collect()


def sort_canonical(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines in their one and only order, the first of each order marked."""
    return _in_order(lines.lazy()).collect()


def _in_order(lines: pl.LazyFrame) -> pl.LazyFrame:
    names = [name for name in LINES_SCHEMA.columns if name != "is_order_head"]
    in_order = dict.fromkeys(["customer_id", "day", "minute", "order_id", *names])
    ordered = lines.select(names).sort(*in_order, nulls_last=False)
    return ordered.with_columns(is_head()).select(list(LINES_SCHEMA.columns))


def fingerprint_lines(lines: pl.DataFrame) -> str:
    """Return the SHA-256 of lines in their canonical order.

    The bytes are those of CSV with whole numbers, so no version of a binary format, no thread and
    no chunk can change them. Text is never empty, so null is distinct.
    """
    digest = hashlib.sha256(",".join(lines.columns).encode())
    for part in lines.iter_slices(ROWS_PER_HASH):
        digest.update(part.write_csv(include_header=False).encode())
    return digest.hexdigest()
