"""Hold the whole contest on named data sets and in worlds of known truth, in one table.

In: names and paths. Out: every forecaster on every test window with intervals, the
distance to the oracle, and what leaking tests would have claimed; as frames and as a
page.
"""

from segpredict.benchmark._entries import Entry, entry, laid_out
from segpredict.benchmark._hold import Plan, Result, hold
from segpredict.benchmark._page import insert, page

__all__ = [
    "Entry",
    "Plan",
    "Result",
    "entry",
    "hold",
    "insert",
    "laid_out",
    "page",
]
