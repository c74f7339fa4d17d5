"""A column of times that cannot be read is told as one, with a fix that works."""

import re
import tomllib
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from segpredict.data.cleaning import TimeSettings, parse_times
from segpredict.errors import ConfigError, ContractError

START = datetime(2023, 1, 1, 16, 1, 7, tzinfo=UTC)
MOMENTS = [START + timedelta(days=i, minutes=37 * i) for i in range(120)]
DAYS = [moment.date() for moment in MOMENTS]


def written(*formats: str) -> list[str]:
    return [moment.strftime(form) for form in formats for moment in MOMENTS]


def advised(error: ContractError) -> TimeSettings:
    """Return the settings that the first --set of a fix gives."""
    name, value = re.findall(r"--set '?cleaning\.(\w+)=(\[.*?\]|[^' ]+(?: [^' ]+)*)", error.fix)[0]
    if name == "century_pivot":
        return TimeSettings(century_pivot=int(value.split()[0]))
    is_list = value.startswith("[")
    return TimeSettings(tuple(tomllib.loads(f"x = {value}")["x"]) if is_list else value)


@pytest.mark.parametrize(
    "formats",
    [
        *(["%d%m%Y"], ["%Y%j"], ["%a %b %d %H:%M:%S %Y"], ["%d/%b/%Y:%H:%M:%S +0000"]),
        *(["%Y%m%dT%H%M%S"], ["%d.%m.%Y, %H:%M Uhr"], ["%d-%b-%y %I.%M.%S.000000 %p"]),
        *(["%Y-%m-%d", "%d%m%Y"], ["%d/%m/%Y", "%Y%m%d_%H%M%S"], ["%d.%m.%Y", "%m/%d/%Y"]),
        *(["%Y%j", "%d%m%Y", "%Y%m%d"],),
    ],
    ids=" + ".join,
)
def test_the_advice_reads_the_column(formats: list[str]) -> None:
    texts = pl.Series("Sale Date", written(*formats))
    with pytest.raises(ContractError) as caught:
        parse_times(texts)
    read = parse_times(texts, advised(caught.value))
    assert read.frame["day"].cast(pl.Date).to_list() == DAYS * len(formats)


def test_the_error_names_the_column_three_cells_and_the_span() -> None:
    with pytest.raises(ContractError) as caught:
        parse_times(pl.Series("Sale Date", written("%d%m%Y")))
    message, fix = caught.value.message, caught.value.fix
    assert message.startswith('120 of the 120 cells of the column "Sale Date" cannot be read')
    assert message.count('"') == 2 * (1 + 3)
    assert fix.startswith("--set 'cleaning.time_format=%d%m%Y'")
    assert "120 of 120 cells, 2023-01-01 to 2023-05-03" in fix


def test_two_formats_that_give_other_days_are_both_told() -> None:
    with pytest.raises(ContractError, match="say which") as caught:
        parse_times(pl.Series(["01022023", "03042023", "05062023"]))
    assert "%d%m%Y" in caught.value.fix
    assert "%m%d%Y" in caught.value.fix


def test_a_format_that_fits_nothing_is_told_with_one_that_does() -> None:
    texts = pl.Series(written("%d/%m/%Y"))
    with pytest.raises(ContractError, match="does not fit the format %Y-%m-%d") as caught:
        parse_times(texts, TimeSettings("%Y-%m-%d"))
    assert caught.value.fix.startswith("leave cleaning.time_format out")


def test_years_of_two_digits_before_1990_ask_for_the_century() -> None:
    texts = pl.Series([d.strftime("%d/%m/75") for d in DAYS])
    with pytest.raises(ContractError, match="two digits") as caught:
        parse_times(texts)
    first = parse_times(texts, advised(caught.value)).frame["day"].cast(pl.Date)[0]
    assert str(first) == "1975-01-01"


