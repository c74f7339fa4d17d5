import polars as pl
import pytest

from segpredict.config.load import Config
from segpredict.config.side_tables import ProductTableOptions
from segpredict.config.source import SourceOptions
from segpredict.core.transactions import SideTables
from segpredict.data import cleaning, readers
from segpredict.data.side_tables import fill_list_prices, lines_layout
from segpredict.errors import BadCellsError, ColumnMissingError

SOLD = {
    "customer_id": ["1", "1", "2"],
    "date": ["2011-01-31"] * 3,
    "product_id": ["7.0", "8", "7"],
    "quantity": ["2", "1", "3"],
}
LIST = SideTables(products=pl.DataFrame({"product_id": ["7", "8"], "price": ["2.50", "0"]}))
LATER = SourceOptions(deferred_roles=("price",))


def test_the_list_price_becomes_the_price_of_a_line_before_any_rule():
    raw = fill_list_prices(readers.from_frame(pl.DataFrame(SOLD), LATER), LIST)
    shop = cleaning.clean_lines(raw)
    assert sorted(shop.lines.collect()["amount"]) == [50_000, 75_000]
    free = [e for e in shop.ledger.entries if e.rule == "zero_price"]
    assert free[0].count.rows == 1  # the rule sees the price like any other


def test_lines_with_a_price_of_their_own_keep_it():
    given = pl.DataFrame({**SOLD, "price": ["1", "1", "1"]})
    raw = readers.from_frame(given)
    assert fill_list_prices(raw, LIST) is raw


def test_a_product_without_a_list_price_is_named_and_not_free():
    some = SideTables(products=LIST.products.head(1))
    raw = fill_list_prices(readers.from_frame(pl.DataFrame(SOLD), LATER), some)
    with pytest.raises(BadCellsError, match="row 3, column price"):
        cleaning.clean_lines(raw)


def test_a_price_may_be_missing_only_where_a_table_will_give_it():
    roles = {"product_id": "sku", "price": "list"}
    gives = Config(products=ProductTableOptions("p.csv", roles, time_invariant=("list",)))
    assert lines_layout(gives) == LATER
    silent = Config(products=ProductTableOptions("p.csv", roles))
    assert lines_layout(silent) == SourceOptions()
    with pytest.raises(ColumnMissingError, match="price"):
        readers.from_frame(pl.DataFrame(SOLD), lines_layout(silent))
