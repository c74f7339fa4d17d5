import pytest
from twelve import answer


def test_the_season_lies_a_year_before_the_outcome():
    # [400 - 364, 400 - 364 + 91) = [36, 127) holds the order of day 100.
    assert answer("season", "ann") == {
        "season_orders": 1,
        "season_spend": 15,
        "season_share": 0.2,
        "months_active": 4,
    }


def test_a_new_customer_bought_nothing_last_season():
    assert answer("season", "bob") == {
        "season_orders": 0,
        "season_spend": 0,
        "season_share": 0,
        "months_active": 1,
    }


@pytest.mark.parametrize(("gap", "orders"), [(64, 1), (65, 0)])
def test_the_gap_moves_the_season(gap, orders):
    # The season begins on day 36 + gap: day 100 is its first day, then outside.
    assert answer("season", "ann", gap=gap)["season_orders"] == orders


def test_there_is_no_season_before_the_data_begin():
    assert answer("season", "ann", first_day=36)["season_orders"] == 1
    late = answer("season", "ann", first_day=37)
    assert [late[n] for n in ("season_orders", "season_spend")] == [None, None]
    assert late["months_active"] == 4


def test_a_season_that_would_reach_past_the_cutoff_is_taken_a_year_earlier():
    # Horizon 364 and gap 36: [400 + 36 - 728, …) = [-292, 72), unseen before day 0.
    assert answer("season", "ann", gap=36, horizon=364)["season_orders"] is None
    seen = answer("season", "ann", gap=36, horizon=364, first_day=-300)
    assert seen["season_orders"] == 0
