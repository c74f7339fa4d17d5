"""The gaps between purchase days: moments that several families share."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from segpredict.features._measures import LOG, Measure

PRIOR_GAPS = 2
PRIOR_DEFICIT = 0.5772156649015329  # Euler's constant: ln mean - mean ln, at random


def gaps() -> Mapping[str, Measure]:
    """Return the measures of a customer's gaps, all but the median whole numbers."""
    # The first purchase day that a window sees has no gap in it.
    between = partial(Measure, rows="days", between=True)
    return {
        "gaps": between("number"),
        "gap_sum": between("sum", "gap"),
        "gap_squares": between("sum", "gap_square"),
        "gap_logs": between("sum", "gap_log"),
        "gap_median": between("median", "gap"),
    }


def known(measure: str) -> pl.Expr:
    """Return a measure of gaps; null without a gap."""
    return pl.when(pl.col("gaps") > 0).then(pl.col(measure))


def median() -> pl.Expr:
    """Return the median gap; null without a gap."""
    return known("gap_median")


def mean() -> pl.Expr:
    """Return the mean gap; null without a gap."""
    return known("gap_sum") / pl.col("gaps")


def shape() -> pl.Expr:
    """Return the shape k of a gamma distribution of gaps; null below two gaps.

    Notes
    -----
    Minka's closed form of the maximum-likelihood shape, with the deficit
    ``s = ln mean - mean ln`` of the gaps. A handful of gaps says little, so two
    imagined gaps of a customer who buys at random (k = 1) are averaged in; being the
    same for everyone, they leave each customer's value a matter of that customer.

    References
    ----------
    T. Minka, "Estimating a Gamma distribution", 2002.
    """
    n = pl.col("gaps")
    own = (mean().log() - pl.col("gap_logs") / (n * LOG)).clip(lower_bound=0.0)
    s = (n * own + PRIOR_GAPS * PRIOR_DEFICIT) / (n + PRIOR_GAPS)
    k = (3 - s + ((s - 3) ** 2 + 24 * s).sqrt()) / (12 * s)
    return pl.when(n >= 2).then(k)
