"""Days and months that a spreadsheet swapped wherever a day could be a month."""

from dataclasses import dataclass

import polars as pl

LAST_MONTH = 12  # days of the month up to this one may be months as well
MIN_CERTAIN_DATES, MIN_OPEN_DATES = 8, 6  # fewer dates show no pattern
# How much more likely the swapped dates must be, as a log-likelihood ratio: in all, and per
# date. The highest of 57,000 simulated honest shops (20 days to 4 years; seasons, days off,
# growth, paydays, few dates) was 21.
MIN_EVIDENCE, MIN_EVIDENCE_PER_DATE = 25.0, 0.3
PSEUDO_COUNT = 0.5  # so that a month or weekday without a date is unlikely, not impossible


@dataclass(frozen=True, slots=True)
class SwappedDates:
    """Dates of a column that fit the others only with day and month swapped."""

    dates: int  # distinct dates on which the day could be a month
    as_read: str  # first and last day of the column as it is written
    swapped_back: str  # first and last day with those dates swapped back


def find_swapped_dates(days: pl.Series) -> SwappedDates | None:
    """Return what a swap of day and month explains better than the dates as read.

    A program that takes 1 August for 8 January can do so only up to day 12. So the dates
    after day 12 are certain, and tell in which months and on which weekdays the shop sells:
    the dates up to day 12 must do the same. Each date counts once, however many rows it has.

    >>> quarter = pl.date_range(pl.date(2023, 1, 1), pl.date(2023, 3, 31), eager=True)
    >>> find_swapped_dates(quarter) is None
    True
    >>> swapped = [d.replace(day=d.month, month=d.day) if d.day <= 12 else d for d in quarter]
    >>> found = find_swapped_dates(pl.Series(swapped))
    >>> found.as_read, found.swapped_back
    ('2023-01-01 to 2023-12-03', '2023-01-01 to 2023-03-31')
    """
    date = pl.col("date")
    dates = days.drop_nulls().unique().sort().cast(pl.Date).to_frame("date")
    other = pl.date(date.dt.year(), date.dt.day(), date.dt.month())
    is_open = date.dt.day() <= LAST_MONTH
    certain = dates.filter(~is_open)
    both = dates.filter(is_open & (date.dt.day() != date.dt.month())).select("date", other=other)
    if certain.height < MIN_CERTAIN_DATES or both.height < MIN_OPEN_DATES:
        return None
    read, swapped = (_log_likelihood(both[name], certain["date"], dates) for name in both.columns)
    evidence = float((swapped - read).sum())
    if evidence < max(MIN_EVIDENCE, MIN_EVIDENCE_PER_DATE * both.height):
        return None
    back = dates.select(pl.when(is_open).then(other).otherwise(date).alias("date"))
    return SwappedDates(both.height, _span(dates["date"]), _span(back["date"]))


def _log_likelihood(asked: pl.Series, certain: pl.Series, dates: pl.DataFrame) -> pl.Series:
    """Return how likely each date is, by its month and by its weekday."""
    months = dates.select(pl.col("date").dt.truncate("1mo")).to_series()
    number = (months.dt.year().cast(pl.Int32) * 12 + months.dt.month()).alias("months")
    choices = int(number[-1]) - int(number[0]) + 1
    by_month = _log_shares(asked.dt.truncate("1mo"), certain.dt.truncate("1mo"), choices)
    return by_month + _log_shares(asked.dt.weekday(), certain.dt.weekday(), 7)


def _log_shares(asked: pl.Series, certain: pl.Series, choices: int) -> pl.Series:
    counts = certain.rename("value").value_counts(name="n")
    found = asked.to_frame("value").join(counts, on="value", how="left", maintain_order="left")
    total = len(certain) + PSEUDO_COUNT * choices
    return ((found["n"].fill_null(0) + PSEUDO_COUNT) / total).log()


def _span(days: pl.Series) -> str:
    ordered = days.sort()
    return f"{ordered[0]} to {ordered[-1]}"
