"""Where customers were and came to be, on a shop small enough to follow by hand."""

from dataclasses import replace
from datetime import date

import polars as pl

from segpredict import features
from segpredict import segmentation as segments
from segpredict.analytics.transitions.activity import (
    activity_table,
    measure_windows,
    with_activity,
)
from segpredict.analytics.transitions.periods import segment_transitions, transition_periods
from segpredict.classifier import build_panel
from segpredict.config.classifier import TimeOptions
from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.segment import Segment
from segpredict.core.window import as_date
from shop import transactions, world

TIME = TimeOptions(horizon=10, lookback=30, step=10, max_history=40)


class Ladder:
    """A segmenter that needs no fit: below 50 is low, the rest is high."""

    segments = (
        Segment(0, "S0", "Gone"),
        Segment(1, "S1", "Low"),
        Segment(2, "S2", "High"),
    )
    extra_inputs = ()
    is_by_purchases = True

    def assign(self, instrument: pl.DataFrame, ends: tuple[int, ...] = ()) -> pl.DataFrame:
        high = pl.col("spend") >= 50 * 10_000
        return instrument.select("customer_id", "end", segment=high.cast(pl.Int8) + 1)

    def require_fitted_before(self, cutoff: int) -> None:
        """Nothing was fitted."""


def lines(*bought: tuple[str, int, float], end_day: int = 60):
    rows = [(who, f"o{i}", day, spent) for i, (who, day, spent) in enumerate(bought)]
    names = ["customer_id", "order_id", "day", "amount"]
    return transactions(pl.DataFrame(rows, schema=names, orient="row"), end_day)


def test_periods_are_disjoint_and_end_with_the_newest_complete_one():
    row, last_year = transition_periods(0, 728, TimeOptions())
    assert [w.cutoff for w in row] == [182, 273, 364, 455, 546, 637]
    assert last_year.cutoff == 637 - 364


def test_last_year_may_lie_between_the_periods():
    row, last_year = transition_periods(0, 728, TimeOptions(horizon=56, settlement=7))
    assert row[-1].cutoff == 728 - 63
    assert last_year.cutoff == 728 - 63 - 364
    assert last_year.cutoff not in [w.cutoff for w in row]


def test_short_data_have_no_period_and_no_last_year():
    assert transition_periods(0, 200, TimeOptions()) == ((), None)


def test_everybody_is_where_the_windows_say():
    shop = lines(
        ("first", 0, 1.0),
        ("stays", 34, 9.0), ("stays", 45, 9.0), ("stays", 55, 9.0),
        ("rises", 45, 9.0), ("rises", 55, 90.0),
        ("leaves", 31, 90.0), ("leaves", 45, 90.0),
        ("returns", 30, 9.0), ("returns", 55, 9.0),
        ("lapses", 30, 9.0),
        ("wakes", 5, 9.0), ("wakes", 55, 90.0),
        ("comes", 55, 9.0),
    )  # fmt: skip
    window = TIME.window_at(50, shop.first_day)
    result = segment_transitions(shop, Ladder(), [window])
    found = {row[0]: row[1:] for row in result.drop("since", "until").iter_rows()}
    assert found == {
        "first": ("S0", "LAPSED", "S0"),
        "stays": ("S1", "S1", "S1"),
        "rises": (None, "S1", "S2"),
        "leaves": ("S2", "S2", "S0"),
        "returns": ("S1", "S0", "S1"),
        "lapses": ("S1", "S0", "S0"),
        "wakes": ("S0", "LAPSED", "S2"),
        "comes": (None, "NEW", "S1"),
    }
    assert result["since"].unique().to_list() == [date(1970, 2, 20)]
    assert result["until"].unique().to_list() == [date(1970, 3, 2)]


def test_who_lapsed_and_who_was_reactivated_is_told_with_the_money():
    shop = lines(
        ("silent", 0, 1.0),
        ("keeps", 45, 9.0), ("keeps", 55, 8.0),
        ("lapses", 31, 70.0), ("lapses", 45, 80.0), ("lapses", 46, 10.0),
        ("returns", 30, 9.0), ("returns", 55, 20.0),
        ("wakes", 5, 9.0), ("wakes", 55, 30.0),
        ("comes", 55, 7.5),
    )  # fmt: skip
    windows = [TIME.window_at(50, shop.first_day)]
    purchases = measure_windows(shop, windows)
    moved = segment_transitions(shop, Ladder(), windows, purchases)
    found = activity_table(with_activity(moved, purchases, windows))
    assert found.drop("since", "until").rows() == [
        ("kept", 1, 9.0, 8.0),
        ("lapsed", 1, 90.0, 0.0),
        ("reactivated", 2, 0.0, 50.0),
        ("new", 1, 0.0, 7.5),
    ]


def test_before_the_data_begin_nobody_was_anywhere():
    shop = lines(("a", 0, 9.0), ("a", 14, 9.0), ("a", 25, 9.0), end_day=30)
    result = segment_transitions(shop, Ladder(), [TIME.window_at(15, shop.first_day)])
    assert result["previous_id"].to_list() == [None]


def test_columns_add_up_to_all_who_were_there_and_rows_agree_with_the_panel():
    shop, time = world(300), TimeOptions()
    row, _ = transition_periods(shop.first_day, shop.end_day, time)
    spans = [(w.cutoff - 91, w.cutoff) for w in row]
    options = SegmentationOptions(k=3, n_init=2, min_customers=20)
    segmentation = segments.fit_segmentation(features.clustering_inputs(shop, spans), options)
    result = segment_transitions(shop, segmentation, row)
    names = {s.code: s.id for s in segmentation.segments}
    last = row[-1]
    newest = result.filter(since=as_date(last.cutoff))
    after = segmentation.assign(
        features.clustering_inputs(shop, [(last.outcome_start, last.outcome_end)])
    )
    for code, name in list(names.items())[1:]:
        assert newest.filter(to_id=name).height == after.filter(segment=code).height
    rows = build_panel(shop, segmentation, row, ["rfm"]).frame
    pairs = rows.select(
        "customer_id",
        from_id=pl.col("state_now").replace_strict(names, return_dtype=pl.String),
        to_id=pl.col("label").replace_strict(names, return_dtype=pl.String),
        since=pl.col("cutoff").map_elements(as_date, pl.Date),
    ).sort("since", "customer_id")
    eligible = result.filter(~pl.col("from_id").is_in(["NEW", "LAPSED"]))
    assert eligible.select(pairs.columns).equals(pairs)


def test_what_happens_later_changes_no_earlier_period():
    shop = world(100)
    window = TimeOptions().window_at(364, shop.first_day)
    early = pl.col("day") < window.outcome_end
    past = replace(shop, lines=shop.lines.filter(early), end_day=window.outcome_end)
    assert segment_transitions(past, Ladder(), [window]).equals(
        segment_transitions(shop, Ladder(), [window])
    )
