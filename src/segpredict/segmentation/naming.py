"""Names of segments: by rank of value, from their profile, or from the config."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.core.arrays import FloatArray
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.errors import ConfigError, UnknownNameError
from segpredict.segmentation.rule_grid import CELL_NAME_MAP, N_FIFTHS

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
MIN_DEVIATION = 0.8  # standard deviations of the customers
# Named segments have bought in the window; customers who have not are INACTIVE.
LAPSED_CELLS = ("Lost", "Hibernating")
RISING_CELLS = ("Potential loyalist", "Loyal", "Champions")  # names that imply rising value
TRAIT_WORDS = {
    "products": ("many products", "few products"),
    "units": ("bulk", "small orders"),
    "refunds": ("returns-heavy", "no returns"),
}


def default_names(k: int) -> tuple[str, ...]:
    """Return default names of `k` segments, lowest value first.

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


def profile_names(rows: pl.DataFrame, codes: pl.Series, k: int) -> tuple[str, ...]:
    """Return a name for each segment from its customers' purchases.

    Each segment is located at the median percentiles of its rows in recency (short is high),
    purchase days and spend. A cell of the rule grid is located at the middles of its fifths, with
    its spend equal to its frequency; a name is as near as the nearest of its cells, in L1. The
    Hungarian method gives every segment a name of its own at the least total distance; names that
    imply value are ordered by value. A further clustering input, taken per purchase day, is added
    to the name where the mean of its log lies at least .8 standard deviations from that of all
    rows; the farthest if there are several.
    """
    from scipy.optimize import linear_sum_assignment

    whole = (rows[name].to_numpy().astype(np.int64) for name in ("recency", "days", "spend"))
    recency, days, spend = whole
    percentiles = np.stack([_percentiles(each) for each in (-recency, days, spend)], axis=1)
    labels = codes.to_numpy()
    of_segments = (percentiles[labels == code] for code in range(1, k + 1))
    middle = np.full(percentiles.shape[1], 0.5)
    medians = np.array([np.median(own, axis=0) if len(own) else middle for own in of_segments])
    names, distances = _name_distances(medians)
    chosen = _ordered_by_value([names[n] for n in linear_sum_assignment(distances)[1]])
    known_traits = [t for t in TRAIT_WORDS if t in rows.columns]
    traits = _traits({t: _logs(rows, t) for t in known_traits}, labels, k)
    return tuple(name + trait for name, trait in zip(chosen, traits, strict=True))


def _percentiles(values: npt.NDArray[np.int64]) -> FloatArray:
    ordered = np.sort(values)
    ends = (np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right"))
    return np.asarray((ends[0] + ends[1]) / (2 * len(values)), np.float64)


def _name_distances(medians: FloatArray) -> tuple[list[str], FloatArray]:
    """Return the names, and how far each segment (row) is from each name."""
    nearest: dict[str, FloatArray] = {}
    for r, row in enumerate(CELL_NAME_MAP):
        for f, name in enumerate(row):
            cell = np.array([r + 0.5, f + 0.5, f + 0.5]) / N_FIFTHS
            distance = np.abs(medians - cell).sum(axis=1)
            nearest[name] = np.minimum(nearest.get(name, distance), distance)
    names = [name for name in nearest if name not in LAPSED_CELLS]
    return names, np.stack([nearest[name] for name in names], axis=1)


def _ordered_by_value(names: list[str]) -> list[str]:
    ranked = iter(sorted(set(names) & set(RISING_CELLS), key=RISING_CELLS.index))
    return [next(ranked) if name in RISING_CELLS else name for name in names]


def _logs(rows: pl.DataFrame, trait: str) -> FloatArray:
    amount = rows[trait].cast(pl.Float64).clip(lower_bound=0)
    base = rows["days"]
    if trait == "refunds":
        base = rows["refunds"] + rows["spend"].clip(lower_bound=0)
    return (amount / base.clip(lower_bound=1)).log1p().to_numpy()


def _traits(columns: dict[str, FloatArray], labels: npt.NDArray[np.int8], k: int) -> list[str]:
    traits = [("", MIN_DEVIATION)] * k
    for trait, values in columns.items():
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((values - mean) ** 2) / len(values))
        for code in range(1, k + 1):
            own = values[labels == code]
            if spread == 0 or len(own) == 0:
                continue
            z = (math.fsum(own) / len(own) - mean) / spread
            # Rounded, so that ties are ties on every machine.
            if round(abs(z), 9) >= traits[code - 1][1]:
                word = TRAIT_WORDS[trait][z < 0]
                traits[code - 1] = (f" – {word}", round(abs(z), 9))
    return [word for word, _ in traits]
