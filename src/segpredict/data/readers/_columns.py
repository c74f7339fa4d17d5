"""Which column plays which role: as named, by the names of common exports, or by content.

Where roles have no column, the error names candidates by content, or what the table is instead.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.config.column_aliases import NORMALIZED_ALIASES, normalize_name
from segpredict.config.presets import preset_for
from segpredict.config.source import SourceOptions
from segpredict.core.schemas import COLUMN_ROLES
from segpredict.core.transactions import RawLines
from segpredict.data.readers import _content as content
from segpredict.data.readers._content import NAME_WORDS
from segpredict.data.readers._money_columns import related_money
from segpredict.data.readers._table import TableCells
from segpredict.errors import ColumnMissingError, ContractError, quote_value

MAX_CANDIDATES = 3
WITH_TAX = r"(?i)\(?\b(inc|ex|incl|excl|including|excluding)\b\.?\s*(tax|vat|mwst)?\)?"
CURRENCY_REMARK = r"\s*[(\[]\s*([A-Z]{3}|[€$£¥]|in [A-Z]{3})\s*[)\]]\s*$"
MIN_ROWS = 50  # in fewer rows a column may be empty by chance
REQUIRED_ROLES = ("customer_id", "time")


@dataclass(frozen=True, slots=True)
class _Column:
    """What the cells of a column look like."""

    name: str
    is_time: bool
    is_number: bool
    has_decimals: bool
    distinct_share: float  # distinct values per filled cell
    is_constant: bool  # whether several cells are all alike
    is_digits: bool  # whether all cells are digits alone

    def is_named(self, words: Sequence[str]) -> bool:
        """Return whether any of these words is in its name."""
        return content.holds(normalize_name(self.name), words)


def missing_roles_error(
    missing: Sequence[str], chosen: Mapping[str, str], table: TableCells, file: str
) -> ContractError:
    """Return the error that names all missing roles at once, with candidates for each."""
    free = [name for name in table.columns if name not in chosen.values()]
    columns = [_look(table.head[name]) for name in free]
    other = _other_table(missing, columns, table, file)
    if other is not None:
        return other
    options = {role: _candidates(role, columns, chosen)[:MAX_CANDIDATES] for role in missing}
    if "amount" in options and "price" in chosen:
        options["amount"] = [chosen["price"]]  # every row is one piece
    listed = "; ".join(_words(role, options[role], chosen) for role in missing)
    money = _sums(options.get("amount", ()), chosen, table)
    options = _priced(options, chosen)
    maps = [f"--map {role}='{(names or ['YOUR_COLUMN'])[0]}'" for role, names in options.items()]
    pieces = _piece_candidates(columns) if "price" in chosen else []
    fix = f"name what is missing: {' '.join(maps)}{_other_ways(options, chosen, pieces)}."
    preset = preset_for(table.columns)
    if preset:
        fix = f"it looks like an export that --config {preset} reads. Else {fix}"
    return ColumnMissingError(listed, table.columns, file, remark=money, fix=fix)


def _priced(options: dict[str, list[str]], chosen: Mapping[str, str]) -> dict[str, list[str]]:
    """Return options in which a column named as a price of pieces is offered as the price."""
    names = [normalize_name(name) for name in options.get("amount", [])]
    is_unit = [
        content.holds(name, NAME_WORDS["unit"]) and name not in NAME_WORDS["ambiguous"]
        for name in names
    ]
    if "quantity" not in chosen or not any(is_unit):
        return options
    units = [name for name, fits in zip(options["amount"], is_unit, strict=True) if fits]
    return {**{r: n for r, n in options.items() if r != "amount"}, "price": units}


def _other_ways(
    options: Mapping[str, Sequence[str]], chosen: Mapping[str, str], pieces: Sequence[str]
) -> str:
    if "amount" not in options:
        return ""
    names = options["amount"]
    if "price" in chosen:
        other = [f"; or --map quantity='{name}', the pieces of a row" for name in pieces[:1]]
        return "".join([" (where every row is one piece)", *other])
    if names and "quantity" in chosen:
        return f"; where that is the price of one piece, --map price='{names[0]}' instead of amount"
    return "" if names else ", or count orders only: --set cleaning.revenue=visits"


def _words(role: str, names: Sequence[str], chosen: Mapping[str, str]) -> str:
    listed = f" (by content: {', '.join(map(quote_value, names))})" if names else ""
    if role != "amount":
        return f"{role}{listed}"
    beside = next((f" beside {n}" for n in ("quantity", "price") if n in chosen), "")
    return f"amount, or quantity and price{beside}{listed}"


def _sums(names: Sequence[str], chosen: Mapping[str, str], table: TableCells) -> str:
    """Return what the first candidate adds up to as money of lines and as price of pieces."""
    if not names or "quantity" not in chosen:
        return ""
    money, pieces = (
        content.rough_numbers(table.column(names[0])),
        content.rough_numbers(table.column(chosen["quantity"])),
    )
    return (
        f"{quote_value(names[0])} adds up to {money.sum():,.2f} as the money of lines, and to "
        f"{(money * pieces).sum():,.2f} as the price of one piece."
    )


def _look(column: pl.Series) -> _Column:
    cells = content.filled_cells(column)
    is_time = content.is_time_column(column)
    is_number = not is_time and content.is_number_column(column)
    distinct = cells.n_unique()
    texts = cells.clear() if cells.dtype.is_temporal() else cells.cast(pl.String, strict=False)
    is_text = texts.dtype == pl.String and len(texts) > 0
    return _Column(
        column.name,
        is_time=is_time,
        is_number=is_number,
        has_decimals=is_number and content.has_decimals(column),
        distinct_share=distinct / max(len(cells), 1),
        is_constant=distinct == 1 and len(cells) > 1,
        is_digits=is_text and bool(texts.str.contains(r"^\d+$").all()),
    )


def _candidates(role: str, columns: Sequence[_Column], chosen: Mapping[str, str]) -> list[str]:
    if role == "time":
        # Digits such as 20230115 are days where the name says so, and ids elsewhere.
        days = [
            c for c in columns if c.is_time and (not c.is_digits or c.is_named(NAME_WORDS["day"]))
        ]
        days.sort(
            key=lambda c: (
                c.is_named(NAME_WORDS["later"]),
                not c.is_named(NAME_WORDS["time"]),
            )
        )
        return [c.name for c in days]
    if role == "customer_id":
        return _person_candidates(columns)
    return _money_candidates(columns, "price" if "quantity" in chosen else "total")


def _person_candidates(columns: Sequence[_Column]) -> list[str]:
    """Return columns that may say who bought: named like a person first, then ids that repeat."""
    ids = [
        c
        for c in columns
        if c.distinct_share
        and not (c.has_decimals or c.is_constant)
        and not (c.is_time and not c.is_digits)
        and not (c.is_digits and c.is_named(NAME_WORDS["day"]))
        and not c.is_named((*content.TRAIT_WORDS, *NAME_WORDS["document"]))
    ]
    named = [c.name for c in ids if c.is_named(content.PERSON_WORDS)]
    if named:
        return sorted(named, key=lambda name: "name" in normalize_name(name))
    return [c.name for c in ids if 0.02 < c.distinct_share < 0.9]


def _piece_candidates(columns: Sequence[_Column]) -> list[str]:
    """Return columns of whole numbers that may count pieces, the fewest different ones first."""
    whole = [
        c
        for c in columns
        if c.is_number
        and not c.has_decimals
        and not c.is_named((*content.PERSON_WORDS, *NAME_WORDS["day"]))
        and not c.is_named((*NAME_WORDS["document"], *NAME_WORDS["order"]))
    ]
    return [c.name for c in sorted(whole, key=lambda c: c.distinct_share)]


def _money_candidates(columns: Sequence[_Column], first: str) -> list[str]:
    money = [
        c
        for c in columns
        if c.is_number
        and not c.is_named(NAME_WORDS["no_money"])
        # The remark that a name is with or without tax makes it no tax.
        and not content.holds(
            normalize_name(re.sub(WITH_TAX, "", c.name)), content.OTHER_MONEY_WORDS
        )
    ]
    named = [c.name for c in money if c.is_named(content.MONEY_WORDS)]
    ranked = named + [c.name for c in money if c.has_decimals and c.name not in named]
    is_taxed = re.compile(r"(?i)\binc")  # where a file tells them apart, money without tax counts
    ranked.sort(key=lambda n: (first not in normalize_name(n), bool(is_taxed.search(n))))
    return ranked[:MAX_CANDIDATES]


def _other_table(
    missing: Sequence[str], columns: Sequence[_Column], table: TableCells, file: str
) -> ContractError | None:
    """Return the error for a table that holds something else than transactions."""
    names = {normalize_name(name) for name in table.columns}
    shown = f"(columns {', '.join(map(quote_value, table.columns[:6]))})"
    if len(names & set(NAME_WORDS["bank"])) >= 3 and len(names & set(NAME_WORDS["summary"])) <= 1:
        return ContractError(
            f"{quote_value(file)} looks like a bank statement {shown}: it names accounts, not "
            "customers.",
            fix="export the orders from the shop; or, if each payer is a customer, name the "
            "columns with --map customer_id=… --map time=… --map amount=….",
            file=file,
        )
    has_no_time = "time" in missing and not any(column.is_time for column in columns)
    has_rows = table.head.height > 1
    one_each = [c for c in table.columns if has_rows and table.column(c).is_unique().all()]
    has_key = has_no_time and any(not content.has_decimals(table.head[name]) for name in one_each)
    if len(names & set(NAME_WORDS["summary"])) <= 1 and not has_key:
        return None
    return ContractError(
        f"{quote_value(file)} looks like one row per customer {shown}, not like transactions: "
        "there is nothing to forecast from.",
        fix="give one row an order line, with a date; to cluster such a table as it is, use "
        "segpredict.Segmenter in Python.",
        file=file,
    )


def match_columns(table: TableCells, layout: SourceOptions, file: str) -> dict[str, str]:
    """Return role → column for every role that the input has."""
    found = table.columns
    named = {role: _named(role, layout, found, file) for role in layout.columns}
    free = [column for column in found if column not in named.values()]
    # A clock alone is no time of an order: its day stands in another column.
    days = [column for column in free if not content.is_clock_column(table.head[column])]
    by_role = {
        role: named[role]
        if role in named
        else _by_alias(role, days if role == "time" else free, file)
        for role in COLUMN_ROLES
    }
    chosen = {role: column for role, column in by_role.items() if column}
    if "amount" not in layout.columns and {"quantity", "price", "amount"} <= chosen.keys():
        # It may be the order's total, or after a discount: cleaning compares all rows.
        chosen["stated_amount"] = chosen.pop("amount")
    chosen |= related_money(table, chosen, layout.columns)
    if (
        "refund" in chosen
        and "refund" not in layout.columns
        and content.is_flag(table, chosen["refund"])
    ):
        del chosen["refund"]
    if "cancelled" not in chosen and "cancelled" not in layout.columns:
        marks = [c for c in free if c not in chosen.values() and content.is_cancellation(table, c)]
        if marks:
            chosen["cancelled"] = marks[0]
    there = {*chosen, *layout.deferred_roles}
    missing = [role for role in REQUIRED_ROLES if role not in there]
    if "amount" not in there and not {"quantity", "price"} <= there:
        missing.append("amount")
    if missing:
        raise missing_roles_error(missing, chosen, table, file)
    return {role: chosen[role] for role in COLUMN_ROLES if role in chosen}


def status_columns(
    table: TableCells, chosen: Mapping[str, str], layout: SourceOptions
) -> tuple[list[str], list[str]]:
    """Return the columns that say whether a row is a sale: statuses, and flags of yes and no.

    A status that a person has named stands alone.
    """
    if "status" in layout.columns:
        return [chosen["status"]] if "status" in chosen else [], []
    free = table.drop([c for c in table.columns if c in chosen.values()])
    flags = content.find_flags(free)
    return content.find_status_columns(free.drop(flags)), flags


def refuse_empty_roles(raw: RawLines) -> None:
    """Refuse lines of which a required column is empty in all of enough rows."""
    roles = [r for r in (*REQUIRED_ROLES, "quantity", "price", "amount") if r in raw.frame.columns]
    counted = raw.rows.select(pl.len().alias("rows"), pl.col(roles).count())
    filled = counted.collect(engine=raw.engine).row(0, named=True)
    rows = filled["rows"]
    for role in roles:
        if rows > MIN_ROWS and not filled[role]:
            message = f"The column that gives {role} is empty in all {rows} rows."
            fix = f"name the column that holds it: --map {role}=YOUR_COLUMN."
            raise ContractError(message, fix=fix, column=role)


def count_recognised(found: Sequence[str], layout: SourceOptions) -> int:
    """Return how many roles have a column under these names."""
    names = {normalize_name(name) for name in found}
    given = {role: normalize_name(name) for role, name in layout.columns.items()}
    return sum(
        given[role] in names if role in given else not names.isdisjoint(NORMALIZED_ALIASES[role])
        for role in COLUMN_ROLES
    )


def _named(role: str, layout: SourceOptions, found: Sequence[str], file: str) -> str | None:
    name = layout.columns[role]
    if not name:
        return None
    if name in found:
        return name
    close = _one(role, [c for c in found if normalize_name(c) == normalize_name(name)], file)
    if close is None and role not in layout.optional_roles:
        raise ColumnMissingError(f"{role} ({name})", found, file)
    return close


def _by_alias(role: str, found: Sequence[str], file: str) -> str | None:
    # A name counts as it is, and without a currency in brackets: Refund (EUR).
    names = {c: {normalize_name(c), normalize_name(re.sub(CURRENCY_REMARK, "", c))} for c in found}
    for alias in NORMALIZED_ALIASES[role]:
        column = _one(role, [c for c in found if alias in names[c]], file)
        if column is not None:
            return column
    return None


def _one(role: str, columns: Sequence[str], file: str) -> str | None:
    if len(columns) > 1:
        message = (
            f"{len(columns)} columns of {quote_value(file)} may give {role}: "
            f"{', '.join(map(quote_value, columns))}."
        )
        fix = f"say which: --map {role}='{columns[0]}'."
        raise ContractError(message, fix=fix, file=file, column=role)
    return columns[0] if columns else None
