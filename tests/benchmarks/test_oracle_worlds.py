from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from contest.world import START, Moment
from contest.worlds import BLOCK, WORLDS, Buying, named
from segpredict.classifier.models.btyd import BgNbd
from segpredict.core.window import as_date
from segpredict.errors import UnknownNameError, UsageError

# One day of up to 30 is segment 1, of more 2; two days or more are segment 3.
BORDERS = (((30.0, 1), (float("inf"), 2)), *(((float("inf"), 3),) for _ in range(90)))
CUTOFF = START + 546


def moment(cutoff=CUTOFF, gap=0):
    return Moment(cutoff, gap, 91, BORDERS, 4)


def known(planted, cutoff=CUTOFF):
    rows = planted.lines.filter(pl.col("time") < as_date(cutoff))
    return rows["customer_id"].unique().sort().to_numpy().astype(np.str_)


def realised(planted, customers, asked):
    """Return the segments that came true, from the planted lines."""
    days = (as_date(asked.cutoff + asked.gap), as_date(asked.cutoff + asked.gap + 91))
    window = planted.lines.filter(pl.col("time").is_between(*days, closed="left"))
    sums = window.group_by("customer_id").agg(
        days=pl.col("time").n_unique(), spend=pl.col("amount").sum()
    )
    rows = pl.DataFrame({"customer_id": customers}).join(
        sums, on="customer_id", how="left", maintain_order="left"
    )
    given = rows.fill_null(0)
    return asked.segments(given["days"].cast(pl.Int64).to_numpy(), given["spend"].to_numpy())


def test_who_never_changes_is_inactive_as_often_as_poisson_says():
    world = named("noise")
    planted = world.draw(50, 1)
    who = known(planted)
    found = world.probabilities(planted, who, moment(), 20_000, 0)
    # A rate of one in 60 days, forever, for everybody: exp(-91 / 60).
    assert found[:, 0] == pytest.approx(np.full(len(who), 0.2195), abs=0.015)


@pytest.mark.parametrize("name", ["or2_like", "cdnow_like"])
@pytest.mark.parametrize("gap", [0, 14])
def test_the_oracle_agrees_with_the_closed_form_of_bgnbd(name, gap):
    world = named(name)
    planted = world.draw(400, 2)
    who = known(planted)
    found = world.probabilities(planted, who, moment(gap=gap), 4_000, 0)
    sums = (
        planted.lines.filter(pl.col("time") < as_date(CUTOFF))
        .group_by("customer_id")
        .agg(
            x=pl.len() - 1,
            t_x=(pl.col("time").max() - pl.col("time").min()).dt.total_days(),
            age=(pl.lit(as_date(CUTOFF)) - pl.col("time").min()).dt.total_days(),
        )
        .sort("customer_id")
    )
    model = BgNbd(world.r, world.alpha, world.a, world.b)
    given = tuple(sums[n].to_numpy() for n in ("x", "t_x", "age"))
    closed = model.order_count_probabilities(given, 91, 2, gap)
    # Whole days against a continuous clock: a little apart, without a tendency.
    assert np.abs(found[:, 0] - closed[:, 0]).mean() < 0.01
    assert abs((found[:, 3] - closed[:, 2]).mean()) < 0.005


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_the_oracle_is_right_as_often_as_it_says(name):
    world = named(name)
    planted = world.draw(1_500, 3)
    window = moment(START + world.days - 91)
    who = known(planted, window.cutoff)
    found = world.probabilities(planted, who, window, 500, 0)
    actual = np.bincount(realised(planted, who, window), minlength=4) / len(who)
    assert found.mean(axis=0) == pytest.approx(actual, abs=0.035)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(who)))


@pytest.mark.parametrize("name", ["or2_like", "cdnow_like", "noise", "markov"])
def test_the_oracle_knows_nothing_of_what_comes_after_the_cutoff(name):
    world = named(name)
    planted = world.draw(200, 4)
    who = known(planted)
    past = planted.lines.filter(pl.col("time") < as_date(CUTOFF))
    truth = planted.truth
    blind = replace(planted, lines=past, truth=None if truth is None else truth[:6])
    seen, unseen = (world.probabilities(given, who, moment(), 200, 0) for given in (planted, blind))
    assert (seen == unseen).all()


def test_the_same_seed_draws_the_same_world():
    world = named("or2_like")
    assert world.draw(100, 5).lines.equals(world.draw(100, 5).lines)
    assert not world.draw(100, 5).lines.equals(world.draw(100, 6).lines)


def test_spend_follows_what_each_customer_spent_before():
    # Who bought often has shown a level; segment 1 is one day of up to 30.
    world = Buying("w", "", 1e8, 1e8 * 20, 1.0, 1e8, 4.0, 3.0, 15.0)
    planted = world.draw(200, 6)
    who = known(planted)
    found = world.probabilities(planted, who, moment(), 2_000, 0)
    means = (
        planted.lines.filter(pl.col("time") < as_date(CUTOFF))
        .group_by("customer_id")
        .agg(mean=pl.col("amount").mean(), n=pl.len())
        .sort("customer_id")
    )
    is_old = (means["n"] > 10).to_numpy()
    cheap, dear = ((means["mean"] < v).to_numpy() for v in (15, 60))
    one_day = found[:, 1] / (found[:, 1] + found[:, 2])
    assert one_day[is_old & cheap].min() > 0.9
    assert one_day[is_old & ~dear].max() < 0.3


def test_a_markov_world_refuses_windows_that_are_not_its_own():
    world = named("markov")
    planted = world.draw(20, 0)
    with pytest.raises(UsageError, match="whole windows of 91 days"):
        world.probabilities(planted, known(planted), moment(CUTOFF + 1), 1, 0)


def test_the_markov_oracle_gives_the_row_of_the_matrix():
    world = named("markov")
    planted = world.draw(30, 0)
    who = known(planted)
    states = planted.truth[5]  # of the days 455 to 545
    # The matrix' states with no, one, three and eight purchase days.
    expected = {
        0: [0.62, 0.24, 0.0, 0.14],
        1: [0.38, 0.36, 0.0, 0.26],
        2: [0.20, 0.22, 0.0, 0.58],
        3: [0.10, 0.08, 0.0, 0.82],
    }
    found = world.probabilities(planted, who, moment(), 1, 0)
    rows = [expected[states[int(name[1:])]] for name in who]
    assert found == pytest.approx(np.array(rows))


def test_an_unknown_world_is_told_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="no world"):
        named("or3_like")


def test_a_clockwork_repeats_itself_in_every_block() -> None:
    world = named("deterministic")
    planted = world.draw(500, 4)
    per_block, level = planted.truth["per_block"], planted.truth["level"]
    steady = per_block >= 1
    assert 0.15 < 1 - steady.mean() < 0.35
    for start in (200, 391, 637):
        days = (as_date(START + start), as_date(START + start + BLOCK))
        inside = planted.lines.filter(pl.col("time").is_between(*days, closed="left"))
        code = pl.col("customer_id").str.slice(1).cast(pl.Int64)
        sums = (
            inside.group_by(code).agg(n=pl.len(), spend=pl.col("amount").sum()).sort("customer_id")
        )
        known = sums.sort("customer_id").filter(pl.col("customer_id").is_in(np.flatnonzero(steady)))
        rows = known["customer_id"].to_numpy()
        assert (rows == np.flatnonzero(steady)).all()
        assert (known["n"].to_numpy() == per_block[rows]).all()
        assert known["spend"].to_numpy() == pytest.approx(per_block[rows] * level[rows])
