"""A column that cannot be read as times: one error, with a setting that was tried."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from segpredict.core.window import as_date
from segpredict.data.cleaning._assemble import NO_TIME_REASON, SHORT_YEAR_REASON
from segpredict.data.cleaning._common_formats import COMMON_FORMATS
from segpredict.data.cleaning._moments import ReadTimes, read_times
from segpredict.data.cleaning._time_formats import count_read
from segpredict.data.cleaning._time_settings import TimeSettings
from segpredict.errors import ContractError, SegpredictError, quote_value

MAX_BAD_SHARE = 0.01  # a format that reads all other cells fits; the others are bad rows
COLUMN_SHARE = 0.5  # above this share of bad cells, no row is to blame but the column
MIN_LIKELY_SHARE = 0.9  # of a sample, for a format that is worth a try on all cells
SAMPLE_SIZE = 50  # texts on which formats are tried before they are tried on all
MAX_FORMATS = 4  # in a list
LAST_CENTURY_PIVOT = 69  # 1970 is the first year that is read, so 00 to 69 are in 20xx
NUMBER_SHAPES = ("digits", "epoch", "spreadsheet")  # numbers that may be anything else as well


@dataclass(frozen=True, slots=True)
class TriedSetting:
    """A change of settings, and the days that it gives for the texts of a column."""

    flag: str  # as it is given on the command line
    days: pl.Series  # in the order of the texts, null where a text is not read
    cells: pl.Series  # the number of cells with each text

    @property
    def n_read(self) -> int:
        """How many cells it reads."""
        return int(self.cells.filter(self.days.is_not_null()).sum())

    @property
    def is_fit(self) -> bool:
        """Whether it reads (nearly) all cells."""
        return 0 < (1 - MAX_BAD_SHARE) * int(self.cells.sum()) <= self.n_read

    @property
    def description(self) -> str:
        """The flag with what it gives."""
        days = self.days.drop_nulls().sort()
        return (
            f"{self.flag} (tried: it reads {self.n_read:,} of {int(self.cells.sum()):,} cells, "
            f"{as_date(days[0])} to {as_date(days[-1])})"
        )


def refuse_unreadable_column(
    cells: pl.Series, read: ReadTimes, settings: TimeSettings, others: Mapping[str, pl.Series]
) -> None:
    """Refuse cells that are unread for one reason that a setting, or no setting, removes."""
    texts = cells.drop_nulls().rename("text").value_counts(name="cells").sort("text")
    unread = read.frame.filter(pl.col("day").is_null())
    bad = texts.join(unread.select("text", "why"), on="text", maintain_order="left")
    n_cells, n_bad = int(texts["cells"].sum()), int(bad["cells"].sum())
    is_column = n_bad > COLUMN_SHARE * n_cells
    is_alone = bad.height == 1 and not (is_column and bad["why"][0] == NO_TIME_REASON)
    if n_bad <= MAX_BAD_SHARE * n_cells or is_alone:  # odd rows, not an odd column
        return
    fix = _tried_fix(read, texts, bad, settings) or (is_column and _other_fix(settings, others))
    if not fix:
        return
    examples = bad["text"].gather_every(max(1, bad.height // 3)).head(3).to_list()
    reason = bad["why"].drop_nulls().mode().sort()[0]
    raise ContractError(
        f"{n_bad:,} of the {n_cells:,} cells of the column {quote_value(cells.name)} "
        f"cannot be read as times, such as "
        f"{', '.join(map(quote_value, examples))}: each {reason}.",
        fix=fix,
        column="time",
        count=n_bad,
    )


def _tried_fix(
    read: ReadTimes, texts: pl.DataFrame, bad: pl.DataFrame, settings: TimeSettings
) -> str:
    """Return settings that read all texts, with what each gives; empty where none does."""
    fits = [
        tried
        for changed in _changes(texts["text"], bad, settings)
        if (tried := _try(texts, changed, settings)).is_fit
    ]
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
    return [f for f in COMMON_FORMATS if count_read(sample, f) >= max(1, share * len(sample))]


def _try(texts: pl.DataFrame, changed: TimeSettings, settings: TimeSettings) -> TriedSetting:
    flag = _flag(changed, settings)
    try:
        read = read_times(texts, changed).frame.select("text", "day")
    except SegpredictError:
        read = pl.DataFrame(schema={"text": pl.String, "day": pl.Int32})
    days = texts.join(read, on="text", how="left", maintain_order="left")["day"]
    return TriedSetting(flag, days, texts["cells"])


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
