"""What customers are worth, what of it is at risk, and how far that can be trusted.

In: forecasts of the next segment, tested out of time, and the shop's transactions. Out:
revenue at risk and upside, lifetime value by a Markov chain and by BG/NBD with
Gamma-Gamma, and what came of each in the tests.
"""

from segpredict.worth.buying import Buying
from segpredict.worth.chain import chain
from segpredict.worth.exposure import averaged, exposure
from segpredict.worth.measure import Worth, measure
from segpredict.worth.options import WorthOptions
from segpredict.worth.periods import Period, periods
from segpredict.worth.season import Season
from segpredict.worth.segments import SUMS, by_segment
from segpredict.worth.valuer import COLUMNS, Valuer

__all__ = [
    "COLUMNS",
    "SUMS",
    "Buying",
    "Period",
    "Season",
    "Valuer",
    "Worth",
    "WorthOptions",
    "averaged",
    "by_segment",
    "chain",
    "exposure",
    "measure",
    "periods",
]
