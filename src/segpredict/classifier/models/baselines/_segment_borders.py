"""Turn a frozen segmentation into a table: the spend from which each segment begins."""

import numpy as np
import polars as pl

from segpredict.classifier.panel import SegmentAssigner
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import MONEY_SCALE

MIN_SPEND, MAX_SPEND = 0.01, 1e8  # currency; no window of one customer lies beyond
GRID_STEPS = 97  # spends a pass; three passes find a border to 10⁻⁶ of its value
GRID_PASSES = 3

SegmentBorders = tuple[tuple[tuple[float, int], ...], ...]


def segments_between(borders: SegmentBorders, days: IntArray, spend: FloatArray) -> IntArray:
    """Return the segment of each window with so many purchase days and spend.

    >>> borders = (((5.0, 1), (float("inf"), 2)),)
    >>> segments_between(borders, np.array([0, 1, 3]), np.array([0.0, 5.0, 6.0])).tolist()
    [0, 1, 2]
    """
    found = np.full(days.shape, INACTIVE_CODE, dtype=np.int64)
    for n in np.unique(days[days > 0]).tolist():
        places = borders[min(n, len(borders)) - 1]
        limits, codes = (np.array(each) for each in zip(*places, strict=True))
        rows = days == n
        found[rows] = codes[np.searchsorted(limits, spend[rows], side="left")]
    return found


def find_segment_borders(segmentation: SegmentAssigner, max_orders: int) -> SegmentBorders:
    """Return the segments along rising spend, for each number of purchase days.

    Parameters
    ----------
    segmentation, max_orders
        Frozen, and applied to synthetic rows; the largest number of purchase days.

    Returns
    -------
    tuple
        For 1 … `max_orders` days: pairs of (spend up to which, segment), rising; the last
        one reaches to infinity.

    Notes
    -----
    Segments are looked for on a grid of spends, and the change between two neighbours
    on ever finer grids. A segment narrower than a fifth of its spend may be missed.
    """
    days = np.arange(1, max_orders + 1)
    grid = np.geomspace(MIN_SPEND, MAX_SPEND, GRID_STEPS)
    codes = _segments_of(segmentation, np.repeat(days, GRID_STEPS), np.tile(grid, max_orders))
    table = codes.reshape(max_orders, GRID_STEPS)
    rows, left = np.nonzero(table[:, 1:] != table[:, :-1])
    low, high = grid[left], grid[left + 1]
    for _ in range(GRID_PASSES - 1):
        low, high = _narrowed(segmentation, days[rows], low, high)
    found: list[list[tuple[float, int]]] = [[] for _ in days]
    for row, limit, segment in zip(rows, np.sqrt(low * high), table[rows, left], strict=True):
        found[row].append((float(limit), int(segment)))
    return tuple((*places, (float("inf"), int(table[i, -1]))) for i, places in enumerate(found))


def _narrowed(
    segmentation: SegmentAssigner, days: IntArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    grid = np.geomspace(low, high, GRID_STEPS, axis=1)
    codes = _segments_of(segmentation, np.repeat(days, GRID_STEPS), grid.ravel())
    found = codes.reshape(grid.shape)
    # The last spend that still has the first one's segment.
    last = np.minimum((found == found[:, :1]).cumprod(axis=1).sum(axis=1) - 1, GRID_STEPS - 2)
    each = np.arange(len(grid))
    return grid[each, last], grid[each, last + 1]


def _segments_of(segmentation: SegmentAssigner, days: IntArray, spend: FloatArray) -> IntArray:
    if not len(days):
        return np.zeros(0, dtype=np.int64)
    names = pl.int_range(len(days), eager=True).cast(pl.String)
    inputs = pl.DataFrame(
        {
            "customer_id": names,
            "end": pl.zeros(len(days), pl.Int32, eager=True),
            "days": pl.Series(days, dtype=pl.Int32),
            "spend": pl.Series(np.round(spend * MONEY_SCALE).astype(np.int64)),
        }
    )
    assigned = segmentation.assign(inputs)
    order = assigned["customer_id"].cast(pl.Int64).arg_sort()
    return assigned["segment"].gather(order).to_numpy().astype(np.int64)
