"""What is put into a store comes out of it, in one go or day by day."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shop
from segpredict import features
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.orders import is_head
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window
from segpredict.data import store
from segpredict.data.cleaning._clean import fingerprint_lines
from segpredict.data.store import parts, write
from segpredict.errors import ArtifactError, FileMissingError, TamperedFileError

FIRST = ["customer_id", "day", "minute", "order_id"]


def canonical(transactions: Transactions) -> Transactions:
    """Return the lines in the one order that cleaning gives them, with their print."""
    lines = transactions.lines.collect()
    rest = [name for name in lines.columns if name not in {*FIRST, "is_order_head"}]
    ordered = lines.sort(*FIRST, *rest).with_columns(is_head())
    printed = fingerprint_lines(ordered)
    return replace(transactions, lines=ordered.lazy(), fingerprint=printed)


@pytest.fixture(scope="module")
def world() -> Transactions:
    plain = shop.world(120, seed=4)
    draw = pl.col("order_id").hash(11)
    late = pl.col("day") + (draw % 40).cast(pl.Int32)
    changed = plain.lines.with_columns(
        void_day=pl.when(draw % 7 == 0).then(late).cast(pl.Int32),
        product_id=pl.when(draw % 5 > 0).then("product_id"),
        country=pl.when(draw % 3 > 0).then(pl.lit("FR")),
    )
    return canonical(replace(plain, lines=changed))


def days(transactions: Transactions, first: int, end: int) -> Transactions:
    inside = pl.col("day").is_between(first, end, closed="left")
    lines = transactions.lines.filter(inside)
    return replace(transactions, lines=lines, first_day=first, end_day=end)


def test_what_is_written_reads_back_equal(world: Transactions, tmp_path: Path) -> None:
    stored = store.write_store(world, tmp_path)
    assert stored.lines.collect().equals(world.lines.collect())
    again = store.open_store(tmp_path)
    assert again.lines.collect_schema() == world.lines.collect_schema()
    names = ("first_day", "end_day", "fingerprint", "ledger", "currency", "files")
    for name in names:
        assert getattr(again, name) == getattr(world, name)


def test_the_ledger_comes_back_as_it_was(world: Transactions, tmp_path: Path) -> None:
    ledger = Ledger((LedgerEntry("in", "read", "Rows read.", LedgerCount(3, 2, 1, 50)),))
    assert store.write_store(replace(world, ledger=ledger), tmp_path).ledger == ledger


def test_the_fingerprint_of_a_store_is_that_of_cleaning(
    world: Transactions, tmp_path: Path
) -> None:
    stored = store.write_store(world, tmp_path)
    assert stored.store is not None
    assert fingerprint_lines(stored.lines.collect()) == world.fingerprint


def test_a_query_reads_only_what_it_asks_for(world: Transactions, tmp_path: Path) -> None:
    lines = store.write_store(world, tmp_path).lines
    query = lines.filter(pl.col("day") >= 300).select("amount", "customer_id")
    wanted = world.lines.filter(pl.col("day") >= 300).select("amount", "customer_id")
    assert query.collect().equals(wanted.collect())
    assert lines.head(7).collect().equals(world.lines.head(7).collect())


def test_ids_are_whole_numbers_in_the_order_of_their_text(
    world: Transactions, tmp_path: Path
) -> None:
    store.write_store(world, tmp_path)
    base = pl.read_parquet(tmp_path / "base-0.parquet")
    ids = pl.read_parquet(tmp_path / "customer_id-0.parquet")["id"]
    assert ids.is_sorted()
    assert base.schema["customer_id"] == pl.UInt32
    assert base.select("customer_id", "day").equals(
        base.select("customer_id", "day").sort(pl.all())
    )


def test_a_row_group_holds_whole_customers(
    world: Transactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 50)
    stored = store.write_store(world, tmp_path)
    assert stored.store is not None
    part = stored.store.base_lines
    groups = [part.read(["customer_id"], [i]).to_series() for i in range(part.n_row_groups)]
    assert part.n_row_groups > 5
    assert sum(g.n_unique() for g in groups) == stored.store.manifest.customers
    assert stored.lines.collect().equals(world.lines.collect())


def test_a_renewed_store_has_the_currency_of_its_lines(world: Transactions, tmp_path: Path) -> None:
    store.write_store(days(world, 0, 700), tmp_path)
    renewed = store.renew_store(replace(days(world, 0, 710), currency="€"), tmp_path)
    assert renewed.store is not None
    assert renewed.store.manifest.tail  # not written anew
    assert renewed.currency == "€"


@settings(max_examples=6)
@given(
    st.lists(st.integers(1, 727), max_size=4, unique=True).map(sorted),
    st.sampled_from([30, 1 << 19]),
)
def test_any_split_into_days_gives_the_store_of_all_days(
    world: Transactions, cuts: list[int], group: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROWS_PER_GROUP", group)
        for end in (*cuts, 728):
            stored = store.renew_store(days(world, 0, end), folder)
        assert stored.lines.collect().equals(world.lines.collect())
        assert stored.fingerprint == world.fingerprint
        assert (stored.first_day, stored.end_day) == (0, 728)
        window = Window(640, first_day=0)
        whole = features.compute_features(world, window).frame
        assert features.compute_features(stored, window).frame.equals(whole)


@settings(max_examples=4)
@given(st.integers(0, 50))
def test_any_split_of_the_lines_gives_the_store_of_all_lines(
    world: Transactions, seed: int
) -> None:
    place = pl.int_range(pl.len()).hash(seed) % 3
    with TemporaryDirectory() as folder:
        for part in range(3):
            lines = world.lines.filter(place <= part).collect().lazy()
            stored = store.renew_store(replace(world, lines=lines), folder)
        assert stored.lines.collect().equals(world.lines.collect())
        assert stored.fingerprint == world.fingerprint


def written(path: Path) -> tuple[int, int]:
    """Return which file it is and when it was written; reading changes neither."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_a_new_day_rewrites_the_tail_and_leaves_the_base(
    world: Transactions, tmp_path: Path
) -> None:
    base = store.write_store(days(world, 0, 700), tmp_path)
    assert base.store is not None
    stamp = written(tmp_path / "base-0.parquet")
    store.renew_store(days(world, 0, 701), tmp_path)
    store.renew_store(days(world, 0, 702), tmp_path)
    assert written(tmp_path / "base-0.parquet") == stamp
    assert {p.name for p in tmp_path.glob("tail*")} == {"tail-2.parquet"}


