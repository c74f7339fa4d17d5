import polars as pl
import pytest

from segpredict.config.load import Config
from segpredict.config.side_tables import CustomerTableOptions
from segpredict.data.side_tables import read_side_tables
from segpredict.data.side_tables.cells import (
    missing_to_null,
    parse_dates,
    parse_number_column,
)
from segpredict.errors import ContractError, FileMissingError


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$90,000", 90_000),
        ("£1,234.50", 1_234.5),
        ("12", 12),
        ("-3.5", -3.5),
        ("25-34", 25),
        ("65+", 65),
        ("35-49K", 35_000),
        ("250K+", 250_000),
        ("Under 15K", 0),
        ("over 100K", 100_000),
        ("unknown", None),
    ],
)
def test_a_number_a_sum_of_money_or_the_lower_end_of_a_band(text, number):
    assert parse_number_column(pl.Series([text])).to_list() == [number]


@pytest.mark.parametrize("text", ["a dozen", "1 Adult", "1,2,3", "12-ish", "K"])
def test_one_cell_that_is_no_number_makes_the_column_words(text):
    assert parse_number_column(pl.Series(["1", text])) is None


def test_bands_keep_their_order():
    bands = ["Under 15K", "15-24K", "25-34K", "35-49K", "250K+"]
    assert parse_number_column(pl.Series(bands)).is_sorted()


def test_words_for_nothing_are_nothing():
    words = pl.Series(["gold", "NULL", "n/a", " ", None])
    assert missing_to_null(words).to_list() == ["gold", None, None, None, None]


def test_the_order_of_day_and_month_is_proven_by_the_whole_column():
    assert parse_dates(pl.Series(["1/2/1970", "1/31/1970"]), None).to_list() == [1, 30]
    assert parse_dates(pl.Series(["1/2/1970", "31/1/1970"]), None).to_list() == [31, 30]


def test_dates_that_fit_two_orders_are_not_guessed():
    with pytest.raises(ContractError, match="several orders"):
        parse_dates(pl.Series(["1/2/1970"]), None)
    assert parse_dates(pl.Series(["1/2/1970"]), "mdy").to_list() == [1]


def test_dates_in_two_orders_are_refused():
    with pytest.raises(ContractError, match="no one order"):
        parse_dates(pl.Series(["31/1/1970", "1/31/1970"]), None)


def test_dates_may_lie_long_before_1970():
    assert parse_dates(pl.Series(["1969-12-31", "1900-01-01"]), None).to_list() == [
        -1,
        -25567,
    ]


def test_a_relative_path_is_looked_for_beside_the_transactions_first(tmp_path):
    (tmp_path / "people.csv").write_text("customer_id,age\na,40\n")

    def names(data, base):
        people = CustomerTableOptions(data, time_invariant=("age",))
        return [fact.name for fact in read_side_tables(Config(customers=people), base).files]

    assert names("people.csv", tmp_path) == [str(tmp_path / "people.csv")]
    for data, base in (("elsewhere.csv", tmp_path), ("people.csv", None)):
        with pytest.raises(FileMissingError) as caught:
            names(data, base)
        assert caught.value.where["file"] == data
