"""Shards change nothing: lines, ledger, notes and errors are those of one shard."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from raw_shop import COLUMNS, SHOP, plan

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import SourceOptions
from segpredict.core.transactions import InputFile, RawLines, Transactions
from segpredict.data.cleaning import _shards, clean_lines
from segpredict.data.readers import _spool, from_frame, read_raw_lines
from segpredict.data.sample import sample
from segpredict.data.store import keep_on_disk
from segpredict.errors import SegpredictError

ROLES = [*COLUMNS, "status", "discount", "refund", "country", "description"]
rows = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "C3", "C3", "5", None]),
        st.sampled_from(["p", "q", "POST", "Total", None]),
        st.sampled_from(["1", "2", "-1", "0", "1.5", "x", None]),
        st.sampled_from(["2011-01-05", "2011-01-05 10:00", "2011-03-01", "2011-02-30", None]),
        st.sampled_from(["1", "2.5", "9", "0", "-1", "1e5", None]),
        st.sampled_from(["7", "8 ", "8", "9", "17850.0", None]),
        st.sampled_from(["paid", "failed", "odd", None]),
        st.sampled_from(["0.5", None]),
        st.sampled_from(["0.5", "1", None]),
        st.sampled_from(["UK", "U.K.", "uk", None]),
        st.sampled_from(["MUG", "MUG ", "CUP", None]),
    ),
    min_size=1,
    max_size=12,
)


@contextmanager
def shards_of(size: int) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(_shards, "MAX_ROWS_IN_MEMORY", 0)
        patch.setattr(_shards, "ROWS_PER_SHARD", size)
        yield Path(folder)


def found(raw: RawLines, options: CleaningOptions, work: Path | None = None) -> dict[str, Any]:
    """Return all that cleaning says, or its error."""
    try:
        shop = clean_lines(raw, options, work)
    except SegpredictError as error:
        return {"error": str(error), "fix": error.fix, "where": error.where}
    shop_fields = {field.name: getattr(shop, field.name) for field in fields(Transactions)}
    lines = shop.lines.collect()
    tables = {n: v.rows() for n, v in shop_fields.items() if isinstance(v, pl.DataFrame)}
    return {**shop_fields, **tables, "lines": lines.rows()}


ORDINARY = {"files": 1, "size": 1, "bad_rows": "fail", "as_of": None, "left_out": set[str]()}


@settings(max_examples=8)
@example(  # a shard without a status, beside one that has one
    rows=[
        ("1", "p", "1", "2011-01-05", "1", "7", None, *(None,) * 4),
        ("2", "p", "1", "2011-01-05", "1", "8", "paid", *(None,) * 4),
    ],
    **ORDINARY,
)
@given(
    rows=rows,
    files=st.integers(1, 2),
    size=st.integers(1, 6),
    bad_rows=st.sampled_from(["fail", "quarantine", "quarantine"]),
    as_of=st.sampled_from([None, None, 15_030]),
    left_out=st.sets(st.sampled_from(ROLES[-5:])),
)
def test_any_split_into_shards_gives_the_same(
    rows: list[tuple[Any, ...]],
    files: int,
    size: int,
    bad_rows: str,
    as_of: int | None,
    left_out: set[str],
) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(ROLES, pl.String), orient="row")
    place = pl.int_range(pl.len())
    file = (place % files).cast(pl.Int32)
    raw = RawLines(
        frame.drop(left_out).with_columns(file=file, row=place + 2),
        tuple(InputFile(f"{i}.csv", len(rows)) for i in range(files)),
    )
    options = plan(on_bad_rows=bad_rows, as_of=as_of)
    whole = found(raw, options)
    with shards_of(size) as work:
        assert found(raw, options, work) == whole


def test_a_large_shop_is_cleaned_on_a_disk(tmp_path: Path) -> None:
    raw = from_frame(sample.generate_sample(60, seed=2).lines)
    whole = clean_lines(raw)
    with shards_of(200) as work:
        shop = clean_lines(raw, None, work)
        assert len([*work.glob("shard=*/")]) > 3
        kept = keep_on_disk(shop, tmp_path / "store")
    (part,) = kept.parts()
    assert part.lines.collect().equals(whole.lines.collect())
    assert (kept.fingerprint, kept.ledger, kept.notes) == (
        whole.fingerprint,
        whole.ledger,
        whole.notes,
    )


def test_rows_of_large_files_are_read_from_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i, part in enumerate((SHOP[:5], SHOP[5:])):
        frame = pl.DataFrame(part, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
        frame.write_csv(tmp_path / f"{i}.csv")
    whole = read_raw_lines([str(tmp_path)], SourceOptions())
    monkeypatch.setattr(_spool, "MAX_ROWS_IN_MEMORY", 0)
    raw = read_raw_lines([str(tmp_path)], SourceOptions())
    assert raw.frame.is_empty()
    assert raw.rows.collect().equals(whole.frame)
    assert found(raw, plan()) == found(whole, plan())