def test_an_empty_shop_is_a_store_too(world: Transactions, tmp_path: Path) -> None:
    empty = replace(world, lines=world.lines.clear(), fingerprint="")
    assert store.write_store(empty, tmp_path).lines.collect().is_empty()
    assert features.compute_features(store.open_store(tmp_path), Window(400)).frame.is_empty()
    assert store.renew_store(world, tmp_path).lines.collect().equals(world.lines.collect())


def test_short_memory_changes_no_line(
    world: Transactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = world.lines.collect().height
    monkeypatch.setattr(write, "available_bytes", lambda: rows * write.BYTES_PER_ROW // 4)
    stored = store.write_store(world, tmp_path)
    assert stored.lines.collect().equals(world.lines.collect())
    assert {p.suffix for p in tmp_path.iterdir()} == {".parquet", ".json"}


def test_a_copy_with_other_lines_is_no_store(world: Transactions, tmp_path: Path) -> None:
    stored = store.write_store(world, tmp_path)
    some = replace(stored, lines=stored.lines.filter(pl.col("customer_id") < "c00020"))
    assert stored.coded is not None
    assert some.coded is None
    table = features.compute_features(some, Window(640)).frame
    assert 0 < table.height <= 20


def lines_of(folder: Path) -> pl.DataFrame:
    return store.open_store(folder).lines.collect()


def features_of(folder: Path) -> pl.DataFrame:
    return features.compute_features(store.open_store(folder), Window(640)).frame


READERS = {
    "base": lines_of,
    "orders-base": features_of,
    "repeats-base": features_of,
    "customer_id": features_of,
}


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_byte_is_found_and_the_file_named(
    world: Transactions, tmp_path: Path, name: str
) -> None:
    store.write_store(world, tmp_path)
    path = tmp_path / f"{name}-0.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(TamperedFileError, match=path.name):
        READERS[name](tmp_path)


def test_no_file_is_left_of_the_store_before(world: Transactions, tmp_path: Path) -> None:
    store.write_store(days(world, 0, 700), tmp_path)
    store.renew_store(days(world, 0, 720), tmp_path)
    stored = store.write_store(world, tmp_path)
    assert stored.store is not None
    found = {path.name for path in tmp_path.iterdir()}
    assert found == stored.store.manifest.file_names | {"store.json"}


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match="was not found"):
        store.open_store(tmp_path)


def test_a_store_of_a_newer_version_is_refused(world: Transactions, tmp_path: Path) -> None:
    store.write_store(world, tmp_path)
    manifest = tmp_path / "store.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 99}))
    with pytest.raises(ArtifactError, match="format 99"):
        store.open_store(tmp_path)


def test_a_damaged_manifest_is_refused(world: Transactions, tmp_path: Path) -> None:
    store.write_store(world, tmp_path)
    (tmp_path / "store.json").write_text("{")
    with pytest.raises(ArtifactError, match="not valid JSON"):
        store.open_store(tmp_path)


def refunded(transactions: Transactions, seed: int) -> Transactions:
    """Return the lines as a later night may find them: a few changed, a few gone."""
    draw = pl.struct("order_id", "product_id", "day").hash(seed)
    lines = transactions.lines.collect()
    changed = lines.filter(draw % 97 != 1).with_columns(
        void_day=pl.when(draw % 89 == 1).then(pl.col("day") + 3).otherwise("void_day"),
        amount=pl.when(draw % 83 == 1).then(pl.col("amount") * 2).otherwise("amount"),
    )
    return canonical(replace(transactions, lines=changed.lazy()))


@settings(max_examples=5)
@given(
    st.lists(st.integers(500, 727), min_size=1, max_size=3, unique=True).map(sorted),
    st.integers(0, 99),
    st.sampled_from([30, 1 << 19]),
    st.sampled_from([0, 8]),
)
def test_whatever_a_night_changes_the_renewed_store_is_the_store_of_all_lines(
    world: Transactions, ends: list[int], seed: int, group: int, tail: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROWS_PER_GROUP", group)
        patch.setattr(write, "MAX_TAIL_SHARE", tail)
        for night, end in enumerate([*ends, 728]):
            now = refunded(days(world, 0, end), seed + night)
            stored = store.renew_store(now, folder)
            assert stored.lines.collect().equals(now.lines.collect())
            assert stored.fingerprint == now.fingerprint
            window = Window(end, first_day=0)
            whole = features.compute_features(now, window).frame
            assert features.compute_features(stored, window).frame.equals(whole)


def test_a_night_with_a_refund_leaves_the_base(world: Transactions, tmp_path: Path) -> None:
    store.renew_store(days(world, 0, 700), tmp_path)
    stamp = written(tmp_path / "base-0.parquet")
    whose = world.lines.filter(pl.col("day") < 700).collect()["customer_id"][0]
    mine = (pl.col("customer_id") == whose) & pl.col("void_day").is_null()
    lines = days(world, 0, 702).lines.with_columns(
        void_day=pl.when(mine).then(701).otherwise("void_day").cast(pl.Int32)
    )
    now = canonical(replace(days(world, 0, 702), lines=lines))
    stored = store.renew_store(now, tmp_path)
    assert written(tmp_path / "base-0.parquet") == stamp
    assert stored.store is not None
    assert len(stored.store.moved_customers) == 1
    assert stored.lines.collect().equals(now.lines.collect())


def test_a_store_that_loses_a_customer_is_written_anew(world: Transactions, tmp_path: Path) -> None:
    store.renew_store(world, tmp_path)
    whose = world.lines.collect()["customer_id"][0]
    now = canonical(replace(world, lines=world.lines.filter(pl.col("customer_id") != whose)))
    assert store.renew_store(now, tmp_path).lines.collect().equals(now.lines.collect())
    assert (tmp_path / "base-1.parquet").is_file()
