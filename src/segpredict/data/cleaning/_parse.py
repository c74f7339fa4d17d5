"""Raw text → typed lines, and a reject for every row that cannot be read."""

from collections.abc import Iterable, Sequence

import polars as pl

from segpredict.config.cleaning import CleaningOptions, allowed_bad_rows
from segpredict.config.source import ID_COLUMNS
from segpredict.core.transactions import MONEY_SCALE, InputFile
from segpredict.core.window import day_number
from segpredict.data.cleaning._ids import MAX_ID_LENGTH
from segpredict.data.cleaning._proof import EMPTY_REASON, OFF_ROLES, ColumnProof, read_cells
from segpredict.data.cleaning._statuses import is_credit, is_no_sale
from segpredict.errors import BadCellsError, ContractError, TooManyBadRowsError

KEPT_COLUMNS = (
    *("file", "row", *ID_COLUMNS, "country", "day", "minute", "quantity", "price", "amount"),
    *("discount", "status", "cancelled", "refund", "order_total", "item", "is_numbered"),
    *("is_rounded", "is_suffixed"),
)
TOO_LATE_REASON = "lies after the last day that can be true"
REJECTS_SCHEMA = {"file": pl.String, "row": pl.Int64} | dict.fromkeys(
    ("column", "value", "reason"), pl.String
)


def parse_cells(cells: pl.DataFrame, proof: ColumnProof, plan: CleaningOptions) -> pl.DataFrame:
    """Return raw rows, with all roles, as typed lines without their money."""
    typed = with_orders(read_cells(cells, proof))
    return settled_statuses(typed, list(proof.numbers), plan)


def mark_unreadable(lines: pl.DataFrame, proof: ColumnProof, plan: CleaningOptions) -> pl.DataFrame:
    """Return lines with ``column`` and ``reason`` of what cannot be read."""
    # Numbers without which a line has money all the same need not be readable.
    roles = list(proof.numbers)
    spare = ("stated_amount", "price") if "amount" in roles else ("stated_amount",)
    needed = [role for role in (*roles, *OFF_ROLES) if role not in spare]
    return _mark_unreadable(lines, needed, plan)


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
    marked = found.select(*KEPT_COLUMNS, pl.col("bad").struct.field("column", "reason"))
    # Money of a row that cannot be read otherwise stands in the ledger beside its reason.
    return marked.with_columns(pl.col("amount").fill_null(0))


def list_rejects(
    lines: pl.DataFrame, cells: pl.DataFrame, files: Sequence[InputFile]
) -> pl.DataFrame:
    """Return the rows that cannot be read, as people find them."""
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


def limit_rejects(rejects: pl.DataFrame, total: int, plan: CleaningOptions) -> None:
    """Raise where rows cannot be read and the plan does not let them pass."""
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


def sum_money(lines: pl.DataFrame) -> tuple[int, int]:
    """Return the sizes of all quantities and amounts, added up."""
    totals = lines.select(
        pl.col(name).cast(pl.Int128).abs().sum() for name in ("quantity", "amount")
    )
    return totals.row(0)


def refuse_overflow(quantity: int, amount: int) -> None:
    """Refuse data whose sums could wrap around; then no sum of any part can."""
    for name, total in {"quantity": quantity, "amount": amount}.items():
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
