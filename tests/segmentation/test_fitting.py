"""Segments: planted ones are found, ranked by value, and equal on every machine."""

import math
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import SchemaError, SupportError, TooFewCustomersError
from segpredict.segmentation import Segmentation, fit_segmentation


def instrument(rows: list[tuple[str, int, int, int]]) -> pl.DataFrame:
    schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def planted(customers: int = 600, windows: int = 3) -> tuple[pl.DataFrame, pl.Series]:
    """Return a shop of light, middling and heavy buyers, and which is which."""
    rng = np.random.default_rng(11)
    rows, truth = [], []
    for end in range(91, 91 + 28 * windows, 28):
        for i in range(customers):
            kind = i % 3
            days = (1, 3, 12)[kind] + int(rng.integers(0, (1, 2, 5)[kind]))
            spend = (20.0, 200.0, 3000.0)[kind] * math.exp(rng.normal(0, 0.25))
            rows.append((f"c{i:04d}", end, days, int(spend * MONEY_SCALE)))
            truth.append(kind + 1)
    return instrument(rows), pl.Series(truth)


@pytest.fixture(scope="module")
def found() -> Segmentation:
    return fit_segmentation(planted()[0], horizon=91)


SMALL = st.lists(
    st.tuples(st.integers(1, 30), st.integers(-(10**6), 10**8)),
    min_size=12,
    max_size=60,
    unique=True,
)


def test_planted_segments_are_found_and_ranked(found):
    shop, truth = planted()
    assigned = found.assign(shop)["segment"]
    assert found.k == 3
    assert adjusted_rand_score(truth, assigned) >= 0.95
    assert assigned.to_list()[:3] == [1, 2, 3]


def test_codes_and_ids_start_with_inactive(found):
    assert [(s.code, s.id, s.name) for s in found.segments] == [
        (0, "S0", "Inactive"),
        (1, "S1", "Occasional"),
        (2, "S2", "Regular"),
        (3, "S3", "Core"),
    ]


def test_values_are_means_and_medians_of_the_rows_worked_out_by_hand():
    shop = instrument(
        [
            ("a", 91, 1, 10 * MONEY_SCALE),
            ("b", 91, 1, 20 * MONEY_SCALE),
            ("c", 91, 1, 60 * MONEY_SCALE),
            ("d", 91, 9, 5000 * MONEY_SCALE),
            ("e", 91, 10, 7000 * MONEY_SCALE),
        ]
    )
    found = fit_segmentation(shop, SegmentationOptions(k=2))
    values = [
        (v.rows, v.mean_spend, v.median_spend, v.mean_days, v.median_days) for v in found.values
    ]
    assert values == [
        (0, 0.0, 0.0, 0.0, 0.0),
        (3, 30.0, 20.0, 1.0, 1.0),
        (2, 6000.0, 6000.0, 9.5, 9.5),
    ]


def test_it_remembers_the_latest_end_and_the_horizon(found):
    assert (found.fit_end, found.horizon) == (91 + 56, 91)


def test_axes_are_winsorised_logged_and_standardised():
    spends = [0, 1, 2, 3]
    shop = instrument([(f"c{i}", 91, i + 1, s * MONEY_SCALE) for i, s in enumerate(spends)])
    spend, days = fit_segmentation(
        shop, SegmentationOptions(k=2, winsor_percentiles=(0.0, 100.0))
    ).axes
    logs = [math.log1p(s) for s in spends]
    mean = sum(logs) / 4
    assert (spend.low, spend.high, days.low, days.high) == (0, 3 * MONEY_SCALE, 1, 4)
    assert spend.mean == pytest.approx(mean)
    assert spend.scale == pytest.approx(np.std(logs))


def test_an_account_of_a_million_does_not_stretch_the_axis(found):
    whale = instrument([("whale", 91, 4, 10**6 * MONEY_SCALE)])
    with_whale = fit_segmentation(pl.concat([planted()[0], whale]))
    assert with_whale.axes[0].high < 10_000 * MONEY_SCALE
    assert with_whale.axes[0].mean == pytest.approx(found.axes[0].mean, abs=0.01)


@given(SMALL, st.randoms())
@settings(max_examples=8)
def test_row_order_and_ids_change_nothing(cells, random):
    rows = [(f"c{i:03d}", 91, d, s) for i, (d, s) in enumerate(cells)]
    renamed = [(f"x{999 - i}", e, d, s) for i, (_, e, d, s) in enumerate(rows)]
    random.shuffle(renamed)
    options = SegmentationOptions(n_init=2, k=3)
    one, other = (
        fit_segmentation(instrument(rows), options),
        fit_segmentation(instrument(renamed), options),
    )
    assert one == other
    by_cell = {(d, s): c for c, d, s in _segments(one, rows)}
    assert all(by_cell[d, s] == c for c, d, s in _segments(other, renamed))


def _segments(found: Segmentation, rows: list) -> list[tuple[int, int, int]]:
    shop = instrument(rows)
    joined = shop.join(found.assign(shop), on=["customer_id", "end"])
    return joined.select("segment", "days", "spend").rows()


