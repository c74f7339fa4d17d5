"""Names on a ladder of value: from rank alone, unique, and open to be overruled."""

from collections.abc import Iterable, Mapping, Sequence

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


def words(k: int) -> tuple[str, ...]:
    """Return default names of `k` segments, lowest value first.

    Examples
    --------
    >>> words(3), words(1)
    (('Occasional', 'Regular', 'Core'), ('Regular',))
    """
    if k in LADDERS:
        return LADDERS[k]
    return ("Regular",) if k == 1 else tuple(f"Level {n}" for n in range(1, k + 1))


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
    ids = [f"S{rank}" for rank in range(1, k + 1)]
    return called(ids, words(k), names)


def called(
    ids: Sequence[str],
    words: Sequence[str],
    names: Mapping[str, str],
    retired: Sequence[str] = (),
) -> tuple[Segment, ...]:
    """Return INACTIVE and the segments of these ids, named by people or by default.

    Parameters
    ----------
    ids
        Ids of the active segments in rising order of value.
    words
        Their names unless `names` has others.
    names
        Names that people gave, by id.
    retired
        Ids that segments bore in earlier fits: naming them is no mistake.

    Raises
    ------
    UnknownNameError
        When an id is not that of a segment.
    ConfigError
        When two segments would bear one name, or one would bear none.

    Examples
    --------
    >>> [s.name for s in called(["S4", "S2"], ["Light", "Core"], {"S2": "VIP"})]
    ['Inactive', 'Light', 'VIP']
    """
    own = {f"S{INACTIVE}": "Inactive", **dict(zip(ids, words, strict=True))}
    for given in names:
        if given not in own and given not in retired:
            raise UnknownNameError("segment", given, own)
    told = {id_: names.get(id_, name).strip() for id_, name in own.items()}
    _require_distinct(told)
    return tuple(Segment(c, id_, name) for c, (id_, name) in enumerate(told.items()))


def kept(
    ids: Sequence[str], before: Mapping[str, str], worn: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return names after a refit: an id keeps its name, a new one gets a free word.

    Parameters
    ----------
    ids
        Ids in rising order of value.
    before
        Names of the old segments, by id.
    worn
        Names that some segment bore before; others go first.

    Notes
    -----
    A new segment gets the word of the longest ladder that is free and stands between
    the words of its neighbours, so that no word moves below another. Where there is
    none, it is called by its place.

    Examples
    --------
    >>> kept(["S1", "S4", "S3"], {"S1": "Occasional", "S3": "Core"})
    ('Occasional', 'Regular', 'Core')
    >>> kept(["S2", "S5", "S4"], {"S2": "Mums", "S4": "Firms"})
    ('Mums', 'Between Mums and Firms', 'Firms')
    """
    names = {i: before[i] for i in ids if i in before}
    firm = dict(names)  # what a neighbour may be called by
    for place, id_ in enumerate(ids):
        if id_ not in names:
            below = next((firm[i] for i in reversed(ids[:place]) if i in firm), None)
            above = next((firm[i] for i in ids[place + 1 :] if i in firm), None)
            taken = {*names.values()}
            word = _between(below, above, taken, {*worn})
            if word is not None:
                firm[id_] = word
            names[id_] = word or _placed(id_, below, above, taken)
    return tuple(names[i] for i in ids)


def _between(
    below: str | None, above: str | None, taken: set[str], worn: set[str]
) -> str | None:
    words = LADDERS[max(LADDERS)]
    if any(name is not None and name not in words for name in (below, above)):
        return None
    first = -1 if below is None else words.index(below)
    last = len(words) if above is None else words.index(above)
    free = [word for word in words[first + 1 : last] if word not in taken]
    # A fresh word before a worn one, a plain word before a rare one.
    ranked = sorted(free, key=lambda word: (word in worn, word not in LADDERS[4]))
    return ranked[0] if ranked else None


def _placed(id_: str, below: str | None, above: str | None, taken: set[str]) -> str:
    if below and above:
        name = f"Between {below} and {above}"
    else:
        name = f"Above {below}" if below else f"Below {above}"
    return f"{name} ({id_})" if name in taken else name


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
