"""Names come from what customers do, each once, and say what stands out."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from segpredict.core.transactions import MONEY_SCALE
from segpredict.segmentation.naming import _ordered_by_value, profile_names


def rows(*kinds: tuple[int, int, int, int], **more: list[int]) -> tuple:
    """Return a shop of kinds: code, recency, days and spend, ten rows of each."""
    cells = [kind for kind in kinds for _ in range(10)]
    frame = pl.DataFrame(
        {
            "recency": [c[1] for c in cells],
            "days": [c[2] for c in cells],
            "spend": [c[3] * MONEY_SCALE for c in cells],
            **{name: [v for v in values for _ in range(10)] for name, values in more.items()},
        }
    )
    return frame, pl.Series([c[0] for c in cells])


def test_recent_and_frequent_are_champions_and_long_silent_rare_ones_are_not():
    shop, codes = rows((1, 80, 1, 10), (2, 40, 3, 100), (3, 2, 12, 900))
    assert profile_names(shop, codes, 3) == ("About to sleep", "Need attention", "Champions")


def test_a_name_follows_the_profile_and_not_the_number():
    shop, codes = rows((3, 80, 1, 10), (2, 40, 3, 100), (1, 2, 12, 900))
    assert profile_names(shop, codes, 3)[0] == "Champions"


def test_once_recent_now_silent_big_buyers_cannot_be_lost():
    shop, codes = rows((1, 2, 1, 10), (2, 3, 2, 20), (3, 90, 15, 900))
    assert profile_names(shop, codes, 3)[2] == "Cannot lose"


def test_what_stands_out_is_added():
    shop, codes = rows(
        (1, 80, 1, 10),
        (2, 40, 1, 100),
        (3, 2, 12, 900),
        refunds=[0, 50 * MONEY_SCALE, 0],
        products=[1, 1, 12],
    )
    names = profile_names(shop, codes, 3)
    assert names[1].endswith(" – returns-heavy")
    assert "–" not in names[2]  # twelve products on twelve days are one a day


def test_of_words_that_promise_value_the_better_goes_to_the_higher():
    names = ["Champions", "At risk", "Loyal"]
    assert _ordered_by_value(names) == ["Loyal", "At risk", "Champions"]


def test_nobody_who_bought_in_the_window_is_called_lost():
    shop, codes = rows(*[(c, 90 - c, 1, c) for c in range(1, 9)])
    names = profile_names(shop, codes, 8)
    assert not {"Lost", "Hibernating"} & set(names)


@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(0, 90), st.integers(1, 30), st.integers(-5, 999)),
        min_size=8,
    )
)
def test_names_are_unique_and_the_order_of_rows_changes_none(cells):
    columns = np.array(cells)
    shop = pl.DataFrame(columns[:, 1:], schema=["recency", "days", "spend"])
    codes = pl.Series(columns[:, 0])
    names = profile_names(shop, codes, 8)
    assert len(set(names)) == 8
    assert profile_names(shop.reverse(), codes.reverse(), 8) == names
