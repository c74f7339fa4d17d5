"""Keyed hashes in the place of ids."""

import hashlib
import hmac

import polars as pl
import pytest

from segpredict.core.pseudonyms import Pseudonymizer, SecretError

KEY = b"0123456789abcdef"


def test_a_name_is_the_hmac_of_kind_and_id() -> None:
    whole = hmac.new(KEY, b"customer\x0017850", hashlib.sha256).hexdigest()
    assert Pseudonymizer(KEY).hash_id("17850") == whole[:32]


def test_another_secret_gives_another_name() -> None:
    assert Pseudonymizer(KEY).hash_id("1") != Pseudonymizer(KEY + b"!").hash_id("1")


def test_a_customer_and_an_order_with_one_id_have_two_names() -> None:
    names = Pseudonymizer(KEY)
    assert names.hash_id("1") != names.hash_id("1", "order")


def test_equal_ids_get_equal_names_and_null_stays_null() -> None:
    named = Pseudonymizer(KEY).hash_ids(pl.Series(["b", None, "a", "b"]))
    assert named[0] == named[3] != named[2]
    assert named[1] is None


def test_a_table_is_sorted_by_the_names() -> None:
    table = pl.DataFrame({"customer_id": ["1", "2", "3", "4"], "n": [1, 2, 3, 4]})
    named = Pseudonymizer(KEY).hash_customers(table)
    assert named["customer_id"].is_sorted()
    assert named["n"].to_list() != [1, 2, 3, 4]


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(SecretError, match="has 5 bytes; at least 16 bytes"):
        Pseudonymizer(b"short")


def test_the_secret_is_not_shown() -> None:
    assert "0123" not in repr(Pseudonymizer(KEY))
