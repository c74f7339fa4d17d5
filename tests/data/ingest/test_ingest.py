"""Files that come night by night make the store of all files at once."""

import errno
import json
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from nightly import BACK, DAYS, HEAD, PLAN, SOLD, facts, put
from typer.testing import CliRunner

from segpredict import pipeline
from segpredict.cli._main import app
from segpredict.config import load
from segpredict.config.source import SourceOptions
from segpredict.core import disk
from segpredict.core.transactions import RawLines
from segpredict.data import readers, store
from segpredict.data.ingest import raw_batches
from segpredict.data.store import parts, write
from segpredict.errors import (
    BadCellsError,
    BusyError,
    ContractError,
    LimitError,
    MismatchError,
    TamperedFileError,
    UnreadableFileError,
    UsageError,
)


@pytest.mark.parametrize("order", list(permutations(DAYS))[1::11], ids="".join)
def test_files_in_any_order_make_the_store_of_all_at_once(
    drops: Path, tmp_path: Path, order: tuple[str, ...]
) -> None:
    put(tmp_path / "once", drops)
    for name in order:
        put(tmp_path / "nights", drops / name)
    assert facts(tmp_path / "nights") == facts(tmp_path / "once")


def test_a_cancellation_voids_a_sale_that_came_before(drops: Path, tmp_path: Path) -> None:
    first = put(tmp_path / "store", drops / "1.csv").shop.lines.collect()
    assert first["void_day"].to_list() == [None, None]
    then = put(tmp_path / "store", drops / "2.csv").shop.lines.collect()
    void = then.filter(pl.col("customer_id") == "anna")["void_day"].to_list()
    assert void == [18711, 18711]  # 2021-03-25


