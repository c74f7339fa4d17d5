from pathlib import Path

import pytest

from segpredict.config.load import Config
from segpredict.data import readers
from segpredict.data.cleaning import _shards
from segpredict.data.ingest import ingest, raw_batches
from segpredict.data.readers import _spool

HEAD = "customer_id,order_id,date,quantity,price\n"
NIGHTS = (
    "a,1,2011-01-03,2,2.5\nb,2,2011-01-03,1,4\n,3,2011-01-04,1,1\n",
    "b,4,2011-01-20,-1,4\nc,5,2011-01-21,3,1.25\n",
)


def test_a_store_of_large_batches_is_equal_to_one_of_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i, night in enumerate(NIGHTS):
        Path(tmp_path, f"{i}.csv").write_text(HEAD + night)
    small = ingest([tmp_path / "0.csv", tmp_path / "1.csv"], tmp_path / "small", Config()).shop
    for module in (readers, _spool, _shards):
        monkeypatch.setattr(module, "MAX_ROWS_IN_MEMORY", 0)
    monkeypatch.setattr(_shards, "ROWS_PER_SHARD", 1)
    for i in range(len(NIGHTS)):
        large = ingest(tmp_path / f"{i}.csv", tmp_path / "large", Config()).shop
    assert large.lines.collect().equals(small.lines.collect())
    assert (large.ledger, large.notes, large.fingerprint) == (
        small.ledger,
        small.notes,
        small.fingerprint,
    )
    folder = tmp_path / "large"
    names = [path.name for path in (folder / raw_batches.RAW_FOLDER).glob("*.parquet")]
    rows = [raw_batches.load_batch(folder, name).rows for name in names]
    assert sorted(each.collect().height for each in rows) == [2, 3]
    assert [each.head(1).collect().height for each in rows] == [1, 1]
