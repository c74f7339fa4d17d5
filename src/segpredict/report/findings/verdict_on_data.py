"""Whether a run would work, and what to look at before it."""

from dataclasses import dataclass
from typing import Any

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section


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
    problem: dict[str, Any] = bundle.found.get("problem") or {}
    return Verdict(
        rows=used.rows,
        orders=sum(
            row["n"]
            for row in bundle.found["distributions"]
            if row["measure"] == "value per order"
        ),
        customers=used.customers,
        money=used.money,
        problem=problem.get("message", ""),
        fix=problem.get("fix", ""),
        notes=tuple(bundle.found["notes"]),
        suggestions=tuple(bundle.found["suggestions"]),
    )


PART = Section(10, "What was found", verdict)
