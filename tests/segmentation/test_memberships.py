"""Probabilities of segments add up, and agree with the segment that is assigned."""

from dataclasses import replace

import polars as pl
from planted import shop

from segpredict.config.segmentation import OverrideOptions, SegmentationOptions, SegmentRuleOptions
from segpredict.segmentation import fit_segmentation
from segpredict.segmentation.memberships import membership_probabilities

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
