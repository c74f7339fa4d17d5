from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.core.window import Window, as_date, day_number, rolling_origins
from segpredict.errors import ConfigError

days = st.integers(0, 40_000)
lengths = st.integers(1, 800)


@given(days)
def test_a_day_number_and_its_date_are_the_same_day(day: int) -> None:
    assert day_number(as_date(day)) == day
    assert day_number(as_date(day).isoformat()) == day


@given(days, lengths, st.integers(0, 60), lengths)
def test_look_back_gap_and_outcome_touch_without_overlap(
    cutoff: int, lookback: int, gap: int, horizon: int
) -> None:
    window = Window(cutoff, lookback=lookback, gap=gap, horizon=horizon)
    assert window.start + lookback == window.cutoff
    assert window.cutoff + gap == window.outcome_start
    assert window.outcome_end - window.outcome_start == horizon


def test_the_defaults_are_whole_weeks() -> None:
    window = Window(0)
    lengths = (window.lookback, window.horizon, window.max_history)
    assert all(n % 7 == 0 for n in lengths)


def test_a_cutoff_day_itself_belongs_to_the_outcome() -> None:
    window = Window(day_number("2011-09-10"))
    assert as_date(window.outcome_start) == date(2011, 9, 10)
    assert as_date(window.outcome_end) == date(2011, 12, 10)


def test_days_before_the_data_began_are_not_counted_as_observed() -> None:
    assert Window(1000, lookback=364, first_day=900).covered_days == 100
    assert Window(1000, lookback=364, first_day=100).covered_days == 364
    assert Window(1000).covered_days == 364


@given(days, st.integers(1, 90), st.integers(0, 400))
def test_origins_step_back_evenly_and_stop_at_the_limit(cutoff: int, step: int, room: int) -> None:
    found = [w.cutoff for w in rolling_origins(Window(cutoff), step, cutoff - room)]
    assert found == list(range(cutoff, cutoff - room - 1, -step))


@pytest.mark.parametrize("bad", [{"lookback": 0}, {"horizon": -1}, {"gap": -1}])
def test_a_window_without_length_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(bad))):
        Window(100, **bad)


def test_a_text_that_is_no_date_is_refused_with_the_form_to_use() -> None:
    with pytest.raises(ConfigError, match="YYYY-MM-DD"):
        day_number("10/09/2011")


@pytest.mark.parametrize(
    "when",
    [
        *("2024-03-05", " 2024-03-05 ", "20240305", "2024-03-05 10:00"),
        *("2024-03-05T23:30:00+02:00", np.str_("2024-03-05")),
        *(date(2024, 3, 5), datetime.fromisoformat("2024-03-05 23:59"), 19787, np.int64(19787)),
        *(pd.Timestamp("2024-03-05 23:30", tz="Europe/Berlin"), pd.Timestamp("2024-03-05")),
        pd.Timestamp("2024-03-05 00:30", tz="Asia/Tokyo"),
        *(np.datetime64("2024-03-05"), np.datetime64("2024-03-05T23:59:59.123456789")),
        *(pd.Period("2024-03-05"), pd.Period("2024-03-05 10:00", "h")),
        pa.scalar(date(2024, 3, 5)),
    ],
    ids=repr,
)
def test_a_day_of_any_library_is_the_day_of_its_own_zone(when: object) -> None:
    assert as_date(day_number(when)) == date(2024, 3, 5)


@pytest.mark.parametrize(
    "when",
    [
        *("soon", "2024-03", 20240305, 1.5, True, None, [1], float("nan")),
        *(pd.NaT, np.datetime64("NaT"), np.datetime64("2024-03"), np.datetime64("2024")),
        *(pd.Period("2024-03"), pd.Period("2024-03-05", "W")),
    ],
    ids=repr,
)
def test_what_is_not_clearly_one_day_is_refused(when: object) -> None:
    with pytest.raises(ConfigError, match="YYYY-MM-DD"):
        day_number(when)
