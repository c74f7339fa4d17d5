"""The sections of the page of `segpredict check`."""

from dataclasses import dataclass
from typing import Any

from segpredict.core.transactions import InputFile
from segpredict.report.context.ledger import ledger_section
from segpredict.report.formatting import Row
from segpredict.report.input import CheckInput, ReportSection

MAX_FILES_SHOWN = 12
MONEY_MEASURE = "value per order"  # of the distributions, the one in currency


@dataclass(frozen=True, slots=True)
class CheckSummarySection:
    """The section."""

    # the usable data: orders that count as purchases; money net of returns, in units of 10⁻⁴
    rows: int
    orders: int
    customers: int
    money: int
    # why a run would stop, and what to do; empty if it would not
    problem: str
    fix: str
    # as sentences
    notes: tuple[str, ...]
    suggestions: tuple[str, ...]


def check_summary_section(bundle: CheckInput) -> CheckSummarySection:
    """Return the context."""
    used, rows = bundle.ledger.total("used"), bundle.detected["distributions"]
    problem: dict[str, Any] = bundle.detected.get("problem") or {}
    return CheckSummarySection(
        rows=used.rows,
        orders=sum(row["n"] for row in rows if row["measure"] == MONEY_MEASURE),
        customers=used.customers,
        money=used.money,
        problem=problem.get("message", ""),
        fix=problem.get("fix", ""),
        notes=tuple(bundle.detected["notes"]),
        suggestions=tuple(bundle.detected["suggestions"]),
    )


@dataclass(frozen=True, slots=True)
class DetectedFile:
    """One file: its name, its rows, and what was detected, by topic."""

    name: str
    rows: int
    detected: dict[str, str]


@dataclass(frozen=True, slots=True)
class DetectedSection:
    """The section."""

    columns: tuple[str, ...]  # which column plays which role, as sentences of the first file
    files: tuple[DetectedFile, ...]  # the first files
    more_files: int  # how many files are not shown
    side_tables: tuple[DetectedFile, ...]  # side tables of the transactions
    notes: tuple[str, ...]  # what was used of them, as sentences


def detected_section(bundle: CheckInput) -> DetectedSection:
    """Return the context."""
    files = tuple(_file(fact) for fact in bundle.files[:MAX_FILES_SHOWN])
    columns = bundle.files[0].detected.listed if bundle.files else ()
    return DetectedSection(
        columns,
        files,
        len(bundle.files) - len(files),
        tuple(_file(fact) for fact in bundle.side_tables),
        tuple(bundle.detected["side_table_notes"]),
    )


def _file(fact: InputFile) -> DetectedFile:
    facts = {k: v for k, v in fact.detected.shown().items() if k != "columns"}
    return DetectedFile(fact.name.rsplit("/", 1)[-1], fact.rows, facts)


@dataclass(frozen=True, slots=True)
class SalesCalendarSection:
    """The section: the months, oldest first."""

    # month, orders, customers, days, sales, is_complete, and the sales in percent of the best month
    months: tuple[Row, ...]


def sales_calendar_section(bundle: CheckInput) -> SalesCalendarSection | None:
    """Return the context."""
    rows = bundle.detected["months"]
    if not rows:
        return None
    best = max(0.0, *(row["sales"] for row in rows)) or 1.0
    return SalesCalendarSection(
        tuple({**row, "width": max(0.0, 100 * row["sales"] / best)} for row in rows)
    )


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """One measure: its name, whether it is money, and its quantiles by name."""

    name: str
    kind: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class DistributionsSection:
    """The section: names of the columns, and one row a measure."""

    columns: tuple[str, ...]
    rows: tuple[DistributionRow, ...]


def distributions_section(bundle: CheckInput) -> DistributionsSection | None:
    """Return the context."""
    rows = bundle.detected["distributions"]
    if not rows:
        return None
    columns = tuple(key for key in rows[0] if key != "measure")
    shown = (
        DistributionRow(
            row["measure"],
            "money" if row["measure"] == MONEY_MEASURE else "number",
            {key: row[key] for key in columns},
        )
        for row in rows
    )
    return DistributionsSection(columns, tuple(shown))


@dataclass(frozen=True, slots=True)
class HorizonOption:
    """One horizon: its days, how many buy again, tests it leaves, and the reason."""

    days: int
    repeat_share: float | None
    test_windows: int
    is_selected: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HorizonsSection:
    """The section."""

    options: tuple[HorizonOption, ...]


def horizons_section(bundle: CheckInput) -> HorizonsSection | None:
    """Return the context."""
    rows = bundle.detected["horizons"]
    if not rows:
        return None
    columns = ("horizon", "repeat_share", "tests", "is_selected", "reason")
    return HorizonsSection(tuple(HorizonOption(*(row[name] for name in columns)) for row in rows))


@dataclass(frozen=True, slots=True)
class BadRowsSection:
    """The section: how many rows by reason, and the first of them."""

    reasons: dict[str, int]
    examples: tuple[Row, ...]  # file, row, column, value and reason


def bad_rows_section(bundle: CheckInput) -> BadRowsSection | None:
    """Return the context."""
    reasons = {row["reason"]: row["rows"] for row in bundle.detected["bad_rows"]}
    examples = tuple(bundle.detected["bad_examples"])
    return BadRowsSection(reasons, examples) if reasons else None


# In the order of the page.
CHECK_SECTIONS = (
    ReportSection("summary", "Summary", {"summary": check_summary_section}),
    ReportSection("detected", "Files and detected formats", {"detected": detected_section}),
    ReportSection("sales_calendar", "Sales by month", {"sales_calendar": sales_calendar_section}),
    ReportSection("distributions", "How customers buy", {"distributions": distributions_section}),
    ReportSection("horizons", "Which horizon?", {"horizons": horizons_section}),
    ReportSection("ledger", "Data ledger", {"ledger": ledger_section}),
    ReportSection("bad_rows", "Unreadable rows", {"bad_rows": bad_rows_section}),
)
