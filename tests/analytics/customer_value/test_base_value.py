"""What a customer would spend if her present rhythm held: by hand, and without a look ahead."""

import polars as pl
import pytest

from segpredict.analytics.customer_value.measure import base_values
from segpredict.core.window import Window, day_number
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame

CUTOFF = day_number("2012-01-01")
WINDOW = Window(CUTOFF, lookback=364, horizon=91)


def shop(*rows):
    columns = ("customer_id", "date", "amount", "order_id")
    table = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return clean_lines(from_frame(table))


def base(*rows, window=WINDOW):
    found = base_values(shop(*rows), [window])
    return dict(zip(found["customer_id"], found["base_value"], strict=True))


def test_a_year_of_spend_is_spread_over_four_windows():
    rows = [("ann", "2010-06-01", "50", "1"), ("ann", "2011-06-01", "400", "2")]
    assert base(*rows) == {"ann": 100}


def test_a_new_customer_is_observed_from_the_first_order_on():
    # 182 days before the cutoff: two windows.
    assert base(("ann", "2011-07-03", "60", "1"), ("ann", "2011-12-01", "40", "2")) == {"ann": 50}


def test_the_order_of_yesterday_is_one_window_and_not_ninety_one():
    assert base(("ann", "2011-12-31", "60", "1")) == {"ann": 60}


def test_refunds_count_and_leave_nothing_below_zero():
    kept = [("ann", "2011-12-01", "60", "1"), ("ann", "2011-12-02", "-20", "C1")]
    assert base(*kept) == {"ann": 40}
    lost = [("ann", "2011-12-01", "60", "1"), ("ann", "2011-12-02", "-90", "C9")]
    assert base(*lost).get("ann", 0) == 0


def test_nothing_after_the_cutoff_changes_a_bit():
    rows = [("ann", "2011-07-03", "60", "1"), ("bob", "2011-12-31", "5", "2")]
    later = [("ann", "2012-01-01", "999", "3"), ("cleo", "2012-02-01", "9", "4")]
    assert base(*rows) == base(*rows, *later)


def test_whoever_has_no_order_in_the_look_back_has_no_base():
    assert base(("ann", "2010-12-31", "60", "1"), ("bob", "2011-01-05", "4", "2")).keys() == {"bob"}


def test_windows_are_told_apart_and_do_not_mix():
    rows = [("ann", "2011-01-05", "40", "1"), ("ann", "2011-12-31", "40", "2")]
    earlier = Window(CUTOFF - 91, lookback=364, horizon=91)
    both = base_values(shop(*rows), [earlier, WINDOW])
    assert both["cutoff"].to_list() == [CUTOFF - 91, CUTOFF]
    days = CUTOFF - day_number("2011-01-05")
    expected = [40 * 91 / (days - 91), 80 * 91 / days]
    assert both["base_value"].to_list() == pytest.approx(expected)
