"""Print what `check` found, as tables on the terminal."""

from pathlib import Path
from typing import Any

from segpredict.cli._output import Output, Row
from segpredict.core.window import as_date
from segpredict.data import cleaning
from segpredict.pipeline import IngestResult

MONEY_FACTS = ("money_not_used", "other_customer", "preset")  # said in sentences, not in the table
MAX_FILES_SHOWN = 5  # files that are named one by one


def show_check(output: Output, found: Row) -> None:
    """Print what was read, cleaned, excluded and rejected, and suggestions."""
    hidden = ("columns", *MONEY_FACTS)
    files = [{k: v for k, v in f.items() if k not in hidden} for f in found["files"][:12]]
    more = len(found["files"]) - len(files)
    output.print_table("What was read", files, note=f"and {more:,} files more" if more else "")
    for fact in found["files"][:1]:
        listed = (f"{role} = {name}" for role, name in fact["columns"].items())
        output.print_line(f"Columns: {', '.join(listed)}")
        output.print_line(_money(fact))
    output.print_line(f"The data run from {found['first_day']} to {found['last_day']}.")
    output.print_table("Ledger: in = used + excluded + rejected", _ledger(found))
    output.print_line(
        "The totals of the ledger reconcile, to the row and to the penny."
        if found["adds_up"]
        else "The totals of the ledger do NOT reconcile: please report this."
    )
    statuses = [{**row, "money": f"{row['money']:,.2f}"} for row in found["statuses"]]
    output.print_table("Which statuses are sales?", statuses)
    output.print_table("Rows that cannot be read", found["bad_rows"])
    output.print_table("The first of them", found["bad_examples"][:5])
    output.print_table("How the shop is used", [_short(r) for r in found["distributions"]])
    months = [
        {**m, "sales": f"{m['sales']:,.2f}", "is_complete": "yes" if m["is_complete"] else "part"}
        for m in found["months"][-13:]
    ]
    output.print_table("The last months", months)
    output.print_table("Which horizon?", found["horizons"])
    for note in (*found["notes"], *found["side_table_notes"]):
        output.print_line(f"note: {note}")
    for suggestion in found["suggestions"]:
        output.print_line(f"suggestion: {suggestion}")


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
    output.print_table("Ledger of the whole store", _ledger(shown))
    for note in (*shop.notes, *shop.side_tables.notes):
        output.print_line(f"note: {note}")
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
    """Return the lines of rules that did something, money with two decimals."""
    money = f"money {found['currency']}".strip()
    counted = ("stage", "rule", "rows", "orders", "customers")
    return [
        {
            **{name: row[name] for name in counted},
            money: f"{row['money']:,.2f}",
            "meaning": row["meaning"],
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
