"""Names on a ladder of value: from rank alone, unique, and open to be overruled."""

from collections.abc import Mapping

from segpredict.errors import ConfigError, UnknownNameError
from segpredict.tables import INACTIVE, Segment

# By number of active segments, lowest value first. A longer ladder keeps the words of
# the shorter one in their order, so a word never moves below another.
LADDERS = {
    2: ("Occasional", "Core"),
    3: ("Occasional", "Regular", "Core"),
    4: ("Occasional", "Regular", "Core", "Key"),
    5: ("Occasional", "Light", "Regular", "Core", "Key"),
    6: ("Marginal", "Occasional", "Light", "Regular", "Core", "Key"),
    7: ("Marginal", "Occasional", "Light", "Regular", "Steady", "Core", "Key"),
    8: ("Marginal", "Occasional", "Light", "Regular", "Steady", "Core", "Key", "Top"),
}


def ladder(k: int, names: Mapping[str, str]) -> tuple[Segment, ...]:
    """Return INACTIVE and `k` segments in rising order of value, each with its name.

    Parameters
    ----------
    k
        Number of active segments, 2 to 8.
    names
        Names by id that replace those of the ladder.

    Raises
    ------
    UnknownNameError
        When an id is not that of a segment.
    ConfigError
        When two segments would bear one name, or one would bear none.

    Examples
    --------
    >>> [s.name for s in ladder(3, {"S3": "VIP"})]
    ['Inactive', 'Occasional', 'Regular', 'VIP']
    """
    own = {f"S{INACTIVE}": "Inactive"}
    own |= {f"S{rank}": name for rank, name in enumerate(LADDERS[k], start=1)}
    for given in names:
        if given not in own:
            raise UnknownNameError("segment", given, own)
    called = {id_: names.get(id_, name).strip() for id_, name in own.items()}
    _require_distinct(called)
    return tuple(Segment(c, id_, name) for c, (id_, name) in enumerate(called.items()))


def _require_distinct(called: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for id_, name in called.items():
        other = seen.setdefault(name.casefold(), id_)
        if not name or other != id_:
            found = f"Segments {other} and {id_} are both" if name else f"{id_} is"
            raise ConfigError(
                f"{found} named {name!r}.",
                fix="give each segment a name of its own.",
            )
