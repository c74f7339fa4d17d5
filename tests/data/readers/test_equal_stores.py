from pathlib import Path
from runpy import run_path

import polars as pl
import pytest
from equal_stores import dressed, dresses, is_equal

from servers import DRIVERS

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "reference" / "input.md"


@pytest.mark.real
@pytest.mark.slow
def test_four_dresses_of_a_shop_give_equal_stores(real_data) -> None:
    with dresses(real_data) as paths:
        made = [dressed(name, path) for name, path in paths.items()]
    assert [one.name for one in made if not is_equal(made[0], one)] == []
    assert len(made) == 4


@pytest.mark.real
@pytest.mark.slow
def test_online_retail_ii_read_from_a_server_gives_the_store_of_its_file(
    real_data, server, tmp_path
) -> None:
    frame = pl.read_parquet(real_data / "online_retail" / "online_retail_ii_*.parquet")
    frame.write_parquet(tmp_path / "all.parquet")
    bulk = run_path(str(ROOT / "benchmarks" / "databases" / "bulk.py"))
    engine = bulk["engine"](server.url.replace(server.kind, DRIVERS[server.kind], 1))
    bulk["make_table"](engine, "online retail", frame)
    bulk["bulk_load"](engine, "online retail", frame)
    made = [
        dressed(name, source, "online_retail_ii")
        for name, source in (
            ("a file", tmp_path / "all.parquet"),
            ("a table", f"{server.url}#online retail"),
        )
    ]
    assert is_equal(*made)
    assert made[0].shop.ledger.total("used").rows > 700_000


def test_the_docs_show_four_equal_formats() -> None:
    text = DOCS.read_text(encoding="utf-8")
    table = text.split("<!-- equal stores: begin -->")[1].split("<!-- equal")[0]
    assert table.count("| yes |") == 4
    assert "NO" not in table
