import tomllib
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import SourceOptions
from segpredict.core.ledger import LedgerCount
from segpredict.core.transactions import Transactions
from segpredict.data.cleaning import clean_lines, require_support
from segpredict.data.readers import read_raw_lines

CONFIGS = Path(__file__).parents[3] / "configs"


@cache
def preset(name: str, path: Path) -> Transactions:
    chosen = tomllib.loads((CONFIGS / f"{name}.toml").read_text(encoding="utf-8"))
    raw = read_raw_lines([str(path)], SourceOptions(**chosen["source"]))
    return clean_lines(raw, CleaningOptions(**chosen["cleaning"]))


@pytest.mark.real
def test_the_two_enormous_orders_are_void_minutes_later(real_data: Path) -> None:
    made = preset("online_retail", real_data / "online_retail" / "online_retail.parquet")
    huge = made.lines.filter(pl.col("quantity").abs() > 50_000 * 10_000).collect()
    assert huge["quantity"].to_list() == [
        *(742_150_000, -742_150_000),
        *(809_950_000, -809_950_000),
    ]
    assert huge["void_day"].to_list() == huge["day"].to_list()
    assert made.ledger.total("in") == LedgerCount(541_909, 25_900, 4_372, 97_477_479_340)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("online_retail", "online_retail/online_retail.parquet"),
        ("online_retail", "online_retail/data.csv.zip"),
        ("cdnow", "cdnow/CDNOW_master.txt"),
        ("cdnow", "cdnow/cdnow_master.parquet"),
    ],
)
def test_every_ledger_adds_up_and_every_shop_can_be_modelled(
    real_data: Path, name: str, file: str
) -> None:
    made = preset(name, real_data / file)
    assert made.ledger.adds_up
    assert made.ledger.total("used").money == made.lines.collect()["amount"].sum()
    require_support(made)


@pytest.mark.real
def test_online_retail_as_downloaded_equals_its_parquet(real_data: Path) -> None:
    folder = real_data / "online_retail"
    one = preset("online_retail", folder / "online_retail.parquet")
    other = preset("online_retail", folder / "data.csv.zip")
    assert one.fingerprint == other.fingerprint
    assert other.files[0].detected.shown()["time_format"] == "mdy"
    assert other.files[0].detected.shown()["encoding"] == "cp1252"


@pytest.mark.real
def test_cdnow_text_equals_its_parquet(real_data: Path) -> None:
    text = preset("cdnow", real_data / "cdnow" / "CDNOW_master.txt")
    typed = preset("cdnow", real_data / "cdnow" / "cdnow_master.parquet")
    assert text.fingerprint == typed.fingerprint
    assert text.ledger == typed.ledger
    assert text.ledger.total("in").rows == 69_659
    assert text.ledger.total("in").customers == 23_570
    assert text.ledger.total("in").money == 25_003_156_300
    assert text.ledger.total("excluded").rows == 80
    assert (text.first_day, text.end_day) == (9862, 10408)
