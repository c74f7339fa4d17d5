from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segpredict.core.window import as_date
from segpredict.data.cleaning import _numbers, _times
from segpredict.errors import ContractError


def times(*cells: str | None, time_format: str | None = None) -> list[tuple]:
    wanted = _times.TimeSettings(time_format)
    read = _times.parse_times(pl.Series(cells, dtype=pl.String), wanted)
    return read.frame.select("day", "minute").rows()


def found(*cells: str) -> str:
    return _times.parse_times(pl.Series(cells)).format


@pytest.mark.parametrize(
    "text",
    [
        *("2011-01-31 08:26", "2011-01-31T08:26:00", "2011-01-31 08:26:59.999"),
        *("2011-01-31T08:26:00Z", "2011-01-31 08:26:00+01:00", "2011/1/31 8:26"),
        *("31/01/2011 08:26", "1/31/2011 8:26", "31.1.2011 8:26"),
    ],
)
def test_a_moment_is_read_as_day_and_minute(text: str) -> None:
    assert times(text) == [(15005, 506)]


@pytest.mark.parametrize("text", ["2011-01-31", "20110131", "31.01.2011"])
def test_a_day_has_no_minute(text: str) -> None:
    assert times(text) == [(15005, None)]


def test_one_day_above_twelve_proves_the_whole_column() -> None:
    assert times("1/2/2011", "1/13/2011")[0] == (14976, None)
    assert times("1/2/2011", "13/1/2011")[0] == (15006, None)
    assert found("1/2/2011", "1/13/2011") == "mdy"
    assert found("1/2/2011", "13/1/2011") == "dmy"


def test_an_unproven_column_is_refused_with_both_readings() -> None:
    with pytest.raises(ContractError, match="time_format") as caught:
        times("1/2/2011", "3/4/2011")
    assert "dmy gives 2011-02-01 to 2011-04-03" in caught.value.message
    assert "mdy gives 2011-01-02 to 2011-03-04" in caught.value.message


def test_a_column_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ContractError, match='"13/1/2011" has its day first'):
        times("13/1/2011", "1/13/2011")


@pytest.mark.parametrize(
    ("time_format", "day"), [("dmy", 15006), ("mdy", 14976), ("%d/%m/%Y", 15006)]
)
def test_a_person_may_say_which_it_is(time_format: str, day: int) -> None:
    assert times("1/2/2011", time_format=time_format) == [(day, None)]


def test_a_format_with_a_clock_is_read() -> None:
    assert times("31 Jan 2011 08:26", time_format="%d %b %Y %H:%M") == [(15005, 506)]


@settings(deadline=None)
@given(st.dates(min_value=as_date(1)).filter(lambda d: d.year < 2200))
def test_every_day_is_read_as_itself(day) -> None:
    number = (day - as_date(0)).days
    assert times(day.isoformat(), day.strftime("%Y%m%d")) == [(number, None)] * 2


def units_of(text: str) -> tuple[int | None, str | None]:
    """Return one text in units of 10⁻⁴, or why it is no number."""
    return _numbers._exact(_numbers.BareNumber(text))[:2]


@given(st.decimals(-(10**9), 10**9, places=4))
def test_four_decimals_are_read_exactly(value: Decimal) -> None:
    assert units_of(f"{value:f}") == (int(value * 10_000), None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[("0.00005", 0), ("0.00015", 2), ("0.00025", 2), ("-0.00015", -2)],
        *[("+2.5", 25_000), (".5", 5_000), ("5.", 50_000), ("1e3", 10_000_000)],
        *[("-0.0", 0), ("0.1", 1_000), ("0.30000000000000004", 3_000)],
    ],
)
def test_more_decimals_are_rounded_half_to_even(text: str, expected: int) -> None:
    assert units_of(text) == (expected, None)


@pytest.mark.parametrize(
    "text", ["inf", "nan", "1,5", "£2", "0x1A", "1_000", "", "٣", "1e", "--1", "TRUE"]
)
def test_what_is_no_number_stays_none(text: str) -> None:
    assert units_of(text) == (None, "is not a number")


@given(st.integers(-(10**9), 10**9), st.integers(-(10**7), 10**7))
def test_quantity_times_price_is_exact_half_to_even(quantity: int, price: int) -> None:
    line = pl.DataFrame({"q": [quantity], "p": [price]})
    got = line.select(_numbers.multiply_units(pl.col("q"), pl.col("p"))).item()
    exact = Decimal(quantity * price) / 10_000
    assert got == int(exact.to_integral_value("ROUND_HALF_EVEN"))
