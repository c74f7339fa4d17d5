"""The sections of the page of `segpredict check`."""

from dataclasses import dataclass
from typing import Any

from segpredict.core.transactions import InputFile
from segpredict.report.context.ledger import ledger_section
from segpredict.report.input import CheckInput, ReportSection


@dataclass(frozen=True, slots=True)
class Verdict:
    """The section.

    Parameters
    ----------
    rows, orders, customers, money
        What is used: orders that count as purchases; money, less what came back, in
        units of 10⁻⁴.
    problem, fix
        Why a run would stop, and what to do; empty if it would not.
    notes, suggestions
        As sentences.
    """

    rows: int
    orders: int
    customers: int
    money: int
    problem: str
    fix: str
    notes: tuple[str, ...]
    suggestions: tuple[str, ...]


def verdict(bundle: CheckInput) -> Verdict:
    """Return the context."""
    used = bundle.ledger.total("used")
    problem: dict[str, Any] = bundle.detected.get("problem") or {}
    return Verdict(
        rows=used.rows,
        orders=sum(
            row["n"]
            for row in bundle.detected["distributions"]
            if row["measure"] == "value per order"
        ),
        customers=used.customers,
        money=used.money,
        problem=problem.get("message", ""),
        fix=problem.get("fix", ""),
        notes=tuple(bundle.detected["notes"]),
        suggestions=tuple(bundle.detected["suggestions"]),
    )


SHOWN = 12


@dataclass(frozen=True, slots=True)
class File:
    """One file: its name, its rows, and what it proved, by topic."""

    name: str
    rows: int
    detected: dict[str, str]


@dataclass(frozen=True, slots=True)
class DetectedSection:
    """The section.

    Parameters
    ----------
    columns
        Which column plays which role, as sentences of the first file.
    files
        The first files.
    more_files
        How many files are not shown.
    side_tables
        Tables that stand beside the transactions.
    notes
        What was taken of them, as sentences.
    """

    columns: tuple[str, ...]
    files: tuple[File, ...]
    more_files: int
    side_tables: tuple[File, ...]
    notes: tuple[str, ...]


def detected_section(bundle: CheckInput) -> DetectedSection:
    """Return the context."""
    files = tuple(_file(fact) for fact in bundle.files[:SHOWN])
    columns = bundle.files[0].detected.listed if bundle.files else ()
    return DetectedSection(
        columns,
        files,
        len(bundle.files) - len(files),
        tuple(_file(fact) for fact in bundle.side_tables),
        tuple(bundle.detected["beside"]),
    )


def _file(fact: InputFile) -> File:
    told = {k: v for k, v in fact.detected.shown().items() if k != "columns"}
    return File(fact.name.rsplit("/", 1)[-1], fact.rows, told)


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """One month; ``width`` is its share of the best month, in percent."""

    month: str
    orders: int
    customers: int
    days: int
    sales: float
    width: float
    is_complete: bool


@dataclass(frozen=True, slots=True)
class SalesCalendarSection:
    """The section: the months, oldest first."""

    months: tuple[CalendarMonth, ...]


def sales_calendar_section(bundle: CheckInput) -> SalesCalendarSection | None:
    """Return the context."""
    rows = bundle.detected["months"]
    if not rows:
        return None
    best = max(row["sales"] for row in rows) or 1.0
    return SalesCalendarSection(
        tuple(CalendarMonth(**row, width=max(0.0, 100 * row["sales"] / best)) for row in rows)
    )


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """One measure: its name, whether it is money, and its quantiles by name."""

    name: str
    kind: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """The section: names of the columns, and one row a measure."""

    columns: tuple[str, ...]
    rows: tuple[DistributionRow, ...]


def distributions_section(bundle: CheckInput) -> Spread | None:
    """Return the context."""
    rows = bundle.detected["distributions"]
    if not rows:
        return None
    columns = tuple(key for key in rows[0] if key != "measure")
    return Spread(
        columns,
        tuple(
            DistributionRow(
                row["measure"],
                "money" if row["measure"] == "value per order" else "number",
                {key: row[key] for key in columns},
            )
            for row in rows
        ),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One horizon: its days, how many buy again, tests it leaves, and the reason."""

    days: int
    repeat_share: float | None
    test_windows: int
    is_selected: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HorizonsSection:
    """The section."""

    options: tuple[Choice, ...]


def horizons_section(bundle: CheckInput) -> HorizonsSection | None:
    """Return the context."""
    rows = bundle.detected["horizons"]
    if not rows:
        return None
    return HorizonsSection(
        tuple(
            Choice(
                *(row["horizon"], row["repeat_share"], row["tests"]),
                *(row["is_chosen"], row["reason"]),
            )
            for row in rows
        )
    )


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row: where it stands, what stands there, and what is wrong with it."""

    file: str
    row: int
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class BadRowsSection:
    """The section: how many rows by reason, and the first of them."""

    reasons: dict[str, int]
    examples: tuple[BadRow, ...]


def bad_rows_section(bundle: CheckInput) -> BadRowsSection | None:
    """Return the context."""
    reasons = {row["reason"]: row["rows"] for row in bundle.detected["bad_rows"]}
    if not reasons:
        return None
    return BadRowsSection(reasons, tuple(BadRow(**row) for row in bundle.detected["bad_examples"]))


# In the order of the page.
CHECK_SECTIONS = (
    ReportSection("verdict_on_data", "What was found", verdict),
    ReportSection("proven", "What was read and proven", detected_section),
    ReportSection("calendar", "Month by month", sales_calendar_section),
    ReportSection("spread", "How customers buy", distributions_section),
    ReportSection("horizons", "Which horizon?", horizons_section),
    ReportSection("ledger", "Where the data went", ledger_section),
    ReportSection("bad_rows", "Rows that cannot be read", bad_rows_section),
)
