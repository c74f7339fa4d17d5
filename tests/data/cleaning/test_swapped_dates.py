"""Dates of which a spreadsheet swapped day and month wherever it could."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product

import polars as pl
import pytest

from segpredict.data.cleaning import TimeSettings, parse_times
from segpredict.data.cleaning._times import find_swapped_dates
from segpredict.errors import ContractError


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(n) for n in range((end - start).days + 1)]


def swapped(dates: list[date]) -> list[date]:
    return [d.replace(month=d.day, day=d.month) if d.day <= 12 else d for d in dates]


def written(dates: list[date], form: str = "%d-%m-%Y") -> pl.Series:
    return pl.Series("time", [d.strftime(form) for d in dates])


PERIODS = {
    "month": days("2023-01-01", "2023-01-31"),
    "quarter": days("2023-04-01", "2023-06-30"),
    "year": days("2023-01-01", "2023-12-31"),
    "18 months": days("2022-01-01", "2023-06-30"),
    "month across two": days("2023-01-13", "2023-02-12"),
}
SHOPS: dict[str, Callable[[date], bool]] = {
    "every day": lambda d: True,
    "no Sunday": lambda d: d.weekday() != 6,
    "weekdays": lambda d: d.weekday() < 5,
    "first and fifteenth": lambda d: d.day in (1, 15),
    "first, and one long sale": lambda d: d.day == 1 or d.month == 11,
    "first half of the month": lambda d: d.day < 16,
    "Christmas": lambda d: d.month == 12 or d.day == 24,
}


def test_honest_dates_are_no_swap() -> None:
    for shop, period in product(SHOPS, PERIODS):
        dates = [d for d in PERIODS[period] if SHOPS[shop](d)]
        assert find_swapped_dates(pl.Series(dates, dtype=pl.Date)) is None, (shop, period)


@pytest.mark.parametrize("first", ["2021-01-01", "2022-12-05", "2023-05-13"])
def test_honest_dates_of_a_small_shop_are_no_swap(first: str) -> None:
    period = days(first, "2023-07-31")
    for seed, share in product(range(20), (0.05, 0.3, 0.8)):
        rng = random.Random(seed)
        open_days = [d for d in period if rng.random() < share]
        assert find_swapped_dates(pl.Series(open_days, dtype=pl.Date)) is None, (seed, share)


@pytest.mark.parametrize(
    ("shop", "period"),
    [
        *(("every day", period) for period in ("month", "quarter", "18 months")),
        *(("no Sunday", period) for period in ("quarter", "year", "18 months")),
    ],
)
def test_a_swap_is_found(shop: str, period: str) -> None:
    dates = [d for d in PERIODS[period] if SHOPS[shop](d)]
    found = find_swapped_dates(pl.Series(swapped(dates)))
    assert found is not None
    assert found.swapped_back == f"{dates[0]} to {dates[-1]}"


@pytest.mark.parametrize(
    ("form", "go_on"), [("%d-%m-%Y", "dmy"), ("%m/%d/%Y", "mdy"), ("%Y-%m-%d", "ymd")]
)
def test_a_swap_is_refused_until_a_person_says_how_dates_are_written(form, go_on) -> None:
    dates = swapped(PERIODS["quarter"])
    with pytest.raises(ContractError, match="Day and month seem to be swapped") as caught:
        parse_times(written(dates, form))
    assert "2023-04-01 to 2023-06-30" in caught.value.message
    assert f"--set cleaning.time_format={go_on}" in caught.value.fix
    read = parse_times(written(dates, form), TimeSettings(go_on))
    assert read.frame["day"].cast(pl.Date).to_list() == dates
    assert "read as written" in read.notes[0]
