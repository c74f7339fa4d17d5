"""Names come from the rank of value, are unique, and can be overruled by id."""

import pytest

from segpredict.config.segmentation import MAX_SEGMENTS
from segpredict.errors import ConfigError, UnknownNameError
from segpredict.segmentation.naming import (
    NAME_LADDERS,
    name_segments,
    named_segments,
    names_after_refit,
)


@pytest.mark.parametrize("k", range(2, MAX_SEGMENTS + 1))
def test_every_number_of_segments_has_unique_names(k):
    names = [s.name for s in name_segments(k, {})]
    assert len(set(names)) == k + 1


def test_a_word_never_moves_below_another():
    order = NAME_LADDERS[MAX_SEGMENTS]
    for names in NAME_LADDERS.values():
        assert list(names) == sorted(names, key=order.index)


def test_codes_and_ids_rise_with_value():
    assert [(s.code, s.id) for s in name_segments(4, {})] == [
        (0, "S0"),
        (1, "S1"),
        (2, "S2"),
        (3, "S3"),
        (4, "S4"),
    ]


def test_a_name_is_replaced_by_id():
    named = name_segments(3, {"S3": " VIP ", "S0": "Gone"})
    assert [s.name for s in named] == ["Gone", "Occasional", "Regular", "VIP"]


def test_a_name_for_no_segment_is_refused():
    with pytest.raises(UnknownNameError, match='no segment named "S9"'):
        name_segments(3, {"S9": "VIP"})


@pytest.mark.parametrize("names", [{"S3": "Regular"}, {"S1": "A", "S2": "A"}, {"S3": "regular"}])
def test_one_name_for_two_segments_is_refused(names):
    with pytest.raises(ConfigError, match="are both named"):
        name_segments(3, names)


def test_an_empty_name_is_refused():
    with pytest.raises(ConfigError, match="S2 is named ''"):
        name_segments(3, {"S2": "  "})


def test_a_name_for_a_retired_id_is_no_mistake():
    named = named_segments(["S1", "S3"], ["Light", "Core"], {"S2": "VIP"}, retired=["S2"])
    assert [s.name for s in named] == ["Inactive", "Light", "Core"]


def test_after_a_refit_an_id_keeps_its_name_and_a_new_one_gets_a_free_word():
    before = {"S1": "Occasional", "S2": "Regular", "S3": "Core"}
    assert names_after_refit(["S1", "S2", "S3", "S4"], before)[3] == "Key"
    assert names_after_refit(["S4", "S1", "S2", "S3"], before)[0] == "Marginal"
    assert names_after_refit(["S1", "S4", "S2", "S3"], before)[1] == "Light"


def test_where_no_word_fits_a_new_segment_is_called_by_its_place():
    before = {"S1": "Regular", "S2": "Steady"}
    assert names_after_refit(["S1", "S3", "S4", "S2"], before) == (
        "Regular",
        "Between Regular and Steady",
        "Between Regular and Steady (S4)",
        "Steady",
    )
    assert names_after_refit(["S3", "S1"], {"S1": "Marginal"}) == ("Below Marginal", "Marginal")


def test_a_new_segment_is_called_what_a_first_fit_would_call_it():
    before = {"S2": "Regular", "S3": "Core"}
    assert names_after_refit(["S4", "S5", "S2", "S3"], before)[:2] == ("Occasional", "Light")
    assert names_after_refit(["S1", "S6", "S7"], {"S1": "Marginal"})[1:] == ("Regular", "Core")