def test_a_row_that_comes_again_in_a_later_file_counts_once(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    done = put(tmp_path / "store", drops / "3.csv")
    counts = {e.rule: e.count.rows for e in done.shop.ledger.entries}
    assert (counts["read"], counts["duplicates"], counts["used"]) == (4, 1, 3)


def test_the_same_bytes_come_in_once_under_whatever_name(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    before = facts(tmp_path / "store")
    copy = drops / "copy.csv"
    copy.write_text(SOLD, encoding="utf-8")
    done = put(tmp_path / "store", copy, drops / "1.csv")
    assert done.added == ()
    assert done.skipped == {
        str(drops / "1.csv"): str(drops / "1.csv"),
        str(copy): str(drops / "1.csv"),
    }
    assert facts(tmp_path / "store") == before


def test_an_export_that_grows_under_one_name_counts_its_rows_once(
    tmp_path: Path,
) -> None:
    export = tmp_path / "export.csv"
    export.write_text(SOLD, encoding="utf-8")
    put(tmp_path / "store", export)
    export.write_text(SOLD + BACK.removeprefix(HEAD), encoding="utf-8")
    grown = put(tmp_path / "store", export).shop
    put(tmp_path / "once", export)
    once = pipeline.read_transactions([str(tmp_path / "once")], PLAN)
    assert grown.lines.collect().equals(once.lines.collect())
    assert [fact.name for fact in grown.files] == [str(export)] * 2


def test_another_sheet_of_a_known_workbook_comes_in(tmp_path: Path) -> None:
    path = tmp_path / "year.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for name, text in (("March", SOLD), ("April", BACK)):
            sheet = made.add_worksheet(name)
            for i, line in enumerate(text.splitlines()):
                sheet.write_row(i, 0, line.split(","))

    def sheet(name: str) -> tuple[int, int]:
        plan = load.load_config(overrides=[f"source.sheet='{name}'"])
        done = put(tmp_path / "store", path, plan=plan)
        return len(done.added), done.shop.ledger.total("in").rows

    assert sheet("March") == (1, 2)
    assert sheet("April") == (1, 4)
    assert sheet("March") == (0, 4)
    assert sheet("April") == (0, 4)
    both = load.load_config(overrides=["source.sheet='*'"])
    put(tmp_path / "whole", path, plan=both)
    assert put(tmp_path / "whole", path, plan=both).added == ()


def test_equal_bytes_in_two_partitions_are_two_files(tmp_path: Path) -> None:
    rows = pl.read_csv(SOLD.encode(), schema_overrides={"price": pl.String})
    for country in ("FR", "UK"):
        folder = tmp_path / "sales" / f"country={country}"
        folder.mkdir(parents=True)
        rows.write_parquet(folder / "part.parquet")
    done = put(tmp_path / "store", tmp_path / "sales")
    assert (len(done.added), done.skipped) == (2, {})
    lines = done.shop.lines.collect()
    assert lines["country"].unique().sort().to_list() == ["FR", "UK"]


def test_many_nights_become_one_batch_and_stay_equal(
    drops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["segpredict.data.ingest.ingest"], "MAX_RAW_BATCHES", 2)
    put(tmp_path / "once", drops)
    for name in ("2.csv", "4.csv", "1.csv", "3.csv"):
        put(tmp_path / "nights", drops / name)
    assert facts(tmp_path / "nights") == facts(tmp_path / "once")
    assert len(list((tmp_path / "nights" / "raw").glob("*.parquet"))) == 2


def test_what_is_refused_leaves_the_store_as_it_was(drops: Path, tmp_path: Path) -> None:
    strict = load.load_config()
    put(tmp_path / "store", drops / "1.csv", plan=strict)
    before = {p: p.read_bytes() for p in (tmp_path / "store").rglob("*.*")}
    with pytest.raises(BadCellsError, match=r"4\.csv row 2"):
        put(tmp_path / "store", drops / "4.csv", plan=strict)
    assert {p: p.read_bytes() for p in (tmp_path / "store").rglob("*.*")} == before


def test_what_is_refused_first_leaves_no_store(drops: Path, tmp_path: Path) -> None:
    with pytest.raises(BadCellsError):
        put(tmp_path / "store", drops / "4.csv", plan=load.load_config())
    assert not (tmp_path / "store").exists()


def test_a_later_file_cannot_contradict_what_earlier_ones_proved(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(f"{HEAD}anna,1,31.01.2021,mug,2,2.50\n", encoding="utf-8")
    second.write_text(f"{HEAD}anna,2,01/31/2021,mug,2,2.50\n", encoding="utf-8")
    put(tmp_path / "store", first)
    with pytest.raises(ContractError, match="01/31/2021"):
        put(tmp_path / "store", second)


def test_a_later_file_proves_the_dates_of_earlier_ones(tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(f"{HEAD}anna,1,01/02/2021,mug,2,2.50\n", encoding="utf-8")
    second.write_text(f"{HEAD}anna,2,13/02/2021,mug,2,2.50\n", encoding="utf-8")
    with pytest.raises(ContractError, match="dmy"):
        put(tmp_path / "store", first)
    both = put(tmp_path / "store", first, second).shop.lines.collect()
    assert both["day"].to_list() == [18659, 18671]  # 1 and 13 February


def test_a_stopped_ingest_is_repeated_without_a_trace(
    drops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "once", drops / "1.csv", drops / "2.csv")
    put(tmp_path / "store", drops / "1.csv")
    before = facts(tmp_path / "store")
    with monkeypatch.context() as patch:
        patch.setattr(store, "renew_store", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            put(tmp_path / "store", drops / "2.csv")
    assert facts(tmp_path / "store") == before
    put(tmp_path / "store", drops / "2.csv")
    assert facts(tmp_path / "store") == facts(tmp_path / "once")
    names = {path.suffix for path in (tmp_path / "store" / "raw").iterdir()}
    assert len(list((tmp_path / "store" / "raw").iterdir())) == 4
    assert names == {".parquet", ".json", ".rejects"}


def test_replace_forgets_what_came_before(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv", drops / "2.csv")
    put(tmp_path / "store", drops / "3.csv", replace=True)
    put(tmp_path / "other", drops / "3.csv")
    assert facts(tmp_path / "store") == facts(tmp_path / "other")


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    with disk.lock_folder(tmp_path / "store"):
        code = (
            "from pathlib import Path\nfrom segpredict.core import disk\n"
            f"with disk.lock_folder(Path({str(tmp_path / 'store')!r})): pass"
        )
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert f"is being written by process {os.getpid()}." in done.stderr


def test_a_first_night_that_is_killed_blocks_no_later_one(drops: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    code = (
        "import os\nfrom segpredict.config import load\nfrom segpredict.data.ingest import ingest\n"
        "from segpredict.data.store import write\n"
        "write.publish_manifest = lambda *_: os._exit(9)\n"
        f"ingest([{str(drops / '1.csv')!r}], {str(folder)!r}, load.load_config())\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 9
    assert list(folder.glob("base-0.parquet"))
    put(folder, drops / "1.csv")
    put(tmp_path / "other", drops / "1.csv")
    assert facts(folder) == facts(tmp_path / "other")
    assert all_files(folder) == all_files(tmp_path / "other")


def all_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_files_of_others_in_a_store_stay(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    mine = [tmp_path / "store" / name for name in ("mine-1.parquet", "raw/notes.txt")]
    for path in mine:
        path.write_text("mine")
    put(tmp_path / "store", drops / "2.csv")
    put(tmp_path / "store", drops / "3.csv", replace=True)
    assert [path.read_text() for path in mine] == ["mine", "mine"]


def test_a_file_that_changes_after_it_was_hashed_is_refused_and_comes_in_later(
    drops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the store would hold the old rows under the hash of the new."""
    read = readers.collect_inputs

    def late(names: list[readers.OpenedInput], layout: SourceOptions) -> RawLines:
        with (drops / "1.csv").open("a") as file:
            file.write("zoe,9,2021-03-21,cup,1,4.00\n")
        return read(names, layout)

    with monkeypatch.context() as patch:
        patch.setattr(readers, "collect_inputs", late)
        with pytest.raises(UnreadableFileError, match="changed while it was read"):
            put(tmp_path / "store", drops / "1.csv")
    assert not (tmp_path / "store").exists()
    shop = put(tmp_path / "store", drops / "1.csv").shop
    assert "zoe" in shop.lines.collect()["customer_id"].to_list()


def test_who_reads_a_store_has_the_one_that_was_opened(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    before = store.open_store(tmp_path / "store")
    put(tmp_path / "store", drops / "2.csv")
    put(tmp_path / "store", drops / "3.csv", replace=True)
    assert set(before.lines.collect()["customer_id"]) == {"anna", "bert"}


def test_a_full_disk_is_told_as_one(
    drops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "store", drops / "1.csv")
    before = facts(tmp_path / "store"), all_files(tmp_path / "store")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parts.pq.ParquetWriter, "write_table", full)
        with pytest.raises(LimitError, match="is full"):
            put(tmp_path / "store", drops / "2.csv")
    assert (facts(tmp_path / "store"), all_files(tmp_path / "store")) == before


def test_all_parts_are_on_the_disk_before_the_file_that_names_them(
    drops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    for module in (disk, parts, write):
        monkeypatch.setattr(module, "sync", synced.append)
    put(tmp_path / "store", drops / "1.csv")
    names = [path.name for path in synced]
    manifest = names.index("store.json")
    parts_named = {path.name for path in (tmp_path / "store").glob("*.parquet")}
    assert parts_named <= set(names[:manifest])
    assert "store" in names[:manifest]  # the folder, which holds their names


def test_two_writers_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    with (
        disk.lock_folder(tmp_path / "store"),
        pytest.raises(BusyError, match="being written"),
        disk.lock_folder(tmp_path / "store"),
    ):
        pass
    assert not (tmp_path / "store").exists()


def test_a_folder_with_something_else_is_no_place_for_a_store(drops: Path) -> None:
    with pytest.raises(UsageError, match=r'holds "1.csv" and no store'):
        put(drops, drops / "1.csv")


def test_raw_rows_that_were_tampered_with_are_refused(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    (path,) = (tmp_path / "store" / raw_batches.RAW_FOLDER).glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TamperedFileError, match=path.name):
        put(tmp_path / "store", drops / "2.csv")


def command(*arguments: object):
    return CliRunner().invoke(app, ["ingest", *map(str, arguments)])


def test_the_command_tells_what_came_in_and_what_was_there(drops: Path, tmp_path: Path) -> None:
    where = ("--store", tmp_path / "store")
    first = command("--data", drops / "1.csv", *where, "--json")
    assert json.loads(first.stdout)["added"] == [str(drops / "1.csv")]
    again = command("--data", drops / "1.csv", "--data", drops / "2.csv", *where)
    assert again.exit_code == 0
    assert f"skipped: {drops / '1.csv'} is in the store already" in again.stdout
    assert "Files added: 1." in again.stdout
    assert "4 lines of 3 customers, 2021-03-20 to 2021-03-25" in again.stdout


def night(day: str, ids: str = "C{}", price: str = "2.50") -> str:
    """Return a file in which thirty customers buy something."""
    rows = (f"{ids.format(f'{i:03}')},{day}-{i},{day},mug,1,{price}" for i in range(30))
    return HEAD + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("odd", "clause"),
    [
        (night("2021-03-21", ids="{}"), "are numbers and were not"),
        (night("2021-03-21", price="250"), "the median line was 2.50 and is 250.00"),
    ],
)
def test_a_night_unlike_those_in_the_store_is_refused_and_changes_nothing(
    tmp_path: Path, odd: str, clause: str
) -> None:
    for name, text in (("1", night("2021-03-20")), ("2", odd), ("3", night("2021-03-21"))):
        (tmp_path / f"{name}.csv").write_text(text)
    put(tmp_path / "store", tmp_path / "1.csv")
    before = facts(tmp_path / "store")
    with pytest.raises(MismatchError, match=clause) as caught:
        put(tmp_path / "store", tmp_path / "2.csv")
    assert "--replace" in caught.value.fix
    assert facts(tmp_path / "store") == before
    assert len(put(tmp_path / "store", tmp_path / "3.csv").shop.files) == 2
