"""Probabilities of segments, and the nearest other segment."""

from dataclasses import replace

import polars as pl
import pytest
from planted import shop

from segpredict import features
from segpredict.config.segmentation import OverrideOptions, SegmentationOptions, SegmentRuleOptions
from segpredict.segmentation import fit_segmentation, nearest_other_segment
from segpredict.segmentation.model import membership_probabilities

ROWS = shop((20.0, 1), (150.0, 2), (900.0, 6), (6000.0, 20))


def options(**refine) -> SegmentationOptions:
    return SegmentationOptions(
        k=4, n_init=5, min_value_step=0.0, overrides=OverrideOptions(**refine)
    )


def test_a_mixture_gives_the_probability_of_each_segment():
    asked = replace(
        options(merged=(("S2", "S3"),), rules={"Top": SegmentRuleOptions(top_share=0.01)}),
        algorithm="gmm",
    )
    found = fit_segmentation(ROWS, asked)
    shares = membership_probabilities(found, ROWS)
    ids = [segment.id for segment in found.segments[1:]]
    assert shares.columns == ["customer_id", "end", *ids]
    assert shares.select(pl.sum_horizontal(ids)).to_series().round(9).unique().item() == 1
    likeliest = shares.select(pl.concat_list(ids).list.arg_max() + 1).to_series()
    assert (likeliest == found.assign(ROWS)["segment"]).mean() > 0.99
    top = found.segment_rules[0].id
    assert shares.filter(pl.col(top) > 0)[top].unique().to_list() == [1.0]


def test_segments_without_probabilities_are_certain():
    found = fit_segmentation(ROWS, options())
    shares = membership_probabilities(found, ROWS)
    assert set(shares["S1"].unique()) == {0.0, 1.0}


@pytest.fixture(scope="module")
def rows(small) -> pl.DataFrame:
    end = small.transactions.end_day
    span = [(end - small.segmentation.horizon, end)]
    return features.clustering_inputs(small.transactions, span)


def test_the_own_segment_is_that_of_the_assignment(small, rows):
    found = nearest_other_segment(small.segmentation, rows)
    assigned = small.segmentation.assign(rows)
    ids = {s.code: s.id for s in small.segmentation.segments}
    assert found["segment_id"].to_list() == [ids[c] for c in assigned["segment"]]
    assert found["distance"].to_list() == pytest.approx(assigned["distance"].to_list())


def test_the_other_is_another_and_as_much_farther_as_the_margin_says(small, rows):
    found = nearest_other_segment(small.segmentation, rows)
    assert (found["segment_id"] != found["other_id"]).all()
    gap = (found["other_distance"] - found["distance"]).to_list()
    assigned = small.segmentation.assign(rows)
    assert gap == pytest.approx(assigned["margin"].to_list())


def test_row_order_does_not_matter(small, rows):
    turned = rows.reverse()
    first, second = (nearest_other_segment(small.segmentation, r) for r in (rows, turned))
    assert first.equals(second)
