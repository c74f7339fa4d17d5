"""Segments told as of a later day, on windows of which a part is known already."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shop
import small_shop
from contest import oracle, worlds
from segpredict import features, overview
from segpredict.classifier import (
    LabelOptions,
    TimeOptions,
    Verdict,
    horizons,
    load,
    panel,
    schedule,
    train,
)
from segpredict.classifier._trials import choose
from segpredict.errors import (
    ConfigError,
    SupportError,
    TooShortHistoryError,
    UnknownNameError,
)
from segpredict.tables import MONEY, Segment
from small_shop import OPTIONS, TIME

AS_OF = replace(TIME, label=LabelOptions("as_of"))  # 56 days, 28 of them known


def learned(transactions, segmentation=None):
    days = schedule(transactions.first_day, transactions.end_day, AS_OF)
    made = segmentation or small_shop.segmenter(transactions, days)
    return made, train(transactions, made, OPTIONS, AS_OF)


@pytest.fixture(scope="module")
def carried():
    transactions = shop.world(customers=300, days=420)
    return transactions, *learned(transactions)


class ByDays:
    """A segmenter by rule: two or more purchase days make segment 2."""

    segments = tuple(Segment(i, f"S{i}", f"S{i}") for i in range(3))
    further = ()

    def assign(self, instrument):
        return instrument.select(
            "customer_id", "end", segment=pl.col("days").clip(1, 2).cast(pl.Int8)
        )

    def require_blind_to(self, cutoff):
        pass


def by_hand(orders, end_day=140):
    # T = 112; a segment is measured on 56 days: now [56, 112), one horizon before
    # [28, 84), to be foretold [84, 140), of which [84, 112) is known.
    frame = pl.DataFrame(orders, ["customer_id", "day"], orient="row").with_columns(
        order_id=pl.col("customer_id") + pl.col("day").cast(pl.String), amount=10.0
    )
    given = shop.transactions(frame, end_day)
    return panel(given, ByDays(), [AS_OF.window(112, 0)], ["rfm"])


ORDERS = [
    *(("ann", day) for day in (60, 90, 120)),
    *(("bob", day) for day in (50, 83)),
    *(("cat", day) for day in (30, 60, 139)),
    *(("dan", day) for day in (84, 111, 112)),
]


def test_states_and_labels_of_overlapping_windows_worked_out_by_hand():
    made = by_hand(ORDERS)
    names = ["customer_id", "state_now", "state_before", "state_carried", "label"]
    assert made.frame.select(names).rows() == [
        ("ann", 2, 1, 1, 2),  # 90 carries over, 120 is new
        ("bob", 1, 2, 0, 0),  # 83 falls out of the window
        ("cat", 1, 2, 0, 1),
        ("dan", 2, 0, 2, 2),
    ]
    assert made.names[:3] == ("state_now", "state_before", "state_carried")


def test_nothing_on_or_after_the_cutoff_changes_what_is_known():
    whole, past = by_hand(ORDERS), by_hand([o for o in ORDERS if o[1] < 112])
    known = [name for name in whole.frame.columns if name != "label"]
    assert whole.frame.select(known).equals(past.frame.select(known))
    assert not whole.frame["label"].equals(past.frame["label"])


def test_windows_of_their_own_have_no_carried_state():
    given = shop.world(customers=20, days=300)
    made = panel(given, ByDays(), [TIME.window(200, 0)], ["rfm"])
    assert "state_carried" not in made.frame.columns


def test_silence_carried_over_goes_on_until_the_day_that_is_told():
    """A segmenter that sees recency must see it as of the end of the outcome."""

    class ByRecency(ByDays):
        further = ("recency",)

        def assign(self, instrument):
            late = (pl.col("recency") > 40).cast(pl.Int8)
            return instrument.select("customer_id", "end", segment=2 - late)

    frame = pl.DataFrame(
        {"customer_id": ["a", "b"], "order_id": ["1", "2"], "day": [90, 111]}
    ).with_columns(amount=10.0)
    given = shop.transactions(frame, 140)
    rows = panel(given, ByRecency(), [AS_OF.window(112, 0)], ["rfm"]).frame
    assert rows["state_now"].to_list() == [2, 2]
    assert rows["state_carried"].to_list() == rows["label"].to_list() == [1, 2]


weeks = st.integers(1, 26).map(lambda n: 7 * n)


@st.composite
def schedules(draw: st.DrawFn):
    horizon, gap = draw(weeks), draw(st.sampled_from([0, 1, 7]))
    window = horizon + gap + draw(st.integers(1, 200))
    time = TimeOptions(
        horizon=horizon,
        lookback=window + draw(st.integers(0, 200)),
        gap=gap,
        step=draw(st.integers(1, 60)),
        settle=draw(st.sampled_from([0, 14])),
        label=LabelOptions("as_of", window),
    )
    try:
        return schedule(0, draw(st.integers(200, 1500)), time)
    except TooShortHistoryError:
        assume(False)
        raise


@given(schedules())
def test_longer_labels_are_purged_and_no_window_of_any_reaches_out_of_the_data(plan):
    for fold in (*plan.outer, plan.production):
        for day in fold.training:
            asked = plan.time.window(day, plan.first_day)
            assert asked.outcome_end + plan.time.settle <= fold.cutoff
            assert asked.label_start >= plan.first_day
            assert asked.cutoff - asked.measured >= plan.first_day
            assert asked.outcome_end - asked.label_start == plan.time.measured
        for day in fold.fitting:
            assert day + plan.time.complete <= fold.validation[0]


@given(schedules())
def test_a_segmenter_of_longer_windows_stays_blind(plan):
    width = plan.time.measured
    assert all(end <= plan.outer[0].cutoff for _, end in plan.blind)
    assert all(end - start == width and start >= 0 for start, end in plan.blind)


@given(schedules())
def test_the_overlap_is_told(plan):
    days = f"{plan.time.overlap} of the {plan.time.measured} days"
    assert plan.time.overlap > 0
    assert sum(days in note for note in plan.notes) == 1


def test_the_contest_has_carry_over_and_leaves_bgnbd_out_by_name(carried):
    *_, training = carried
    verdict = training.verdict
    assert {"carry_over", "persistence", "markov"} <= set(verdict.pooled.scores)
    assert "bgnbd_gg" not in verdict.pooled.scores
    told = " ".join(verdict.warnings)
    assert "28 of the 56 days they are measured on (50%) are known" in told
    assert "bgnbd_gg was not asked: BG/NBD tells of the days ahead only" in told
    assert "below carry_over" in verdict.reason
    assert verdict.overlap == verdict.to_json()["overlap"] == 28
    assert Verdict.from_json(verdict.to_json()).overlap == 28


def test_trees_that_stand_alone_ship_under_their_own_name(carried):
    *_, training = carried
    assert training.verdict.shipped == training.forecaster.name == "xgboost"
    assert training.verdict.reason.startswith("xgboost ships: over 2 test windows")
    assert "not beaten" not in training.verdict.reason


def test_carry_over_says_what_a_window_without_new_purchases_gives(carried):
    transactions, segmentation, training = carried
    trial = training.trials[-1]
    known = features.instrument(transactions, [(trial.cutoff - 28, trial.cutoff)])
    told = segmentation.assign(known)
    codes = dict(told.select("customer_id", "segment").iter_rows())
    expected = [codes.get(who, 0) for who in trial.customers.tolist()]
    assert trial.chances["carry_over"].argmax(axis=1).tolist() == expected
    assert len(set(expected)) == 3


def test_known_days_alone_are_worth_more_than_standing_still(carried):
    *_, training = carried
    scores = training.verdict.pooled.scores
    assert scores["carry_over"].accuracy > scores["persistence"].accuracy + 0.05
    assert scores["xgboost"].log_loss < scores["carry_over"].log_loss


def test_no_forecast_of_the_final_test_depends_on_what_came_after(carried):
    transactions, segmentation, training = carried
    cutoff = training.schedule.outer[-1].cutoff
    past = transactions.lines.filter(pl.col("day") < cutoff)
    _, blind = learned(replace(transactions, lines=past), segmentation)
    seen, unseen = training.trials[-1], blind.trials[-1]
    assert not np.array_equal(seen.labels, unseen.labels)
    for name, chances in seen.chances.items():
        assert np.array_equal(chances, unseen.chances[name]), name


def test_worth_of_a_segment_is_what_the_days_ahead_bring(carried):
    transactions, _, training = carried
    days = training.schedule.production.training
    rows = training.panel.at(*days).filter(pl.col("label") == 2)
    ahead = features.instrument(transactions, [(day, day + 28) for day in days])
    spent = rows.join(
        ahead.with_columns(cutoff=(pl.col("end") - 28).cast(pl.Int32)),
        on=["customer_id", "cutoff"],
        how="left",
    )["spend"].fill_null(0)
    assert training.values[2] == pytest.approx(spent.mean() / MONEY)


def test_customers_come_back_by_the_days_ahead_whatever_segments_are_measured_on(
    carried,
):
    transactions, segmentation, _ = carried
    grid = overview.grid(transactions, AS_OF)
    tables = overview.segments(transactions, segmentation, grid, AS_OF)
    end = transactions.end_day
    before = features.instrument(transactions, [(end - 84, end - 28)])
    now = segmentation.assign(before).filter(segment=1).select("customer_id")
    ahead = features.instrument(transactions, [(end - 28, end)])
    back = now.join(ahead, on="customer_id", how="semi").height
    row = tables["profile"].row(by_predicate=pl.col("id") == "S1", named=True)
    assert row["retention"] == pytest.approx(back / now.height)
    moves = tables["migration"].filter(from_id="S1")
    assert moves["n"].sum() == now.height
    stayed = moves.filter(pl.col("to_id") != "S0")["n"].sum()
    assert stayed > back  # who bought on the days that both windows share


def test_carry_over_is_asked_of_windows_of_their_own_only_to_say_what_lacks(small):
    named = replace(OPTIONS, baselines=("carry_over",))
    assert choose(named, small.panel) == (
        [],
        ("The baseline carry_over was not asked: no feature state_carried.",),
    )


def test_carry_over_stores_as_json_and_reloads_equal(carried):
    *_, training = carried
    asked = training.panel.at(training.trials[-1].cutoff)
    states = {"kind": "carry_over", "doubt": 0.25, "mix": [0.5, 0.3, 0.2]}
    forecaster = load(json.loads(json.dumps(states)))
    assert forecaster.state() == states
    carried_codes = asked["state_carried"].to_numpy()
    assert np.array_equal(forecaster.predict(asked).argmax(axis=1), carried_codes)


def test_the_oracle_refuses_windows_that_are_known_in_part(carried):
    _, segmentation, training = carried
    world = worlds.named("deterministic")
    planted = world.draw(10, 1)
    with pytest.raises(SupportError, match="28 days that are known too"):
        oracle.with_oracle(world, planted, segmentation, training.trials, AS_OF)


def test_horizons_are_weighed_as_windows_of_their_own():
    given, plain = shop.world(customers=60, days=420), TimeOptions()
    as_of = replace(plain, label=LabelOptions("as_of", 182))
    assert horizons(given, as_of).equals(horizons(given, plain))


@pytest.mark.parametrize("window", [91, 365])
def test_a_label_window_must_overlap_and_stay_within_the_look_back(window):
    with pytest.raises(ConfigError, match=f"label.window is {window} days"):
        TimeOptions(label=LabelOptions("as_of", window))


def test_a_window_without_its_mode_and_an_unknown_mode_are_refused():
    with pytest.raises(ConfigError, match=r"label.window = 182 is set"):
        LabelOptions(window=182)
    with pytest.raises(UnknownNameError, match="as_of"):
        LabelOptions("asof")
