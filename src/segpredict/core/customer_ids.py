"""Customer ids as a caller gives them, as the text that they are in the data."""

from collections.abc import Iterable
from numbers import Real
from typing import SupportsIndex


def id_text(value: object) -> str:
    """Return an id as text; a whole number has no decimals, whatever its type.

    Examples
    --------
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

    Examples
    --------
    >>> id_texts(12346), id_texts(["7", 8]), id_texts(None)
    (['12346'], ['7', '8'], [])
    """
    if values is None:
        return []
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [id_text(values)]
    return [id_text(value) for value in values]
