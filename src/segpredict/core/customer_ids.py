"""Customer ids: as a caller gives them, as the text in the data, and what they look like."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from numbers import Real
from typing import SupportsIndex

import polars as pl

MIN_EXPECTED = 10  # ids of a form of which chance does not make none: less than 1 in 10,000
MOST_SHARE = 0.99  # share of ids of digits alone from which ids are numbers


def id_text(value: object) -> str:
    """Return an id as text; a whole number has no decimals, whatever its type.

    >>> id_text(12346), id_text(12346.0), id_text(" A-7 ")
    ('12346', '12346', 'A-7')
    """
    if hasattr(value, "as_py"):  # a value of PyArrow
        value = value.as_py()
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, SupportsIndex):  # an integer of any library
        return str(value.__index__())
    if isinstance(value, Real) and float(value).is_integer():
        return str(int(float(value)))
    return str(value).strip()


def id_texts(values: object) -> list[str]:
    """Return one id or several (a list, a column of any library) as texts.

    >>> id_texts(12346), id_texts(["7", 8]), id_texts(None)
    (['12346'], ['7', '8'], [])
    """
    if values is None:
        return []
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [id_text(values)]
    return [id_text(value) for value in values]


@dataclass(frozen=True, slots=True)
class IdForm:
    """What customer ids look like: the same customers have ids of the same form.

    >>> IdForm.of(pl.Series(["007", "A-7"]))
    IdForm(customers=2, digits=0.5, leading_zeros=1.0)
    """

    customers: int
    digits: float  # share of ids of digits alone
    leading_zeros: float  # share of those that begin with a zero

    @classmethod
    def of(cls, ids: pl.Series) -> "IdForm":
        """Return the form of ids, each counted once."""
        is_digits = pl.col("id").str.contains(r"^\d+$")
        customers, digits, zeros = (
            ids.unique()
            .to_frame("id")
            .select(
                pl.len(),
                digits=is_digits.sum(),
                zeros=(is_digits & pl.col("id").str.contains(r"^0\d")).sum(),
            )
            .row(0)
        )
        return cls(customers, digits / max(customers, 1), zeros / max(digits, 1))

    @classmethod
    def of_few(cls, ids: Collection[str]) -> "IdForm":
        """Return the form of a few different ids.

        >>> IdForm.of_few(["007", "A-7"]) == IdForm.of(pl.Series(["007", "A-7"]))
        True
        """
        digits = [each for each in ids if each.isdecimal()]
        zeros = sum(each[0] == "0" and len(each) > 1 for each in digits)
        return cls(len(ids), len(digits) / max(len(ids), 1), zeros / max(len(digits), 1))

    def difference(self, now: "IdForm") -> str:
        """Return how other ids differ, as a clause; empty where chance may have made it."""
        clauses = {
            "were numbers and are not": self._are_numbers and now._are_none_of(1.0, now.digits),
            "are numbers and were not": now._are_numbers and self._are_none_of(1.0, self.digits),
            "had leading zeros and have none": now._are_none_of(
                self.leading_zeros * now.digits, now.leading_zeros
            ),
            "have leading zeros and had none": self._are_none_of(
                now.leading_zeros * self.digits, self.leading_zeros
            ),
        }
        return next((f"customer ids {clause}" for clause, holds in clauses.items() if holds), "")

    @property
    def _are_numbers(self) -> bool:
        return self.digits >= MOST_SHARE

    def _are_none_of(self, expected: float, share: float) -> bool:
        """Whether no id is of a form of which many were to be expected."""
        return share == 0 and expected * self.customers >= MIN_EXPECTED
