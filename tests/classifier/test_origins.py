from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from segpredict.classifier import Schedule, schedule_folds
from segpredict.config.classifier import TimeOptions
from segpredict.errors import ConfigError, TooShortHistoryError

weeks = st.integers(1, 26).map(lambda n: 7 * n)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    time = TimeOptions(
        horizon=draw(weeks),
        lookback=draw(weeks),
        gap=draw(st.sampled_from([0, 1, 7])),
        step=draw(st.integers(1, 60)),
        settlement=draw(st.sampled_from([0, 14])),
        test_windows=draw(st.integers(1, 4)),
        max_origins=draw(st.sampled_from([3, 24])),
    )
    first = draw(st.integers(-50, 50))
    try:
        return schedule_folds(first, first + draw(st.integers(50, 1200)), time)
    except TooShortHistoryError:
        assume(False)
        raise


@given(schedules())
def test_no_origin_learns_from_an_outcome_that_ends_after_its_test_cutoff(plan):
    for fold in plan.folds:
        for day in fold.train_origins:
            assert day + plan.time.gap + plan.time.horizon <= fold.cutoff


@given(schedules())
def test_no_test_needs_a_day_that_is_not_in_the_data(plan):
    for fold in plan.test_folds:
        assert fold.cutoff + plan.time.days_to_complete <= plan.end_day
    assert max(plan.cutoffs) == plan.production_fold.cutoff == plan.end_day


@given(schedules())
def test_test_outcomes_do_not_overlap(plan):
    cutoffs = [fold.cutoff for fold in plan.test_folds]
    assert all(b - a >= plan.time.horizon for a, b in pairwise(cutoffs))


@given(schedules())
def test_fitting_outcomes_end_before_validation_begins(plan):
    for fold in plan.folds:
        assert set(fold.fit_origins) | set(fold.validation_origins) <= set(fold.train_origins)
        for day in fold.fit_origins:
            assert day + plan.time.days_to_complete <= fold.validation_origins[0]
        assert bool(fold.fit_origins) == bool(fold.validation_origins)
        assert fold.validation_origins == fold.train_origins[len(fold.train_origins) :] or (
            fold.validation_origins == fold.train_origins[-len(fold.validation_origins) :]
        )


@given(schedules())
def test_all_folds_share_their_origins(plan):
    """A row of the panel is computed once and serves every fold that may learn from it."""
    every = sorted({day for fold in plan.folds for day in fold.train_origins})
    for fold in plan.folds:
        assert len(fold.train_origins) <= plan.time.max_origins
        if plan.time.settlement == plan.time.gap == 0 and fold is not plan.production_fold:
            oldest, newest = fold.train_origins[0], fold.train_origins[-1]
            between = [day for day in every if oldest <= day <= newest]
            if (plan.production_fold.cutoff - fold.cutoff) % plan.time.horizon == 0:
                assert between == list(fold.train_origins)


@given(st.integers(1, 26), st.integers(1, 60))
def test_a_whole_number_of_origins_makes_a_horizon(weeks_ahead, step):
    time = TimeOptions(horizon=7 * weeks_ahead, lookback=7, step=step, max_origins=200)
    days = schedule_folds(0, 1200, time).production_fold.train_origins
    count = min(time.horizon, max(1, round(time.horizon / step)))
    assert all(b - a == time.horizon for a, b in zip(days, days[count:], strict=False))
    # Steps differ by a week at most, or by a day where a horizon has more origins than weeks.
    steps = {b - a for a, b in pairwise(days)}
    assert max(steps) - min(steps) <= 7


@given(schedules())
def test_every_origin_saw_half_a_lookback_and_a_whole_window(plan):
    for fold in plan.test_folds:
        for day in fold.train_origins:
            assert day - plan.first_day >= max(plan.time.horizon, plan.time.lookback / 2)


@given(schedules())
def test_a_blind_segmenter_sees_nothing_after_the_first_test_cutoff(plan):
    assert plan.segmentation_windows
    assert all(start < end <= plan.test_folds[0].cutoff for start, end in plan.segmentation_windows)


@given(schedules())
def test_all_tests_but_the_newest_have_six_origins_and_a_split_where_these_reach_far_enough(plan):
    for fold in plan.test_folds[:-1]:
        origins = fold.train_origins
        assert len(origins) >= 6
        # Six origins a day apart end before the outcome of the first one is known.
        is_long = origins[0] + plan.time.days_to_complete <= origins[-2]
        assert bool(fold.fit_origins) == is_long
        assert fold.validation_origins == (origins[-2:] if is_long else ())


def test_two_years_of_a_shop_give_the_three_tests_worked_out_by_hand():
    plan = schedule_folds(14579, 15318, TimeOptions())  # 2009-12-01 to 2011-12-09
    assert [fold.cutoff for fold in plan.test_folds] == [15045, 15136, 15227]
    assert [len(fold.train_origins) for fold in plan.test_folds] == [7, 10, 13]
    assert plan.test_folds[0].fit_origins == (14772, 14800, 14835)
    assert plan.test_folds[0].validation_origins == (14926, 14954)
    assert plan.production_fold.train_origins[-1] == 15227
    assert plan.notes == ()


def test_a_short_history_keeps_the_newest_test_and_says_what_it_lacks():
    plan = schedule_folds(0, 400, TimeOptions())
    (fold,) = plan.test_folds
    assert fold.cutoff == 309
    assert fold.train_origins == (190, 218)
    assert fold.validation_origins == ()
    assert len(plan.notes) == 2


def test_too_short_a_history_names_the_days_needed_and_found():
    with pytest.raises(TooShortHistoryError, match=r"needs 364 days.*found 363"):
        schedule_folds(0, 363, TimeOptions())
    assert len(schedule_folds(0, 364, TimeOptions()).test_folds[0].train_origins) == 1


def test_settling_time_moves_the_last_test_back():
    late = schedule_folds(0, 800, TimeOptions(settlement=14))
    assert late.test_folds[-1].cutoff == 800 - 91 - 14
    assert late.production_fold.train_origins[-1] == 800 - 91 - 14


@pytest.mark.parametrize("wrong", [{"horizon": 0}, {"step": -1}, {"gap": -1}])
def test_impossible_lengths_are_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=f"time.{next(iter(wrong))}"):
        TimeOptions(**wrong)
