"""The worlds that come with the package, by name."""

from collections.abc import Mapping

from segpredict.errors import UnknownNameError
from segpredict.oracle._buying import Buying
from segpredict.oracle._clockwork import Clockwork
from segpredict.oracle._markov import MarkovWorld
from segpredict.oracle._world import World

WEEK = 7.0
# So large a shape leaves no spread: everybody is alike.
NO_SPREAD = 1e8

_ALL: tuple[World, ...] = (
    Buying(
        "or2_like",
        "BG/NBD and Gamma-Gamma with parameters like those of Online Retail II.",
        *(0.64, 63.0, 0.173, 2.72),
        *(2.30, 3.46, 423.0),
    ),
    Buying(
        "cdnow_like",
        "BG/NBD and Gamma-Gamma with the published parameters of CDNOW.",
        *(0.243, 4.414 * WEEK, 0.793, 2.426),
        *(6.25, 3.74, 15.44),
    ),
    Buying(
        "noise",
        "Everybody is alike and forgets: the past says nothing about the future.",
        *(NO_SPREAD, NO_SPREAD * 60.0, 1.0, NO_SPREAD),
        *(2.0, NO_SPREAD, NO_SPREAD * 20.0),
    ),
    MarkovWorld(),
    Clockwork(),
)
WORLDS: Mapping[str, World] = {world.name: world for world in _ALL}


def named(name: str) -> World:
    """Return the world of that name.

    Raises
    ------
    UnknownNameError
        When there is none.

    Examples
    --------
    >>> named("cdnow_like").meaning
    'BG/NBD and Gamma-Gamma with the published parameters of CDNOW.'
    """
    if name not in WORLDS:
        raise UnknownNameError("world", name, WORLDS)
    return WORLDS[name]
