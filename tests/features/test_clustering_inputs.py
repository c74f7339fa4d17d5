from dataclasses import replace

import polars as pl
import pytest
from twelve import twelve_lines

import shop
from segpredict.core import schemas
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import SchemaError
from segpredict.features import clustering_inputs, with_orders


def readings(transactions, *intervals):
    return clustering_inputs(transactions, intervals).rows()


def test_days_are_distinct_and_spend_is_net_of_returns():
    assert readings(twelve_lines(), (300, 400)) == [
        ("ann", 400, 2, 60 * MONEY_SCALE),  # 20 + 16 + 30 - 6
        ("bob", 400, 1, 7 * MONEY_SCALE),
    ]


def test_several_intervals_come_sorted_by_end_and_customer():
    assert readings(twelve_lines(), (391, 482), (0, 91), (300, 391)) == [
        ("cat", 91, 1, 50 * MONEY_SCALE),
        ("ann", 391, 2, 66 * MONEY_SCALE),
        ("bob", 482, 1, 7 * MONEY_SCALE),
    ]


def test_an_order_counts_until_the_day_after_its_refund():
    ends = [380, 381]
    found = [readings(twelve_lines(), (340, end)) for end in ends]
    assert found == [[("dan", 380, 1, 50 * MONEY_SCALE)], []]


def test_the_end_day_itself_lies_outside():
    assert readings(twelve_lines(), (399, 399)) == []
    assert readings(twelve_lines(), (399, 400)) == [("bob", 400, 1, 7 * MONEY_SCALE)]


def test_returns_can_leave_less_than_nothing():
    rows = {"order_id": ["1", "2"], "day": [5, 6], "amount": [3.0, -8.0]}
    lines = pl.DataFrame(rows).with_columns(customer_id=pl.lit("a"))
    assert readings(shop.transactions(lines), (0, 10)) == [("a", 10, 1, -5 * MONEY_SCALE)]


def test_no_interval_gives_an_empty_table_of_the_contract():
    empty = clustering_inputs(twelve_lines(), [])
    assert schemas.validate_schema(empty, schemas.CLUSTERING_INPUTS_SCHEMA).height == 0


def test_an_interval_before_the_data_gives_no_rows():
    assert readings(twelve_lines(), (-91, 0)) == []


def test_the_same_interval_twice_is_measured_once():
    assert len(readings(twelve_lines(), (300, 400), (300, 400))) == 2


def test_orders_made_once_serve_their_own_lines_alone():
    given, spans, more = twelve_lines(), [(300, 400), (350, 390)], ["recency", "products", "units"]
    made = with_orders(given)
    assert clustering_inputs(made, spans, more).equals(clustering_inputs(given, spans, more))
    fewer = given.lines.filter(pl.col("day") < 350)
    some, usual = (replace(each, lines=fewer) for each in (made, given))
    assert clustering_inputs(some, spans, more).equals(clustering_inputs(usual, spans, more))


def test_two_intervals_with_one_end_are_refused():
    with pytest.raises(SchemaError, match="clustering inputs"):
        clustering_inputs(twelve_lines(), [(300, 400), (200, 400)])


def test_further_measures_are_taken_when_asked():
    rows = {
        "order_id": ["1", "1", "2", "3"],
        "day": [1, 1, 3, 5],
        "product_id": ["x", "y", "x", "x"],
        "quantity": [2.0, 1.0, 1.0, -1.0],
        "amount": [4.0, 3.0, 2.0, -2.0],
    }
    lines = pl.DataFrame(rows).with_columns(customer_id=pl.lit("a"))
    asked = ["recency", "products", "units", "refunds"]
    found = clustering_inputs(shop.transactions(lines), [(0, 10)], asked)
    assert found.select(asked).row(0) == (7, 3, 4 * MONEY_SCALE, 2 * MONEY_SCALE)
    assert schemas.validate_schema(found, schemas.CLUSTERING_INPUTS_SCHEMA).height == 1