@given(SMALL)
@settings(max_examples=8)
def test_every_row_gets_a_code_and_money_rises_with_it(cells):
    shop = instrument([(f"c{i:03d}", 91, d, s) for i, (d, s) in enumerate(cells)])
    found = fit_segmentation(shop, SegmentationOptions(n_init=2))
    codes = found.assign(shop)["segment"]
    assert codes.is_between(1, found.k).all()
    assert codes.n_unique() == found.k
    worth = [value.mean_spend for value in found.values[1:]]
    assert worth == sorted(worth)
    assert sum(value.rows for value in found.values) == shop.height


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(f"c{i}", 91, 2, 500) for i in range(50)], "only 1 distinct points"),
        ([(f"c{i}", 91, 1, i % 2) for i in range(50)], "distinct points"),
    ],
)
def test_shops_without_differences_are_refused(rows, said):
    with pytest.raises(SupportError, match=said):
        fit_segmentation(instrument(rows))


def test_one_customer_is_refused():
    rows = [("only", end, 1 + end % 7, end * MONEY_SCALE) for end in range(91, 120)]
    with pytest.raises(TooFewCustomersError, match="needs at least 3 customers"):
        fit_segmentation(instrument(rows))


def test_no_customers_are_refused():
    with pytest.raises(TooFewCustomersError, match="found 0"):
        fit_segmentation(instrument([]))


def test_a_broken_instrument_is_refused():
    with pytest.raises(SchemaError, match="clustering inputs"):
        fit_segmentation(instrument([("a", 91, 0, 5), ("b", 91, 1, 5)]))


def test_constant_spend_leaves_days_to_tell_segments_apart():
    rows = [(f"c{i}", 91, (1, 4, 16)[i % 3], 50 * MONEY_SCALE) for i in range(90)]
    shop = instrument(rows)
    found = fit_segmentation(shop)
    assert found.axes[0].scale == 1.0
    assert [v.mean_days for v in found.values] == [0.0, 1.0, 4.0, 16.0]
    assert "min_step" in found.warnings[0]


def test_negative_spend_counts_as_none():
    rows = [(f"n{i}", 91, 1, -MONEY_SCALE * i) for i in range(40)]
    rows += [(f"m{i}", 91, 3, MONEY_SCALE * (90 + i)) for i in range(40)]
    rows += [(f"h{i}", 91, 9, MONEY_SCALE * (5000 + i)) for i in range(40)]
    shop = instrument(rows)
    found = fit_segmentation(shop, SegmentationOptions(k=3))
    codes = dict(found.assign(shop).select("customer_id", "segment").rows())
    assert {codes[f"n{i}"] for i in range(40)} == {1}
    assert found.values[1].mean_spend == -19.5


def test_a_given_number_is_kept_and_judged():
    shop, _ = planted()
    found = fit_segmentation(shop, SegmentationOptions(k=5, n_init=3))
    assert found.k == 5
    assert len(found.candidates) == 1
    assert found.warnings[0].startswith("5 segments do not pass the gates")


def test_every_number_that_was_tried_is_kept():
    shop, _ = planted()
    tried = fit_segmentation(shop, SegmentationOptions(k_max=4, n_init=3)).candidates
    assert [(each.k, each.is_selected) for each in tried] == [(3, True), (4, False)]
    assert not tried[0].failed_gates


def test_a_sample_of_the_points_finds_the_same_segments():
    shop, _ = planted(customers=900)
    whole = fit_segmentation(shop, SegmentationOptions(k=3, n_init=3))
    few = fit_segmentation(shop, SegmentationOptions(k=3, n_init=3, max_points=1_000))
    assert whole.assign(shop)["segment"].equals(few.assign(shop)["segment"])


@pytest.mark.real
def test_cdnow_gives_three_segments_apart_in_value_and_return(real_data):
    orders = pl.read_parquet(real_data / "cdnow" / "cdnow_master.parquet").select(
        customer_id=pl.col("customer_id").cast(pl.String),
        day=pl.col("date").cast(pl.String).str.to_date("%Y%m%d").to_physical(),
        spend=(pl.col("dollar_value") * MONEY_SCALE).round().cast(pl.Int64),
    )
    ends = [10408 - 91 - 28 * i for i in range(6)]
    windows = [
        orders.filter(pl.col("day").is_between(end - 91, end - 1), pl.col("spend") > 0)
        .group_by("customer_id")
        .agg(
            end=pl.lit(end, pl.Int32),
            days=pl.col("day").n_unique().cast(pl.Int32),
            spend=pl.col("spend").sum(),
        )
        for end in ends
    ]
    found = fit_segmentation(pl.concat(windows))
    assert (found.k, found.warnings) == (3, ())
    assert [s.name for s in found.segments[1:]] == ["Occasional", "Regular", "Core"]
    low, middle, high = (v.mean_spend for v in found.values[1:])
    assert high > 2 * middle > 4 * low


def test_an_algorithm_that_finds_its_own_number_says_so_and_what_it_left_over():
    near = [("a", 91, 1, 60_000 + 100 * i) for i in range(60)]
    far = [("b", 91, 9, 9_000_000 + 9_000 * i) for i in range(60)]
    odd = [("c", 91, 3, 700_000)]
    rows = [(f"{who}{n}", *rest) for n, (who, *rest) in enumerate(near + far + odd)]
    names = ["customer_id", "end", "days", "spend"]
    kinds = [pl.String, pl.Int32, pl.Int32, pl.Int64]
    shop = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    found = fit_segmentation(shop, SegmentationOptions(algorithm="dbscan", k=4))
    assert found.k == 2
    assert found.warnings[-2:] == (
        "dbscan finds the number of segments itself: 2.",
        "dbscan left 1% of the rows as noise; they are in the segment nearest to them.",
    )
