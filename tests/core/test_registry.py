import pytest

from segpredict.core.registry import Registry
from segpredict.errors import UnknownNameError
from segpredict.features import FEATURE_FAMILIES


def test_a_part_is_a_public_module_that_offers_itself() -> None:
    assert "assortment" in FEATURE_FAMILIES.names()
    assert not any(name.startswith("_") for name in FEATURE_FAMILIES.names())


def test_names_are_sorted_and_give_their_parts() -> None:
    assert list(FEATURE_FAMILIES.names()) == sorted(FEATURE_FAMILIES.names())
    assert [FEATURE_FAMILIES.get(n) for n in FEATURE_FAMILIES.names()] == list(
        FEATURE_FAMILIES.all_parts()
    )


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="assortment"):
        FEATURE_FAMILIES.get("assortmnt")


def test_modules_that_offer_nothing_of_the_kind_are_left_out() -> None:
    assert Registry("segpredict.features", int).names() == ()
