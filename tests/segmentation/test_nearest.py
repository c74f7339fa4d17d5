"""Which other segment a customer is nearest to."""

import polars as pl
import pytest

from segpredict import features
from segpredict.segmentation import nearest_other_segment


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
