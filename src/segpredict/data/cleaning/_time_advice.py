"""A column that cannot be read as times: one error, with a setting that was tried."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from segpredict.core.window import as_date
from segpredict.data.cleaning._assemble import SHORT_YEAR_REASON
from segpredict.data.cleaning._common_formats import COMMON_FORMATS
from segpredict.data.cleaning._moments import ReadTimes, read_times
from segpredict.data.cleaning._time_settings import TimeSettings
from segpredict.errors import ContractError, SegpredictError, quote_value

MAX_BAD_SHARE = 0.01  # a format that reads all other cells fits; the others are bad rows
COLUMN_SHARE = 0.5  # above this share of bad cells, no row is to blame but the column
SAMPLE_SIZE = 200  # texts on which formats are tried before they are tried on all
MAX_FORMATS = 4  # in a list
LAST_CENTURY_PIVOT = 69  # 1970 is the first year that is read, so 00 to 69 are in 20xx
NUMBER_SHAPES = ("digits", "epoch", "spreadsheet")  # numbers that may be anything else as well


@dataclass(frozen=True, slots=True)
class TriedSetting:
    """A change of settings, and the days that it gives for the texts of a column."""

    flag: str  # as it is given on the command line
    days: pl.Series  # in the order of the texts, null where a text is not read

    @property
    def is_fit(self) -> bool:
        """Whether it reads (nearly) all texts."""
        return self.days.null_count() <= MAX_BAD_SHARE * len(self.days)

    @property
    def told(self) -> str:
        """The flag with what it gives."""
        days = self.days.drop_nulls().sort()
        return (
            f"{self.flag} (tried: it reads {len(days):,} of {len(self.days):,} distinct cells, "
            f"{as_date(days[0])} to {as_date(days[-1])})"
        )


def refuse_unreadable_column(
    cells: pl.Series, read: ReadTimes, settings: TimeSettings, others: Mapping[str, pl.Series]
) -> None:
    """Refuse cells that are unread for one reason that a setting, or no setting, removes.

    Raises
    ------
    ContractError
        When most cells cannot be read, or a setting was found that reads all of them.
    """
    frame = read.frame
    bad = frame.filter(pl.col("day").is_null()).sort("text")
    filled = cells.drop_nulls()
    n_bad = int(filled.is_in(bad["text"].implode()).sum()) if bad.height else 0
    is_column = n_bad > COLUMN_SHARE * len(filled)
    if not is_column and (n_bad <= MAX_BAD_SHARE * len(filled) or bad.height == 1):
        return
    fix = _tried_fix(read, bad, settings) or (is_column and _other_fix(settings, others))
    if not fix:
        return
    examples = bad["text"].gather_every(max(1, bad.height // 3)).head(3).to_list()
    reason = bad["why"].drop_nulls().mode().sort().first()
    raise ContractError(
        f"{n_bad:,} of the {len(filled):,} cells of the column time cannot be read, such as "
        f"{', '.join(map(quote_value, examples))}: each {reason}.",
        fix=fix,
        column="time",
        count=n_bad,
        examples=examples,
    )


def _tried_fix(read: ReadTimes, bad: pl.DataFrame, settings: TimeSettings) -> str | None:
    """Return settings that read all texts, with what each gives."""
    texts = read.frame.select("text").sort("text")
    step = max(1, texts.height // SAMPLE_SIZE)
    sample = texts.gather_every(step)
    fits = [
        tried
        for changed in _changes(bad, settings)
        if _try(sample, changed, settings).is_fit
        and (tried := _try(texts, changed, settings)).is_fit
    ]
    different = [
        tried
        for i, tried in enumerate(fits)
        if not any(_agree(tried.days, other.days) for other in fits[:i])
    ]
    if not different and settings.section == "cleaning":
        listed = _try(texts, _list_of_formats(read, bad, settings), settings)
        different = [listed] if listed.is_fit else []
    if not different:
        return None
    say = "set it" if len(different) == 1 else "say which"
    return f"{say}: {', or '.join(tried.told for tried in different[:3])}."


def _changes(bad: pl.DataFrame, settings: TimeSettings) -> Iterator[TimeSettings]:
    if settings.formats:
        yield replace(settings, format=None)
    if (bad["why"] == SHORT_YEAR_REASON).any() and settings.section == "cleaning":
        yield replace(settings, century_pivot=LAST_CENTURY_PIVOT)
    for form in COMMON_FORMATS:
        yield replace(settings, format=form)


def _try(texts: pl.DataFrame, changed: TimeSettings, settings: TimeSettings) -> TriedSetting:
    flag = _flag(changed, settings)
    try:
        read = read_times(texts, changed).frame
    except SegpredictError:
        return TriedSetting(flag, pl.Series("day", [None] * max(1, texts.height), pl.Int32))
    days = texts.join(read, on="text", how="left", maintain_order="left")["day"]
    return TriedSetting(flag, days)


def _flag(changed: TimeSettings, settings: TimeSettings) -> str:
    if changed.century_pivot != settings.century_pivot:
        return f"--set {settings.section}.century_pivot={changed.century_pivot}"
    if changed.format is None:
        return f"leave {settings.section}.time_format out"
    given = changed.format if isinstance(changed.format, str) else json.dumps(changed.format)
    return f"--set '{settings.section}.time_format={given}'"


def _agree(days: pl.Series, others: pl.Series) -> bool:
    return bool(((days == others) | days.is_null() | others.is_null()).all())


def _list_of_formats(read: ReadTimes, bad: pl.DataFrame, settings: TimeSettings) -> TimeSettings:
    """Return settings with the formats that together read most, the present reading first."""
    is_any_read = bad.height < read.frame.height
    formats = list(settings.formats or (read.order,)) if is_any_read else []
    rest = bad.select("text")
    while rest.height and len(formats) < MAX_FORMATS:
        sample = rest.gather_every(max(1, rest.height // SAMPLE_SIZE))
        tried = {
            form: _try(sample, replace(settings, format=form), settings).days
            for form in COMMON_FORMATS
        }
        best = min(tried, key=lambda form: tried[form].null_count())
        rivals = [d for d in tried.values() if d.null_count() == tried[best].null_count()]
        if tried[best].null_count() == len(sample) or not all(
            _agree(tried[best], days) for days in rivals
        ):
            break
        formats.append(best)
        days = _try(rest, replace(settings, format=best), settings).days
        rest = rest.filter(days.is_null())
    return replace(settings, format=tuple(formats) or None)


def _other_fix(settings: TimeSettings, others: Mapping[str, pl.Series]) -> str:
    """Return the column that holds times, or what can be done where none does."""
    names = [name for name, cells in others.items() if _holds_times(cells)]
    if names:
        more = f" (or {', '.join(map(quote_value, names[1:]))})" if names[1:] else ""
        return f"its cells are times: --map time='{names[0]}'{more}."
    place = "--map time=COLUMN" if settings.section == "cleaning" else f"{settings.section}.columns"
    return (
        f"no common format reads them: name the column that holds the times with {place}, or "
        f"describe them by a format of strptime with {settings.section}.time_format."
    )


def _holds_times(cells: pl.Series) -> bool:
    texts = cells.drop_nulls().unique().sort()
    sample = texts.gather_every(max(1, len(texts) // SAMPLE_SIZE)).to_frame("text")
    try:
        read = read_times(sample, TimeSettings())
    except SegpredictError:
        return False
    is_number = any(shape in read.format for shape in NUMBER_SHAPES)
    return (
        read.frame["day"].count() >= max(1, (1 - MAX_BAD_SHARE) * sample.height) and not is_number
    )
