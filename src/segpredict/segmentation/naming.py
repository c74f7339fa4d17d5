"""Default names by rank of value, and names from the config."""

from collections.abc import Mapping, Sequence

from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.errors import ConfigError, UnknownNameError

# By number of active segments, lowest value first. A longer ladder keeps the words of
# the shorter one in their order, so a word never moves below another.
NAME_LADDERS = {
    2: ("Occasional", "Core"),
    3: ("Occasional", "Regular", "Core"),
    4: ("Occasional", "Regular", "Core", "Key"),
    5: ("Occasional", "Light", "Regular", "Core", "Key"),
    6: ("Marginal", "Occasional", "Light", "Regular", "Core", "Key"),
    7: ("Marginal", "Occasional", "Light", "Regular", "Steady", "Core", "Key"),
    8: ("Marginal", "Occasional", "Light", "Regular", "Steady", "Core", "Key", "Top"),
}


def default_names(k: int) -> tuple[str, ...]:
    """Return default names of `k` segments, lowest value first.

    Examples
    --------
    >>> default_names(3), default_names(1)
    (('Occasional', 'Regular', 'Core'), ('Regular',))
    """
    if k in NAME_LADDERS:
        return NAME_LADDERS[k]
    return ("Regular",) if k == 1 else tuple(f"Level {n}" for n in range(1, k + 1))


def name_segments(k: int, names: Mapping[str, str]) -> tuple[Segment, ...]:
    """Return INACTIVE and `k` segments in rising order of value, each with its name."""
    ids = [f"S{rank}" for rank in range(1, k + 1)]
    return named_segments(ids, default_names(k), names)


def named_segments(
    ids: Sequence[str],
    default_names: Sequence[str],
    names: Mapping[str, str],
    retired: Sequence[str] = (),
) -> tuple[Segment, ...]:
    """Return INACTIVE and the segments of these ids, named by people or by default."""
    own = {f"S{INACTIVE_CODE}": "Inactive", **dict(zip(ids, default_names, strict=True))}
    for given in names:
        if given not in own and given not in retired:
            raise UnknownNameError("segment", given, own)
    resolved = {id_: names.get(id_, name).strip() for id_, name in own.items()}
    _require_distinct(resolved)
    return tuple(Segment(c, id_, name) for c, (id_, name) in enumerate(resolved.items()))


def names_after_refit(ids: Sequence[str], earlier: Mapping[str, str]) -> tuple[str, ...]:
    """Return names after a refit: an id keeps its name, a new one gets a free word.

    A new segment gets a word of the longest ladder that is free and stands between the words of its
    neighbours, so that no word moves below another: the one nearest to what a first fit would call
    it. Where there is none, it is called by its place.
    """
    names = {i: earlier[i] for i in ids if i in earlier}
    ladder_names = dict(names)  # what a neighbour may be called by
    for place, id_ in enumerate(ids):
        if id_ not in names:
            below = next((ladder_names[i] for i in ids[:place][::-1] if i in ladder_names), None)
            above = next((ladder_names[i] for i in ids[place + 1 :] if i in ladder_names), None)
            used = {*names.values()}
            word = _between(below, above, used, default_names(len(ids))[place])
            if word is not None:
                ladder_names[id_] = word
            names[id_] = word or _positional_name(id_, below, above, used)
    return tuple(names[i] for i in ids)


def _between(below: str | None, above: str | None, used: set[str], ideal: str) -> str | None:
    longest = NAME_LADDERS[max(NAME_LADDERS)]
    if any(n is not None and n not in longest for n in (below, above, ideal)):
        return None
    first = -1 if below is None else longest.index(below)
    last = len(longest) if above is None else longest.index(above)
    free = [word for word in longest[first + 1 : last] if word not in used]
    aim = longest.index(ideal)
    return min(free, key=lambda word: abs(longest.index(word) - aim), default=None)


def _positional_name(id_: str, below: str | None, above: str | None, used: set[str]) -> str:
    if below and above:
        name = f"Between {below} and {above}"
    else:
        name = f"Above {below}" if below else f"Below {above}"
    return f"{name} ({id_})" if name in used else name


def _require_distinct(names: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for id_, name in names.items():
        other = seen.setdefault(name.casefold(), id_)
        if not name or other != id_:
            found = f"Segments {other} and {id_} are both" if name else f"{id_} is"
            raise ConfigError(
                f"{found} named {name!r}.", fix="give each segment a name of its own."
            )
