import pytest

from segpredict.cleaning import RULES
from segpredict.errors import UnknownNameError
from segpredict.registry import Registry


def test_a_part_is_a_public_module_that_offers_itself() -> None:
    assert "no_customer" in RULES.names()
    assert not any(name.startswith("_") for name in RULES.names())


def test_names_are_sorted_and_give_their_parts() -> None:
    assert list(RULES.names()) == sorted(RULES.names())
    assert [RULES.get(n) for n in RULES.names()] == list(RULES.all())


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no_customer"):
        RULES.get("no_custmer")


def test_modules_that_offer_nothing_of_the_kind_are_left_out() -> None:
    assert Registry("segpredict.cleaning", int).names() == ()
