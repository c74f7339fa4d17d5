"""Hours beside AM or PM: of a clock of 12 hours or, in some exports, of 24."""

import polars as pl

from segpredict.errors import ContractError, quote_value

MIN_SHARE = 0.99  # of the cells that tell, as for decimal marks


def find_24_hours(cells: pl.DataFrame) -> bool:
    """Return whether the hours beside AM and PM are of a clock of 24 hours.

    `cells`: ``text``, ``hour`` (a whole number) and ``half`` (``a``, ``p`` or null).

    >>> find_24_hours(pl.DataFrame({"text": ["16:01 PM"], "hour": [16], "half": ["p"]}))
    True
    """
    hour, is_pm = pl.col("hour"), pl.col("half") == "p"
    only_24 = cells.filter(is_pm & hour.is_between(13, 23))["text"]
    only_12 = cells.filter(is_pm & (hour < 12) | (pl.col("half") == "a") & (hour == 12))["text"]
    known = len(only_24) + len(only_12)
    if not len(only_24) or len(only_12) >= MIN_SHARE * known:
        return False
    if len(only_24) >= MIN_SHARE * known:
        return True
    raise ContractError(
        f"{quote_value(only_24[0])} has its hour of 24 and {quote_value(only_12[0])} of 12: "
        f"{len(only_24):,} and {len(only_12):,} distinct times.",
        fix="write all hours in one way, such as 16:01 or 4:01 PM.",
        column="time",
        examples=[only_24[0], only_12[0]],
    )


def hour_of_day(*, is_24: bool) -> pl.Expr:
    """Return the hour of the day of ``hour`` and ``half``, null where they contradict."""
    hour, half = pl.col("hour"), pl.col("half")
    if is_24:
        read = pl.when((hour < 24) & ((half == "p") == (hour >= 12))).then(hour)
    else:
        read = pl.when(hour <= 12).then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
    return pl.when(half.is_null()).then(hour).otherwise(read)
