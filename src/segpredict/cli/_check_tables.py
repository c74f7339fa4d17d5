"""Print what `check` found, as tables on the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segpredict.cli._output import Output, Row, cut_text
from segpredict.core.window import as_date
from segpredict.data import cleaning
from segpredict.pipeline import IngestResult
from segpredict.report.formatting import format_money, format_share

FILE_FACTS = ("format", "encoding", "separator", "time_format", "decimal_mark")
MAX_FILES_SHOWN = 5  # files that are named one by one
MAX_SHOWN = 4  # notes, statuses and suggestions that are shown at first
MAX_ADVICE = 30  # characters of the reason for or against a horizon


def show_check(output: Output, found: Row) -> None:
    """Print what was read, cleaned, excluded and rejected, and suggestions."""
    listed = found["files"] if output.verbose else found["files"][:MAX_FILES_SHOWN]
    more = len(found["files"]) - len(listed)
    files = [_file(file) for file in listed]
    span = f"from {found['first_day']} to {found['last_day']}"
    output.print_block("DATA", *files, f"{span}{f', and {more:,} files more' if more else ''}")
    for fact in found["files"][:1]:
        columns = ", ".join(f"{role} = {name}" for role, name in fact["columns"].items())
        output.print_block("COLUMNS", columns, _money(fact))
    is_sum = "The totals of the ledger reconcile, to the row and to the penny."
    is_off = "The totals of the ledger do NOT reconcile: please report this."
    output.print_block("LEDGER", _ledger(found), is_sum if found["adds_up"] else is_off)
    statuses = [
        {**row, "money": format_money(row["money"], found["currency"], 2)}
        for row in found["statuses"]
    ]
    output.print_block("STATUSES", _few(output, statuses))
    output.print_block("BAD ROWS", _few(output, found["bad_rows"]))
    horizons = [
        {
            "horizon": f"{row['horizon']} days{' (in use)' if row['is_used'] else ''}",
            "order again": format_share(row["repeat_share"]),
            "tests": row["tests"],
            "advice": cut_text(str(row["reason"]), MAX_ADVICE),
        }
        for row in found["horizons"]
    ]
    output.print_block("HORIZONS", horizons)
    if output.verbose:
        _show_details(output, found)
    notes = [*found["notes"], *found["side_table_notes"]]
    output.print_block("NOTES", *_few(output, notes))
    output.print_block("ADVICE", *_few(output, found["suggestions"]))
    left = sum(max(0, len(each) - MAX_SHOWN) for each in (notes, found["suggestions"], statuses))
    if left and not output.verbose:
        output.print_block("MORE", f"{left} more with --verbose")


def _file(fact: Row) -> str:
    """Return a file with its rows, and how it was read."""
    how = [f"{name.replace('_', ' ')} {fact[name]}" for name in FILE_FACTS if fact.get(name)]
    return f"{fact['file']}: {fact['rows']:,} rows; {', '.join(how)}"


def _show_details(output: Output, found: Row) -> None:
    """Print what `check` counted beyond the ledger."""
    meanings = {row["rule"]: row["meaning"] for row in found["ledger"]}
    rules = [{"rule": rule, "meaning": meaning} for rule, meaning in meanings.items()]
    output.print_table("Rules of the ledger", rules)
    output.print_table("The first rows that cannot be read", found["bad_examples"])
    output.print_table("How the shop is used", [_short(row) for row in found["distributions"]])
    output.print_table("The last months", found["months"][-13:])
    facts = ("horizon", "median_gap_days", "origins", "reason")
    horizons = [{name: row[name] for name in facts} for row in found["horizons"]]
    output.print_table("Which horizon?", horizons)


def _few(output: Output, rows: Sequence[Any]) -> Sequence[Any]:
    return rows if output.verbose else rows[:MAX_SHOWN]


def show_store(output: Output, done: IngestResult, store: Path) -> dict[str, Any]:
    """Print what was added to a store and what it holds; return that as plain values."""
    shop = done.shop
    used = shop.ledger.total("used")
    first, last = as_date(shop.first_day), as_date(shop.end_day - 1)
    ledger = cleaning.ledger_table(shop.ledger).to_dicts()
    for name, before in list(done.skipped.items())[:MAX_FILES_SHOWN]:
        was = "" if name == before else f" as {before}"
        output.print_line(f"skipped: {name} is in the store already{was}")
    more = len(done.skipped) - MAX_FILES_SHOWN
    if more > 0:
        output.print_line(f"skipped: {more:,} more that are there already")
    output.print_line(f"Files added: {len(done.added):,}.")
    shown = {"ledger": ledger, "currency": shop.currency}
    output.print_block("LEDGER", _ledger(shown), "of the whole store")
    output.print_block("NOTES", *_few(output, (*shop.notes, *shop.side_tables.notes)))
    output.print_line(
        f"The store {store} holds {used.rows:,} lines of {used.customers:,} customers, "
        f"{first} to {last}. Next: segpredict run --data {store}"
    )
    return {
        "store": str(store),
        "added": list(done.added),
        "skipped": dict(done.skipped),
        "files": len(shop.files),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "fingerprint": shop.fingerprint,
        "adds_up": shop.ledger.adds_up,
        "ledger": ledger,
    }


def _money(fact: Row) -> str:
    """Return a line on the columns from which the money was taken, and those left."""
    columns = fact["columns"]
    off = [f"less {columns['refund']}"] if "refund" in columns else []
    off += [f"discounts in {columns['discount']}"] if "discount" in columns else []
    if "amount" in columns:
        taken = columns["amount"]
    else:
        names = [columns[role] for role in ("quantity", "price") if role in columns]
        taken = " × ".join(names) or "every order counts one"
    stated = [f"compared with {columns['stated_amount']}"] if "stated_amount" in columns else []
    left = fact.get("money_not_used")
    unused = f" Not used, with sums: {left}." if left else ""
    return f"Money: {', '.join([taken, *off, *stated])}.{unused}"


def _ledger(found: Row) -> list[dict[str, Any]]:
    """Return the lines of rules that did something, with the money of the shop."""
    return [
        {
            **{name: row[name] for name in ("stage", "rule", "rows", "customers")},
            "money": format_money(row["money"], found["currency"], 2),
        }
        for row in found["ledger"]
        if row["rows"] or row["stage"] in ("in", "used")
    ]


def _short(row: Row) -> dict[str, Any]:
    digits = 2 if row["measure"] == "value per order" else 0
    return {
        key: f"{value:,.{2 if key == 'mean' else digits}f}" if isinstance(value, float) else value
        for key, value in row.items()
    }
