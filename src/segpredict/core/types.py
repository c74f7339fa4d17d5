"""Types that many rooms share: a day as it is given, progress, and JSON."""

from collections.abc import Callable
from datetime import date
from typing import Any

DateLike = date | str | int | None  # as `window.day_number` reads it; none is the default's
ProgressCallback = Callable[[str, float], None]  # what is done next, and the share done
JSON = Any  # what json.dumps takes: numbers, text, lists and dicts of them
