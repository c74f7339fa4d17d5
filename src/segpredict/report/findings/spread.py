"""How often and how much customers buy."""

from dataclasses import dataclass

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its name, whether it is money, and its quantiles by name."""

    name: str
    kind: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """The section: names of the columns, and one row a measure."""

    columns: tuple[str, ...]
    measures: tuple[Measure, ...]


def spread(bundle: CheckInput) -> Spread | None:
    """Return the context."""
    rows = bundle.found["distributions"]
    if not rows:
        return None
    columns = tuple(key for key in rows[0] if key != "measure")
    return Spread(
        columns,
        tuple(
            Measure(
                row["measure"],
                "money" if row["measure"] == "value per order" else "number",
                {key: row[key] for key in columns},
            )
            for row in rows
        ),
    )


PART = Section(40, "How customers buy", spread)
