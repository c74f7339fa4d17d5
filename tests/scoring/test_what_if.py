"""One more order is put among the lines, and everything is worked out anew."""

import polars as pl
import pytest

from segpredict import pipeline
from segpredict.core.run_folder import open_run
from segpredict.errors import CustomerMissingError
from segpredict.pipeline import loading
from segpredict.scoring.what_if import what_if


@pytest.fixture(scope="module")
def known(run_folder):
    return pipeline.load(run_folder), loading.load_transactions(open_run(run_folder))


def test_as_it_is_is_what_was_scored(known, run_folder):
    predictor, shop = known
    scores = open_run(run_folder).read_parquet("scores.parquet").filter("is_eligible")
    for customer in scores["customer_id"][:3]:
        result = what_if(predictor, shop, customer).row(0, named=True)
        row = scores.filter(customer_id=customer).row(0, named=True)
        for name in ("p_S0", "p_S1", "p_up", "expected_value"):
            assert result[name] == row[name]


def test_an_order_today_makes_the_silent_likelier_to_be_seen_again(known, run_folder):
    predictor, shop = known
    scores = open_run(run_folder).read_parquet("scores.parquet").filter("is_eligible")
    silent = scores.sort("p_S0", descending=True)["customer_id"][:5]
    for customer in silent:
        result = what_if(predictor, shop, customer)
        assert result["case"].to_list()[:3] == ["as_is", "usual", "double"]
        assert result["p_S0"][1] < result["p_S0"][0]
        assert result["value"][2] == pytest.approx(2 * result["value"][1])
        assert result["segment_id"][1] != "S0"


def test_nothing_is_changed_in_the_shop(known):
    predictor, shop = known
    before = shop.lines.collect()
    customer = before.filter(pl.col("day") > shop.end_day - 60)["customer_id"][0]
    what_if(predictor, shop, customer)
    assert shop.lines.collect().equals(before)


def test_who_is_not_there_is_named(known):
    with pytest.raises(CustomerMissingError, match="nobody"):
        what_if(*known, "nobody")
