"""Figures with intervals, as several sections show them."""

from dataclasses import dataclass

from segpredict.report.formatting import Row, finite_fields, finite_or_none


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval, or quartiles; ``None`` if unknown."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None  # customers behind it


def estimate_of(row: Row) -> Estimate:
    """Return the figure of a row; an interval without length, as of 100 %, is none."""
    found = finite_fields(row, "value", "low", "high")
    ends = {} if found["low"] == found["high"] else found
    return Estimate(found["value"], ends.get("low"), ends.get("high"), row.get("n"))


@dataclass(frozen=True, slots=True)
class MethodError:
    """An error of a method with its 95 % interval, compared with that of a reference."""

    value: float | None
    low: float | None
    high: float | None
    difference: float | None  # the error minus that of the reference; ``None`` without it
    # whether the interval of the difference lies below or above zero
    is_better: bool
    is_worse: bool


def method_error(row: Row, name: str = "value") -> MethodError:
    """Return the error of a row; `name` is its column."""
    low, high = finite_or_none(row["difference_low"]), finite_or_none(row["difference_high"])
    return MethodError(
        value=finite_or_none(row[name]),
        **finite_fields(row, "low", "high", "difference"),
        is_better=high is not None and high < 0,
        is_worse=low is not None and low > 0,
    )
