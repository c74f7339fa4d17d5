"""By its header each export is known, and no other file is taken for one."""

import csv
from pathlib import Path

import polars as pl
import pytest

from segpredict.config.load import list_presets
from segpredict.config.presets import PRESET_HEADERS, preset_for

DOCS = Path(__file__).parents[2] / "docs" / "guide" / "presets.md"
FIXTURES = sorted((Path(__file__).parents[1] / "data" / "presets").iterdir())
PRESETS = sorted({name for name, _ in PRESET_HEADERS})
FRENCH = next(header for name, header in PRESET_HEADERS if "Client" in header)


def header(path: Path) -> list[str]:
    """The first line with cells, as a reader finds it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in file if line.strip()]
    separator = max("\t;,", key=lines[0].count)
    return next(csv.reader(lines, delimiter=separator))


@pytest.mark.parametrize("path", FIXTURES, ids=[path.name for path in FIXTURES])
def test_an_export_is_known_by_its_header(path: Path) -> None:
    assert preset_for(header(path)) == path.stem.removesuffix("_fr")


@pytest.mark.parametrize("name", PRESETS)
def test_every_recognised_preset_exists_and_has_a_fixture(name: str) -> None:
    assert name in list_presets()
    assert name in {path.stem for path in FIXTURES}


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_of_exports_names_every_preset(name: str) -> None:
    assert DOCS.read_text(encoding="utf-8").count(f"`{name}`") >= 3  # in each of its tables


@pytest.mark.parametrize(("name", "names"), PRESET_HEADERS)
def test_an_export_without_one_of_its_columns_is_not_known(name: str, names: tuple[str, ...]):
    assert preset_for(names) == name
    assert all(preset_for([n for n in names if n != left]) != name for left in names)


def test_case_accents_and_order_of_the_columns_do_not_matter() -> None:
    names = [name.upper().replace("É", "E") for name in FRENCH]
    assert preset_for([*reversed(names), "Extra"]) == "prestashop"


def test_the_preset_with_more_matching_columns_is_chosen() -> None:
    both = dict(PRESET_HEADERS)["stripe"] + dict(PRESET_HEADERS)["stripe_unified"]
    assert preset_for(both) == "stripe_unified"


@pytest.mark.parametrize(
    "columns",
    [
        ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"],
        ["customer_id", "date", "number_of_cds", "dollar_value"],
        ["OrderDate", "OrderNumber", "ProductKey", "CustomerKey", "OrderQuantity"],
        ["household_id", "basket_id", "product_id", "quantity", "sales_value"],
        ["Order ID", "Order Date", "Customer ID", "Customer Name", "Product ID", "Sales"],
        [],
    ],
    ids=["online_retail", "cdnow", "adventureworks", "completejourney", "superstore", "none"],
)
def test_the_file_of_another_shop_has_no_preset(columns: list[str]) -> None:
    assert preset_for(columns) is None


@pytest.mark.real
def test_no_real_data_set_is_taken_for_an_export(real_data: Path) -> None:
    parquet = [pl.read_parquet_schema(p).names() for p in real_data.rglob("*.parquet")]
    text = [pl.read_csv(p, n_rows=1, infer_schema=False) for p in real_data.rglob("*.csv.gz")]
    headers = [*parquet, *(frame.columns for frame in text)]
    assert len(headers) > 5
    assert [names for names in headers if preset_for(names)] == []