def test_a_column_of_names_is_told_from_a_format() -> None:
    with pytest.raises(ContractError) as caught:
        parse_times(pl.Series("Name", ["Ann", "Bob", "Cid"] * 40))
    assert "no common format reads them" in caught.value.fix


def test_few_unreadable_cells_stay_bad_rows() -> None:
    read = parse_times(pl.Series([*written("%Y-%m-%d"), "soon", "2023-02-30"]))
    assert read.frame["day why"].to_list()[-2:] == [
        "is not a time that can be read",
        "is not a day between 1970-01-02 and 2199-12-31",
    ]


def test_one_separator_in_two_orders_gets_no_setting() -> None:
    with pytest.raises(ContractError) as caught:
        parse_times(pl.Series(["13/1/2011", "1/13/2011", "2/1/2011"]))
    assert "--set" not in caught.value.fix


@pytest.mark.parametrize(
    "time_format",
    ["%Q", "%d/%m", "", "abc", "%", "%d/%m/%Y %I:%M", "%Y-%m-%d %H", "%H:%M", "%Y-%m-%d %K"],
)
def test_a_format_that_cannot_be_used_is_a_setting_to_correct(time_format: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        parse_times(pl.Series(written("%d/%m/%Y")), TimeSettings(time_format))
    new = re.search("write '(.+)'|as in '(.+)'", caught.value.fix)
    parse_times(pl.Series(dtype=pl.String), TimeSettings(new[1] or new[2]))


@pytest.mark.parametrize("time_format", [None, "%b %d, %Y %H:%M:%S %p"])
@pytest.mark.parametrize("clock", ["%I:%M:%S", "%H:%M:%S"])
def test_hours_beside_am_and_pm_may_be_of_24(clock: str, time_format: str | None) -> None:
    texts = pl.Series(written(f"%b %d, %Y {clock} %p"))
    read = parse_times(texts, TimeSettings(time_format)).frame
    assert read["minute"].to_list() == [60 * m.hour + m.minute for m in MOMENTS]


def test_hours_of_both_clocks_are_refused() -> None:
    texts = pl.Series(written("%b %d, %Y %I:%M %p", "%b %d, %Y %H:%M %p"))
    with pytest.raises(ContractError, match="has its hour of 24"):
        parse_times(texts)


def test_a_list_of_formats_reads_each_cell_by_the_first_that_fits() -> None:
    read = parse_times(
        pl.Series(["01.02.2011", "01/02/2011", "2011-02-01 08:00Z", "?", "??"] * 2),
        TimeSettings(("%d.%m.%Y", "mdy")),
    )
    assert read.frame["day"].cast(pl.Date).to_list()[:4] == [
        *(START.replace(2011, month, day).date() for month, day in ((2, 1), (1, 2), (2, 1))),
        None,
    ]
    assert read.frame["day why"][3] == "fits none of the formats"


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["Jul-25-23", "Jul-26-23"], "2023-07-25"),
        (["25-Jul-23"], "2023-07-25"),
        (["03/14/23"], "2023-03-14"),
        (["14.03.23", "15.03.23", "16.04.23"], "2023-03-14"),
        (["23-03-14", "23-03-15", "23-04-16"], "2023-03-14"),
        (["31/12/99", "01/01/00"], "1999-12-31"),
    ],
)
def test_years_of_two_digits_that_can_be_only_one_century_are_read(texts, first) -> None:
    read = parse_times(pl.Series(texts))
    assert str(read.frame["day"].cast(pl.Date)[0]) == first
    assert "1990 to 2039" in read.notes[0]


def test_a_year_of_two_digits_may_stand_first_or_last() -> None:
    with pytest.raises(ContractError, match=r"dmy gives 2023-03-25 .* ymd gives 2025-03-23"):
        parse_times(pl.Series(["25/03/23"]))
    read = parse_times(pl.Series(["25/03/23"]), TimeSettings("ymd"))
    assert str(read.frame["day"].cast(pl.Date)[0]) == "2025-03-23"
