"""Types that many rooms share: a day as it is given, progress, and JSON."""

from collections.abc import Callable
from datetime import date
from typing import Any, Protocol


class ArrayDay(Protocol):
    """A day as NumPy or pandas holds it: a ``datetime64``, or a ``Period``."""

    def __array__(self) -> Any: ...


# As `window.day_number` reads it; none is the default's.
DateLike = date | str | int | ArrayDay | None
ProgressCallback = Callable[[str, float], None]  # what is done next, and the share done
JSON = Any  # what json.dumps takes: numbers, text, lists and dicts of them
