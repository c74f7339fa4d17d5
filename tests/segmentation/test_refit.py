"""A refit keeps ids on the customers they meant, and logs what has changed."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from planted import shop

from segpredict.config.segmentation import OverrideOptions, SegmentationOptions
from segpredict.errors import ConfigError
from segpredict.segmentation import Segmentation, fit_segmentation

FOUR = ((20.0, 1), (150.0, 2), (900.0, 6), (6000.0, 20))
OPTIONS = SegmentationOptions(k=4, n_init=5, min_value_step=0.0)


def changes(found: Segmentation) -> list[tuple]:
    return [
        (e.kind, e.before, e.after)
        for e in found.identity.events
        if e.version == found.identity.version and e.kind != "survive"
    ]


def ids(found: Segmentation) -> list[str]:
    return [segment.id for segment in found.segments[1:]]


@pytest.fixture(scope="module")
def first() -> Segmentation:
    return fit_segmentation(shop(*FOUR), OPTIONS)


def test_the_first_fit_opens_its_ids_and_logs_nothing(first):
    assert (first.identity.version, first.identity.issued_ids) == (1, 4)
    assert first.identity.events == ()


def test_the_same_windows_again_change_nothing_but_the_version(first):
    again = fit_segmentation(shop(*FOUR), OPTIONS, earlier=first)
    assert ids(again) == ["S1", "S2", "S3", "S4"]
    assert changes(again) == []
    assert again.identity.version == 2
    assert again.assign(shop(*FOUR)).equals(first.assign(shop(*FOUR)))


def test_on_shifted_data_every_id_and_name_survives(first):
    dearer = [(1.3 * spend, days) for spend, days in FOUR]
    again = fit_segmentation(shop(*dearer, seed=2), OPTIONS, earlier=first)
    assert [(s.id, s.name) for s in again.segments] == [(s.id, s.name) for s in first.segments]
    assert changes(again) == []


def test_a_planted_split_and_a_planted_merge_are_logged(first):
    # The lowest two kinds become one; the highest parts into two.
    before = shop(*FOUR, n=160)
    old = fit_segmentation(before, OPTIONS)
    low = shop((60.0, 1), (60.0, 1), (900.0, 6), n=160, seed=3)
    high = shop((2500.0, 12), (40_000.0, 60), n=80, seed=4)
    moved = high.with_columns(
        customer_id=pl.format("c{}", (pl.int_range(pl.len()) + 480).cast(pl.String).str.zfill(5))
    )
    found = fit_segmentation(pl.concat([low, moved]), OPTIONS, earlier=old)
    events = {(kind, old, frozenset(new)) for kind, old, new in changes(found)}
    assert events == {
        ("split", ("S4",), frozenset({"S4", "S5"})),
        ("merge", ("S1", "S2"), frozenset({"S1"})),
    }
    assert len(set(ids(found))) == 4
    assert found.identity.issued_ids == 5
    assert ids(found)[1] == "S3"


def test_an_id_that_was_retired_does_not_come_back(first):
    three = shop(*FOUR[1:], seed=5)
    fewer = fit_segmentation(three, replace(OPTIONS, k=3), earlier=first)
    gone = {"S1", "S2", "S3", "S4"} - set(ids(fewer))
    assert gone
    again = fit_segmentation(shop(*FOUR), OPTIONS, earlier=fewer)
    assert not gone & set(ids(again))
    assert "S5" in ids(again)


def test_codes_follow_value_and_ids_follow_customers(first):
    # The third kind now spends more than the fourth did.
    swapped = shop(FOUR[0], FOUR[1], (20_000.0, 6), FOUR[3], seed=6)
    again = fit_segmentation(swapped, OPTIONS, earlier=first)
    assert ids(again) == ["S1", "S2", "S4", "S3"]
    assert [s.code for s in again.segments] == [0, 1, 2, 3, 4]


def test_the_number_of_segments_stays_if_nobody_gives_one(first):
    free = SegmentationOptions(n_init=3, min_value_step=0.0)
    assert fit_segmentation(shop(*FOUR, seed=8), free, earlier=first).k == 4


def test_a_name_given_to_a_retired_id_is_no_mistake(first):
    named = replace(OPTIONS, k=3, names={"S1": "Little", "S4": "VIP"})
    fewer = fit_segmentation(shop(*FOUR[1:], seed=5), named, earlier=first)
    assert set(ids(fewer)) < {"S1", "S2", "S3", "S4"}


def test_a_new_name_is_logged_and_the_id_stays(first):
    again = fit_segmentation(shop(*FOUR), replace(OPTIONS, names={"S4": "VIP"}), earlier=first)
    assert ids(again)[-1] == "S4"
    assert again.segments[-1].name == "VIP"
    assert changes(again) == [("renamed", ("S4",), ("S4",))]


def test_a_pinned_segment_stays_where_it_was(first):
    dearer = [(spend * (3 if spend > 1000 else 1), days) for spend, days in FOUR]
    rows = shop(*dearer, seed=9)
    pinned = replace(OPTIONS, overrides=OverrideOptions(pinned_ids=("S4",)))
    kept, free = (fit_segmentation(rows, o, earlier=first) for o in (pinned, OPTIONS))
    place = [_spend(f) for f in (first, kept, free)]
    assert place[1] == pytest.approx(place[0], rel=1e-6)
    assert place[2] > 2 * place[0]
    assert ("pinned", ("S4",), ("S4",)) in changes(kept)


def _spend(found: Segmentation) -> float:
    """Return the spend at the highest centre, in 10⁻⁴ of currency."""
    axis = found.axes[0]
    return float(
        np.expm1(max(c[0] for c in found.clusters.assignment_rule.centres) * axis.scale + axis.mean)
    )


def test_a_pin_without_the_old_number_of_segments_is_refused(first):
    pinned = replace(OPTIONS, k=3, overrides=OverrideOptions(pinned_ids=("S4",)))
    with pytest.raises(ConfigError, match="cannot be pinned"):
        fit_segmentation(shop(*FOUR), pinned, earlier=first)


def test_row_order_and_reloading_change_no_refit(first):
    rows = shop(*FOUR, seed=12)
    back = Segmentation.from_state(first.to_state())
    one = fit_segmentation(rows, OPTIONS, earlier=first)
    assert fit_segmentation(rows.reverse(), OPTIONS, earlier=back).to_state() == one.to_state()
    assert Segmentation.from_state(one.to_state()) == one
