"""The sections of the page of `segpredict check`, of which no other form exists: plain rows."""

from collections.abc import Sequence
from typing import Any

from segpredict.core.transactions import InputFile
from segpredict.report.context.ledger import ledger_section
from segpredict.report.formatting import Row
from segpredict.report.input import CheckInput, ReportSection

MAX_FILES_SHOWN = 12
MONEY_MEASURE = "value per order"  # of the distributions, the one in currency


def summary_section(bundle: CheckInput) -> Row:
    """Return the usable data, why a run would stop, and what to try."""
    used, found = bundle.ledger.total("used"), bundle.detected
    problem: dict[str, Any] = found.get("problem") or {}
    return {
        "rows": used.rows,
        # Orders that count as purchases.
        "orders": sum(row["n"] for row in found["distributions"] if is_money(row)),
        "customers": used.customers,
        "money": used.money,
        "problem": problem.get("message", ""),
        "fix": problem.get("fix", ""),
        "notes": found["notes"],
        "suggestions": found["suggestions"],
    }


def is_money(row: Row) -> bool:
    """Whether the quantiles of a distribution are money."""
    return bool(row["measure"] == MONEY_MEASURE)


def detected_section(bundle: CheckInput) -> Row:
    """Return the first files and the side tables, with what was detected in each."""
    return {
        "columns": bundle.files[0].detected.listed if bundle.files else (),
        "files": [_file(fact) for fact in bundle.files[:MAX_FILES_SHOWN]],
        "more_files": max(0, len(bundle.files) - MAX_FILES_SHOWN),
        "side_tables": [_file(fact) for fact in bundle.side_tables],
        "notes": bundle.detected["side_table_notes"],
    }


def _file(fact: InputFile) -> Row:
    facts = {k: v for k, v in fact.detected.shown().items() if k != "columns"}
    return {"name": fact.name.rsplit("/", 1)[-1], "rows": fact.rows, "detected": facts}


def sales_calendar_section(bundle: CheckInput) -> Sequence[Row] | None:
    """Return the months, oldest first."""
    return bundle.detected["months"] or None


def distributions_section(bundle: CheckInput) -> Sequence[Row] | None:
    """Return the quantiles of each measure."""
    rows = bundle.detected["distributions"]
    return [{**row, "kind": "money" if is_money(row) else "number"} for row in rows] or None


def horizons_section(bundle: CheckInput) -> Sequence[Row] | None:
    """Return the horizons that were tried: how many buy again, tests left, and the reason."""
    return bundle.detected["horizons"] or None


def bad_rows_section(bundle: CheckInput) -> Row | None:
    """Return unreadable rows by reason, and the first of them."""
    reasons, examples = bundle.detected["bad_rows"], bundle.detected["bad_examples"]
    return {"reasons": reasons, "examples": examples} if reasons else None


# In the order of the page.
CHECK_SECTIONS = (
    ReportSection("summary", "Summary", summary_section),
    ReportSection("detected", "Files and detected formats", detected_section),
    ReportSection("sales_calendar", "Sales by month", sales_calendar_section),
    ReportSection("distributions", "How customers buy", distributions_section),
    ReportSection("horizons", "Which horizon?", horizons_section),
    ReportSection("ledger", "Data ledger", ledger_section),
    ReportSection("bad_rows", "Unreadable rows", bad_rows_section),
)
