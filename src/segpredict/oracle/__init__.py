"""Worlds whose truth is known, and the best forecast that anybody could make in them.

In: a name. Out: transactions, and beside every forecaster's log-loss that of the oracle
who knows how the world was made. Nobody can beat it by more than luck; whoever does has
seen the future.
"""

from segpredict.oracle._buying import Buying
from segpredict.oracle._clockwork import Clockwork
from segpredict.oracle._markov import MarkovWorld
from segpredict.oracle._measure import NAME, compare, consulted
from segpredict.oracle._world import Moment, Planted, World
from segpredict.oracle._worlds import WORLDS, named

__all__ = [
    "NAME",
    "WORLDS",
    "Buying",
    "Clockwork",
    "MarkovWorld",
    "Moment",
    "Planted",
    "World",
    "compare",
    "consulted",
    "named",
]
