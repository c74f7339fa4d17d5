"""Text → day numbers and minutes: nothing is guessed that the column does not prove.

A column that cannot be read gives one error, with a setting that was tried.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from segpredict.core.window import as_date
from segpredict.data.cleaning._assemble import NO_TIME_REASON, SHORT_YEAR_REASON
from segpredict.data.cleaning._moments import ReadTimes, read_times
from segpredict.data.cleaning._time_formats import COMMON_FORMATS, TimeSettings
from segpredict.errors import ContractError, SegpredictError, quote_value

MAX_BAD_SHARE = 0.01  # a format that reads all other cells fits; the others are bad rows
COLUMN_SHARE = 0.5  # above this share of bad cells, no row is to blame but the column
MIN_LIKELY_SHARE = 0.9  # of a sample, for a format that is worth a try on all cells
SAMPLE_SIZE = 50  # texts on which formats are tried before they are tried on all
MAX_FORMATS = 4  # in a list
LAST_CENTURY_PIVOT = 69  # 1970 is the first year that is read, so 00 to 69 are in 20xx
LAST_MONTH = 12  # days of the month up to this one may be months as well
MIN_CERTAIN_DATES, MIN_OPEN_DATES = 8, 6  # fewer dates show no pattern
# How much more likely the swapped dates must be, as a log-likelihood ratio: in all, and per
# date. The highest of 57,000 simulated honest shops (20 days to 4 years; seasons, days off,
# growth, paydays, few dates) was 21.
MIN_EVIDENCE, MIN_EVIDENCE_PER_DATE = 25.0, 0.3
PSEUDO_COUNT = 0.5  # so that a month or weekday without a date is unlikely, not impossible


@dataclass(frozen=True, slots=True)
class TriedSetting:
    """A change of settings, and the days that it gives for the texts of a column."""

    flag: str  # as it is given on the command line
    days: pl.Series  # in the order of the texts, null where a text is not read
    n_cells: int  # how many cells there are
    n_read: int  # how many of them it reads

    @property
    def is_fit(self) -> bool:
        """Whether it reads (nearly) all cells."""
        return 0 < (1 - MAX_BAD_SHARE) * self.n_cells <= self.n_read

    @property
    def description(self) -> str:
        """The flag with what it gives."""
        days = self.days.drop_nulls().sort()
        return (
            f"{self.flag} (tried: it reads {self.n_read:,} of {self.n_cells:,} cells, "
            f"{as_date(days[0])} to {as_date(days[-1])})"
        )


def refuse_unreadable_column(
    texts: pl.DataFrame, name: str, read: ReadTimes, settings: TimeSettings
) -> None:
    """Refuse cells that are unread for one reason that a setting, or no setting, removes."""
    unread = read.frame.filter(pl.col("day").is_null())
    bad = texts.join(unread.select("text", "why"), on="text", maintain_order="left")
    n_cells, n_bad = int(texts["cells"].sum()), int(bad["cells"].sum())
    is_column = n_bad > COLUMN_SHARE * n_cells
    is_alone = bad.height == 1 and not (is_column and bad["why"][0] == NO_TIME_REASON)
    if n_bad <= MAX_BAD_SHARE * n_cells or is_alone:  # odd rows, not an odd column
        return
    fix = _tried_fix(read, texts, bad, settings) or (is_column and _format_fix(settings))
    if not fix:
        return
    examples = bad["text"].gather_every(max(1, bad.height // 3)).head(3).to_list()
    reason = bad["why"].drop_nulls().mode().sort()[0]
    message = (
        f"{n_bad:,} of the {n_cells:,} cells of the column {quote_value(name)} "
        f"cannot be read as times, such as "
        f"{', '.join(map(quote_value, examples))}: each {reason}."
    )
    raise ContractError(message, fix=fix, column="time", count=n_bad)


def _tried_fix(
    read: ReadTimes, texts: pl.DataFrame, bad: pl.DataFrame, settings: TimeSettings
) -> str:
    """Return settings that read all texts, with what each gives; empty where none does."""
    all_tried = (
        _try(texts, changed, settings) for changed in _changes(texts["text"], bad, settings)
    )
    fits = [tried for tried in all_tried if tried.is_fit]
    different = [
        tried
        for i, tried in enumerate(fits)
        if not any(_agree(tried.days, other.days) for other in fits[:i])
    ]
    if not different and settings.section == "cleaning":
        is_any_read = bad.height < texts.height
        present = (settings.formats or (read.order,)) if is_any_read else ()
        changed = replace(settings, format=_list_of_formats(present, bad["text"], settings))
        listed = _try(texts, changed, settings)
        different = [listed] if changed.format and listed.is_fit else []
    if not different:
        return ""
    say = "" if len(different) == 1 else "say which: "
    return f"{say}{', or '.join(tried.description for tried in different[:3])}."


def _changes(texts: pl.Series, bad: pl.DataFrame, settings: TimeSettings) -> Iterator[TimeSettings]:
    """Yield the settings that may read the texts."""
    if settings.formats:
        yield replace(settings, format=None)
    is_short = settings.century_pivot is not None or (bad["why"] == SHORT_YEAR_REASON).any()
    if is_short and settings.section == "cleaning":
        yield replace(settings, century_pivot=LAST_CENTURY_PIVOT)
    for form in _likely_formats(texts, MIN_LIKELY_SHARE):
        yield replace(settings, format=form)


def _likely_formats(texts: pl.Series, share: float) -> list[str]:
    """Return the common formats that read this share of a sample of texts."""
    sample = texts.gather_every(max(1, len(texts) // SAMPLE_SIZE))
    # Only tried, not read in full: quick, for many formats.
    n_read = {
        f: sample.str.to_datetime(f, strict=False, time_unit="us").count() for f in COMMON_FORMATS
    }
    return [form for form, n in n_read.items() if n >= max(1, share * len(sample))]


def _try(texts: pl.DataFrame, changed: TimeSettings, settings: TimeSettings) -> TriedSetting:
    flag = _flag(changed, settings)
    try:
        read = read_times(texts, changed).frame.select("text", "day")
    except SegpredictError:
        read = pl.DataFrame(schema={"text": pl.String, "day": pl.Int32})
    found = texts.join(read, on="text", how="left", maintain_order="left")
    n_read = int(found.drop_nulls("day")["cells"].sum())
    return TriedSetting(flag, found["day"], int(texts["cells"].sum()), n_read)


def _flag(changed: TimeSettings, settings: TimeSettings) -> str:
    if changed.century_pivot != settings.century_pivot:
        return f"--set {settings.section}.century_pivot={changed.century_pivot}"
    if changed.format is None:
        return f"leave {settings.section}.time_format out"
    given = changed.format if isinstance(changed.format, str) else json.dumps(changed.format)
    return f"--set '{settings.section}.time_format={given}'"


def _agree(days: pl.Series, others: pl.Series) -> bool:
    return bool(((days == others) | days.is_null() | others.is_null()).all())


def _list_of_formats(
    present: tuple[str, ...], unread: pl.Series, settings: TimeSettings
) -> tuple[str, ...] | None:
    """Return the present formats and those that read most of the unread texts."""
    formats, rest = list(present), unread.to_frame("text").with_columns(cells=pl.lit(1))
    while rest.height and len(formats) < MAX_FORMATS:
        likely = _likely_formats(rest["text"], 0)
        tried = [(f, _try(rest, replace(settings, format=f), settings)) for f in likely]
        if not tried:
            break
        form, best = max(tried, key=lambda found: found[1].n_read)
        rivals = [found.days for _, found in tried if found.n_read == best.n_read]
        if not best.n_read or not all(_agree(best.days, days) for days in rivals):
            break
        formats.append(form)
        rest = rest.filter(best.days.is_null())
    return tuple(formats) or None


def _format_fix(settings: TimeSettings) -> str:
    place = "--map time=COLUMN" if settings.section == "cleaning" else f"{settings.section}.columns"
    return (
        f"no common format reads them: name the column that holds the times with {place}, or "
        f"describe them by a format of strptime with {settings.section}.time_format."
    )


def parse_times(cells: pl.Series, settings: TimeSettings | None = None) -> ReadTimes:
    """Return a column of text as days and minutes, and how it was read.

    The frame has ``day``, ``minute`` (null where no row has a time of the day) and ``day why``,
    in the order of the cells.

    Raises
    ------
    ConfigError
        When a format cannot be used.
    ContractError
        When day and month are ambiguous, contradict each other or were swapped; when some
        times have an offset and others none; when numbers count several units; when a
        column cannot be read.

    Examples
    --------
    >>> read = parse_times(pl.Series("time", ["31.01.2011", "1.2.2011"]))
    >>> read.format, read.frame["day"].to_list()
    ('dmy', [15005, 15006])
    """
    counted = cells.drop_nulls().rename("text").value_counts(name="n").sort("text")
    read = prove_times(counted, cells.name, settings or TimeSettings())
    rows = cells.to_frame("text").join(read.frame, on="text", how="left", maintain_order="left")
    empty = pl.when(pl.col("text").is_null()).then(pl.lit("is empty"))
    frame = rows.select("day", "minute", empty.otherwise("day why").alias("day why"))
    return replace(read, frame=frame)


def prove_times(counted: pl.DataFrame, name: str, settings: TimeSettings) -> ReadTimes:
    """Return the times of the distinct texts of a column, which is called `name` in errors.

    `counted`: ``text``, sorted, and ``n``, how many cells hold it. The frame has ``text``, ``day``,
    ``minute`` (null where no text has a time of the day) and ``day why``.
    """
    texts = counted.select("text", cells="n")
    read = read_times(texts, settings)
    refuse_unreadable_column(texts, name, read, settings)
    notes = read.notes + _note_swap(read, settings)
    why = pl.when(pl.col("day").is_null()).then("why").alias("day why")
    key = read.frame.select("text", "day", "minute", why)
    if not (key["minute"] > 0).any():  # midnight everywhere is no time of the day
        key = key.with_columns(minute=pl.lit(None, pl.Int16))
    return replace(read, frame=key, notes=notes)


def _note_swap(read: ReadTimes, settings: TimeSettings) -> tuple[str, ...]:
    """Refuse dates of which a spreadsheet swapped day and month; note it if a format is set."""
    found = find_swapped_dates(read.frame["day"])
    if found is None:
        return ()
    message = (
        "Day and month seem to be swapped wherever the day is 12 or less, as a spreadsheet does "
        f"that reads them in the other order ({found.dates:,} dates): as written the days are "
        f"{found.as_read}, swapped back {found.swapped_back}."
    )
    if settings.formats:
        return (f"{message} They are read as written.",)
    fix = (
        "export the data again and do not save them with a spreadsheet; if they are right "
        f"as written: --set {settings.section}.time_format={read.order}."
    )
    raise ContractError(message, fix=fix, column="time")


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
    certain = dates.filter(~is_open)["date"]
    both = dates.filter(is_open & (date.dt.day() != date.dt.month())).select("date", other=other)
    if len(certain) < MIN_CERTAIN_DATES or both.height < MIN_OPEN_DATES:
        return None
    months = dates.select(date.dt.year().cast(pl.Int32) * 12 + date.dt.month()).to_series()
    n_months = int(months[-1]) - int(months[0]) + 1
    read, swapped = (
        _log_shares(asked.dt.truncate("1mo"), certain.dt.truncate("1mo"), n_months)
        + _log_shares(asked.dt.weekday(), certain.dt.weekday(), 7)
        for asked in both
    )
    evidence = float((swapped - read).sum())
    if evidence < max(MIN_EVIDENCE, MIN_EVIDENCE_PER_DATE * both.height):
        return None
    back = dates.select(pl.when(is_open).then(other).otherwise(date).sort())
    return SwappedDates(both.height, _span(dates), _span(back))


def _log_shares(asked: pl.Series, certain: pl.Series, choices: int) -> pl.Series:
    """Return how likely each value is among the certain ones."""
    counts = certain.rename("value").value_counts(name="n")
    found = asked.to_frame("value").join(counts, on="value", how="left", maintain_order="left")
    total = len(certain) + PSEUDO_COUNT * choices
    return ((found["n"].fill_null(0) + PSEUDO_COUNT) / total).log()


def _span(dates: pl.DataFrame) -> str:
    return f"{dates.item(0, 0)} to {dates.item(-1, 0)}"
