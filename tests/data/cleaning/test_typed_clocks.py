"""One shop whose times are text with offsets, typed in Parquet and typed in pandas."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from segpredict.config.cleaning import CleaningOptions
from segpredict.core import disk
from segpredict.core.transactions import Transactions
from segpredict.data import store
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame, read_raw_lines
from segpredict.errors import ContractError

START = datetime(2011, 3, 25, 22, 45, tzinfo=UTC)  # two days before summer time
ZONES = (None, "Europe/London", "America/New_York")


def rows() -> pl.DataFrame:
    times = [START + timedelta(hours=7 * n) for n in range(60)]
    return pl.DataFrame(
        {
            "customer_id": [f"c{n % 7}" for n in range(60)],
            "order_id": [f"{n}" for n in range(60)],
            "date": times,
            "amount": ["2.50"] * 60,
        }
    )


def as_text(frame: pl.DataFrame, offset: str = "%:z") -> pl.DataFrame:
    return frame.with_columns(pl.col("date").dt.to_string(f"%Y-%m-%dT%H:%M:%S{offset}"))


def cleaned(*tables: Path | object, timezone: str | None = None) -> Transactions:
    is_file = isinstance(tables[0], Path)
    raw = read_raw_lines([str(t) for t in tables]) if is_file else from_frame(tables[0])
    return clean_lines(raw, CleaningOptions(timezone=timezone))


def stored(shop: Transactions, folder: Path) -> dict[str, str]:
    store.write_store(shop, folder)
    return {f.name: disk.file_fact(f)["sha256"] for f in sorted(folder.glob("*.parquet"))}


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kolkata"])
def test_a_typed_clock_is_read_as_text_with_its_offset(tmp_path, zone, timezone) -> None:
    local = rows().with_columns(pl.col("date").dt.convert_time_zone(zone))
    as_text(local).write_csv(tmp_path / "text.csv")
    local.write_parquet(tmp_path / "typed.parquet")
    dresses = [
        cleaned(tmp_path / "text.csv", timezone=timezone),
        cleaned(tmp_path / "typed.parquet", timezone=timezone),
        cleaned(pd.DataFrame(local.to_dict(as_series=False)), timezone=timezone),
    ]
    assert len({shop.fingerprint for shop in dresses}) == 1
    stores = [stored(shop, tmp_path / f"{i}") for i, shop in enumerate(dresses)]
    assert stores[0] == stores[1] == stores[2]
    assert len(stores[0]) > 0


def test_the_zone_of_the_shop_decides_the_day_of_a_typed_clock() -> None:
    days = {
        timezone: cleaned(rows(), timezone=timezone).lines.collect()["minute"].to_list()
        for timezone in ZONES
    }
    assert days[None] != days["Europe/London"] != days["America/New_York"]


def test_a_typed_clock_without_a_zone_is_read_as_text_without_an_offset() -> None:
    naive = rows().with_columns(pl.col("date").dt.replace_time_zone(None))
    shops = [cleaned(t, timezone="Europe/London") for t in (naive, as_text(naive, ""))]
    assert shops[0].fingerprint == shops[1].fingerprint


@pytest.mark.parametrize("is_typed", [True, False])
def test_two_clocks_in_two_files_do_not_mix_unseen(tmp_path, is_typed) -> None:
    aware, naive = rows()[:30], rows()[30:].with_columns(pl.col("date").dt.replace_time_zone(None))
    if is_typed:
        aware.write_parquet(tmp_path / "a.parquet")
        naive.write_parquet(tmp_path / "b.parquet")
    else:
        as_text(aware).write_csv(tmp_path / "a.csv")
        as_text(naive, "").write_csv(tmp_path / "b.csv")
    paths = sorted(tmp_path.iterdir())
    with pytest.raises(ContractError, match="have an offset to UTC") as caught:
        cleaned(*paths)
    assert "--set cleaning.timezone" in caught.value.fix
    (note,) = [n for n in cleaned(*paths, timezone="Europe/London").notes if "offset" in n]
    assert "read as Europe/London; without one: 30" in note
