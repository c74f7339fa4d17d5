"""Types of no library that many rooms speak of: a day as it is given, and progress."""

from collections.abc import Callable
from datetime import date

DateLike = date | str | int | None  # as `window.day_number` reads it; none is the default's
ProgressCallback = Callable[[str, float], None]  # what is done next, and the share done
