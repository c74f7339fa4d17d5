"""Intervals of shares at 95 %, and how many customers a number needs to be shown."""

import numpy as np
import polars as pl
from scipy.special import betaincinv

from segpredict.core.arrays import FloatArray

Z_95 = 1.959963984540054  # two-sided 95 %
Z_ROUNDED = 1.96  # the same for standard errors that are rough themselves
TAIL_PROBABILITY = 0.025  # the probability beyond each end
MIN_CUSTOMERS_FOR_FIGURES = 5  # below it a figure could reveal one person
MIN_CUSTOMERS_FOR_SHARES = 30  # below it shares are mostly chance


def jeffreys_interval(successes: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Jeffreys' 95 % interval of the shares successes / n; NaN where n is 0.

    The 2.5 % and 97.5 % points of Beta(s + ½, n − s + ½) for s successes, with 0 and 1 as
    ends where s is 0 or n. Used for transitions.

    After Brown, Cai and DasGupta (2001), Statistical Science 16(2).

    >>> low, high = jeffreys_interval(np.array([8.0]), np.array([10.0]))
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.4972, 0.9559)
    """
    size = np.broadcast_to(n, successes.shape)
    a, b = successes + 0.5, size - successes + 0.5
    low = np.where(successes == 0, 0.0, betaincinv(a, b, TAIL_PROBABILITY))
    high = np.where(successes == size, 1.0, betaincinv(a, b, 1 - TAIL_PROBABILITY))
    empty = size == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def share_of(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return part / whole; null where the whole is 0, so that the share is not defined.

    >>> pl.select(known=share_of(pl.lit(1), pl.lit(4)), empty=share_of(pl.lit(0), pl.lit(0))).row(0)
    (0.25, None)
    """
    return part / pl.when(whole != 0).then(whole)


def wilson_interval(successes: pl.Expr, n: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return the lower and upper end of Wilson's 95 % interval of successes / n.

    With p = successes/n: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n), within [0, 1];
    null where n is 0. Used for rates in tables that are computed as expressions.

    After Wilson (1927).

    >>> low, high = wilson_interval(pl.lit(8), pl.lit(10))
    >>> pl.select(low.round(4).alias("low"), high.round(4).alias("high")).row(0)
    (0.4902, 0.9433)
    """
    size = pl.when(n > 0).then(n)
    share, spread = successes / size, Z_95 * Z_95 / size
    middle = (share + spread / 2) / (1 + spread)
    half = (share * (1 - share) * spread + spread**2 / 4).sqrt() / (1 + spread)
    return (middle - half).clip(0.0, 1.0), (middle + half).clip(0.0, 1.0)
