"""What the page of `segpredict check` is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segpredict.tables import FileFact, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """What reading and cleaning found.

    Parameters
    ----------
    title, created
        Heading, and when the page was made.
    first_day, end_day
        The data cover ``[first_day, end_day)`` (day numbers).
    ledger, currency, files
        What cleaning did, the sign of its money, and what was read.
    beside
        The tables that were read beside them.
    found
        The tables and sentences of `overview.shop`, with ``problem``.
    plots
        None; the page draws its own.
    """

    title: str
    created: str
    first_day: int
    end_day: int
    ledger: Ledger
    found: Mapping[str, Any]
    currency: str = ""
    files: tuple[FileFact, ...] = ()
    beside: tuple[FileFact, ...] = ()
    plots: Mapping[str, bytes] = field(default_factory=dict)
