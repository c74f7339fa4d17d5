"""Names from the segment profile: nearest cell of the rule grid, plus traits."""

import math

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import linear_sum_assignment

from segpredict.core.arrays import FloatArray
from segpredict.segmentation.rule_grid import CELL_NAME_MAP, N_FIFTHS

MIN_DEVIATION = 0.8  # standard deviations of the customers
# Named segments have bought in the window; customers who have not are INACTIVE.
LAPSED_CELLS = ("Lost", "Hibernating")
RISING_CELLS = ("Potential loyalist", "Loyal", "Champions")  # names that imply rising value
TRAIT_WORDS = {
    "products": ("many products", "few products"),
    "units": ("bulk", "small orders"),
    "refunds": ("returns-heavy", "no returns"),
}


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
    whole = (rows[name].to_numpy().astype(np.int64) for name in ("recency", "days", "spend"))
    recency, days, spend = whole
    percentiles = np.stack([_percentiles(each) for each in (-recency, days, spend)], axis=1)
    labels = codes.to_numpy()
    medians = np.array([_median(percentiles[labels == c]) for c in range(1, k + 1)])
    names, distances = _name_distances(medians)
    chosen = _ordered_by_value([names[n] for n in linear_sum_assignment(distances)[1]])
    known_traits = [t for t in TRAIT_WORDS if t in rows.columns]
    traits = _traits({t: _logs(rows, t) for t in known_traits}, labels, k)
    return tuple(name + trait for name, trait in zip(chosen, traits, strict=True))


def _percentiles(values: npt.NDArray[np.int64]) -> FloatArray:
    ordered = np.sort(values)
    ends = (np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right"))
    return np.asarray((ends[0] + ends[1]) / (2 * len(values)), np.float64)


def _median(percentiles: FloatArray) -> FloatArray:
    if len(percentiles) == 0:
        return np.full(percentiles.shape[1], 0.5)
    return np.asarray(np.median(percentiles, axis=0), np.float64)


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
