"""Who moved where: counted, foretold, compared, and kept from day to day.

In: transactions and a frozen segmentation, or scores of several days. Out: lists of who
entered and left each segment, migration matrices with intervals, and what they say.
"""

from segpredict.movement.comparison import compare
from segpredict.movement.expected import dispersion, expected, naive
from segpredict.movement.history import Added, History, Version
from segpredict.movement.lists import entered_and_left
from segpredict.movement.matrix import observed
from segpredict.movement.mobility import mobilities, mobility
from segpredict.movement.order import order
from segpredict.movement.periods import moves, periods
from segpredict.movement.places import GONE, NEW, SILENT

__all__ = [
    "GONE",
    "NEW",
    "SILENT",
    "Added",
    "History",
    "Version",
    "compare",
    "dispersion",
    "entered_and_left",
    "expected",
    "mobilities",
    "mobility",
    "moves",
    "naive",
    "observed",
    "order",
    "periods",
]
