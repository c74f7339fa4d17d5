"""How sure a share is: Wilson's interval."""

import polars as pl

Z = 1.959963984540054  # two-sided 95 %


def wilson(hits: pl.Expr, n: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return the lower and upper end of the 95 % interval of the share hits / n.

    Notes
    -----
    With p = hits/n: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n), within [0, 1];
    null where n is 0.

    References
    ----------
    Wilson (1927).

    Examples
    --------
    >>> import polars as pl
    >>> low, high = wilson(pl.lit(8), pl.lit(10))
    >>> pl.select(low.round(4).alias("low"), high.round(4).alias("high")).row(0)
    (0.4902, 0.9433)
    """
    size = pl.when(n > 0).then(n)
    share, spread = hits / size, Z * Z / size
    middle = (share + spread / 2) / (1 + spread)
    half = (share * (1 - share) * spread + spread**2 / 4).sqrt() / (1 + spread)
    return (middle - half).clip(0.0, 1.0), (middle + half).clip(0.0, 1.0)
