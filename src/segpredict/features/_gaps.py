"""The gaps between purchase days: moments that several families share."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from segpredict.features._measures import LOG, Measure, since_first, since_last

PRIOR_GAPS = 2
PRIOR_DEFICIT = 0.5772156649015329  # Euler's constant: ln mean - mean ln, at random


def gaps() -> Mapping[str, Measure]:
    """Return the measures of a customer's gaps, all but the median whole numbers."""
    # The first purchase day that a window sees has no gap in it.
    between = partial(Measure, rows="days", between=True)
    return {
        "first_ago": since_first(),
        "last_ago": since_last(),
        "gaps": between("number"),
        "gap_squares": between("squares", "gap"),
        "gap_logs": between("sum", "gap_log"),
        "gap_median": between("median", "gap"),
    }


def known(measure: str) -> pl.Expr:
    """Return a measure of gaps; null without a gap."""
    return pl.when(pl.col("gaps") > 0).then(pl.col(measure))


def steps() -> tuple[Mapping[str, pl.Expr], ...]:
    """Return what several features are made of.

    Notes
    -----
    ``gap_shape`` is the shape k of a gamma distribution of gaps, null below two gaps:
    Minka's closed form of the maximum-likelihood shape, with the deficit
    ``s = ln mean - mean ln`` of the gaps. A handful of gaps says little, so two
    imagined gaps of a customer who buys at random (k = 1) are averaged in; being the
    same for everyone, they leave each customer's value a matter of that customer.

    References
    ----------
    T. Minka, "Estimating a Gamma distribution", 2002.
    """
    n, s = pl.col("gaps"), pl.col("gap_deficit")
    own = pl.col("gap_mean").log() - pl.col("gap_logs") / (n * LOG)
    prior = PRIOR_GAPS * PRIOR_DEFICIT
    shape = (3 - s + ((s - 3) ** 2 + 24 * s).sqrt()) / (12 * s)
    return (
        {"gap_sum": pl.col("first_ago") - pl.col("last_ago")},
        {"gap_mean": known("gap_sum") / n},
        {"gap_deficit": (n * own.clip(lower_bound=0.0) + prior) / (n + PRIOR_GAPS)},
        {"gap_shape": pl.when(n >= 2).then(shape)},
    )


MEAN = pl.col("gap_mean")
SHAPE = pl.col("gap_shape")
