"""How long a store keeps rows: those dated before a day leave it."""

import re
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from pathlib import Path

from segpredict.core.types import JSON
from segpredict.core.window import day_number
from segpredict.data.ingest.removal import removing_before
from segpredict.errors import UsageError
from segpredict.privacy.places import Places

AGE = re.compile(r"([0-9]{1,5})([dy])")
DAYS_A_YEAR = 365.25


class _Undone(Exception):  # noqa: N818 - it ends a look, and is no error
    """Ends a look at what would be done."""


def first_day_kept(text: str, today: date) -> date:
    """Return the day that an age, or a date, says.

    >>> first_day_kept("3y", date(2024, 3, 1)), first_day_kept("2020-01-31", date(2024, 3, 1))
    (datetime.date(2021, 3, 1), datetime.date(2020, 1, 31))
    """
    age = AGE.fullmatch(text.strip())
    if age:
        days = int(age[1]) * (1 if age[2] == "d" else DAYS_A_YEAR)
        with suppress(OverflowError):
            return today - timedelta(days=round(days))
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is neither a day nor an age."
        raise UsageError(message, fix="write it as 2021-01-31, 730d or 3y.") from None


def remove_older(places: Places, day: date, *, dry_run: bool = False) -> list[dict[str, JSON]]:
    """Take the rows that are dated before a day out of stores, from all or from none.

    Parameters
    ----------
    places
        The stores.
    day
        The first day that is kept.
    dry_run
        Whether to say only what would go.

    Returns
    -------
    list
        A dict per place: ``kind``, ``place`` and ``rows``, by file.

    Notes
    -----
    A row goes by its own date. A return that is kept and whose sale is gone is then unmatched, as
    in a shop whose export begins on that day. A file with old rows that is ingested later brings
    them back: call it after each ingest.
    """
    places.require()
    facts: list[dict[str, JSON]] = []
    with suppress(_Undone), ExitStack() as stack:
        found = [
            (place, stack.enter_context(removing_before(Path(place.name), day_number(day))))
            for place in places
        ]
        facts += [{"kind": p.kind, "place": p.shown, "rows": dict(r.rows)} for p, r in found]
        if dry_run:
            raise _Undone
        for _, removal in found:
            removal.publish()
    return facts
