"""Files that come night by night make the store of all files at once."""

import json
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from segpredict import config, disk, pipeline, store
from segpredict.cli._main import app
from segpredict.errors import (
    BadCellsError,
    ContractError,
    TamperedFileError,
    UsageError,
    WriterError,
)
from segpredict.intake import _ingest, _raw, remembered

HEAD = "customer_id,order_id,date,product_id,quantity,price\n"
SOLD = f"{HEAD}anna,1,2021-03-20,mug,2,2.50\nbert,2,2021-03-20,cup,1,4.00\n"
BACK = f"{HEAD}anna,C3,2021-03-25,mug,-2,2.50\ncleo,4,2021-03-25,cup,3,4.00\n"
AGAIN = f"{HEAD}bert,2,2021-03-20,cup,1,4.00\ndora,5,2021-03-26,mug,1,2.50\n"
BAD = f"{HEAD}emil,6,2021-03-27,mug,many,2.50\n,7,2021-03-27,mug,1,2.50\n"
DAYS = {"1.csv": SOLD, "2.csv": BACK, "3.csv": AGAIN, "4.csv": BAD}
LENIENT = ["cleaning.on_bad_rows='quarantine'", "cleaning.max_bad=9"]
PLAN = config.load(overrides=LENIENT)


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    folder = tmp_path / "drops"
    folder.mkdir()
    for name, text in DAYS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def put(store_: Path, *files: Path, plan: config.Config = PLAN, replace: bool = False):
    return pipeline.ingest([str(f) for f in files], store_, plan, replace=replace)


def facts(folder: Path):
    """Return all that a store says, for comparison."""
    shop = pipeline.read([str(folder)], PLAN)
    rejects = None if shop.rejects is None else shop.rejects.to_dicts()
    parquet = {
        path.name.split("-")[0]: path.read_bytes() for path in folder.glob("*.parquet")
    }
    told = (shop.ledger, shop.notes, shop.files, shop.fingerprint, rejects, parquet)
    return shop.lines.collect().to_dicts(), *told


@pytest.mark.parametrize("order", list(permutations(DAYS))[1::5], ids="".join)
def test_files_in_any_order_make_the_store_of_all_at_once(
    drops: Path, tmp_path: Path, order: tuple[str, ...]
) -> None:
    put(tmp_path / "once", drops)
    for name in order:
        put(tmp_path / "nights", drops / name)
    assert facts(tmp_path / "nights") == facts(tmp_path / "once")


def test_a_store_says_what_its_files_say(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops)
    files, shop = (
        pipeline.read([str(name)], PLAN) for name in (drops, tmp_path / "store")
    )
    assert shop.lines.collect().equals(files.lines.collect())
    assert (shop.ledger, shop.notes, shop.files) == (
        *(files.ledger, files.notes),
        files.files,
    )
    assert shop.fingerprint == files.fingerprint
    assert shop.rejects is not None
    assert shop.rejects.equals(files.rejects)
    assert shop.rejects.rows() == [
        (str(drops / "4.csv"), 2, "quantity", "many", "is not a number")
    ]


def test_a_cancellation_voids_a_sale_that_came_before(
    drops: Path, tmp_path: Path
) -> None:
    first = put(tmp_path / "store", drops / "1.csv").shop.lines.collect()
    assert first["void_day"].to_list() == [None, None]
    then = put(tmp_path / "store", drops / "2.csv").shop.lines.collect()
    void = then.filter(pl.col("customer_id") == "anna")["void_day"].to_list()
    assert void == [18711, 18711]  # 2021-03-25


def test_a_row_that_comes_again_in_a_later_file_counts_once(
    drops: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", drops / "1.csv")
    done = put(tmp_path / "store", drops / "3.csv")
    counts = {e.rule: e.count.rows for e in done.shop.ledger.entries}
    assert (counts["read"], counts["duplicates"], counts["used"]) == (4, 1, 3)


def test_the_same_bytes_come_in_once_under_whatever_name(
    drops: Path, tmp_path: Path
) -> None:
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
    once = pipeline.read([str(tmp_path / "once")], PLAN)
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
        plan = config.load(overrides=[f"source.sheet='{name}'"])
        done = put(tmp_path / "store", path, plan=plan)
        return len(done.added), done.shop.ledger.total("in").rows

    assert sheet("March") == (1, 2)
    assert sheet("April") == (1, 4)
    assert sheet("March") == (0, 4)
    assert sheet("April") == (0, 4)
    both = config.load(overrides=["source.sheet='*'"])
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
    monkeypatch.setattr(_ingest, "MANY", 2)
    put(tmp_path / "once", drops)
    for name in ("2.csv", "4.csv", "1.csv", "3.csv"):
        put(tmp_path / "nights", drops / name)
    assert facts(tmp_path / "nights") == facts(tmp_path / "once")
    assert len(list((tmp_path / "nights" / "raw").glob("*.parquet"))) == 2


def test_what_is_refused_leaves_the_store_as_it_was(
    drops: Path, tmp_path: Path
) -> None:
    strict = config.load()
    put(tmp_path / "store", drops / "1.csv", plan=strict)
    before = {p: p.read_bytes() for p in (tmp_path / "store").rglob("*.*")}
    with pytest.raises(BadCellsError, match=r"4\.csv row 2"):
        put(tmp_path / "store", drops / "4.csv", plan=strict)
    assert {p: p.read_bytes() for p in (tmp_path / "store").rglob("*.*")} == before


def test_what_is_refused_first_leaves_no_store(drops: Path, tmp_path: Path) -> None:
    with pytest.raises(BadCellsError):
        put(tmp_path / "store", drops / "4.csv", plan=config.load())
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
        patch.setattr(store, "write", lambda *_: 1 / 0)
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
    with disk.locked(tmp_path / "store"):
        code = (
            "from pathlib import Path\nfrom segpredict import disk\n"
            f"with disk.locked(Path({str(tmp_path / 'store')!r})): pass"
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


def test_a_lock_that_a_killed_writer_left_locks_nothing(
    drops: Path, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / ".lock").write_text("1")
    put(tmp_path / "store", drops / "1.csv")
    assert not (tmp_path / "store" / ".lock").exists()


def test_two_writers_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    with (
        disk.locked(tmp_path / "store"),
        pytest.raises(WriterError, match="being written"),
        disk.locked(tmp_path / "store"),
    ):
        pass
    assert not (tmp_path / "store").exists()


def test_a_store_remembers_its_settings(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    assert remembered(str(tmp_path / "store")) == PLAN
    assert remembered([str(drops)]) is None
    assert remembered(pl.DataFrame()) is None


def test_other_settings_clean_all_rows_of_a_store_again(
    drops: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", drops / "1.csv", drops / "2.csv")
    other = config.load(overrides=["cleaning.without=['refunded_orders']"])
    names = [str(drops / "1.csv"), str(drops / "2.csv")]
    files = pipeline.read(names, other)
    asked = pipeline.read([str(tmp_path / "store")], other)
    assert asked.fingerprint == files.fingerprint
    assert asked.ledger == files.ledger
    changed = put(tmp_path / "store", drops / "1.csv", plan=other)
    assert changed.shop.fingerprint == files.fingerprint
    assert remembered(str(tmp_path / "store")) == other


def test_a_cutoff_is_laid_through_a_store_as_through_files(
    drops: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", drops)
    files, shop = (
        pipeline.read([str(name)], PLAN, "2021-03-25")
        for name in (drops, tmp_path / "store")
    )
    assert shop.fingerprint == files.fingerprint
    assert (shop.ledger, shop.end_day) == (files.ledger, files.end_day)
    assert shop.lines.collect().height == 2


def test_columns_of_a_store_cannot_be_named_later(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    other = config.load(overrides=["source.columns.customer_id='order_id'"])
    with pytest.raises(UsageError, match="named when its files came in"):
        pipeline.read([str(tmp_path / "store")], other)


def test_a_store_beside_files_is_refused(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    with pytest.raises(UsageError, match="segpredict ingest"):
        pipeline.read([str(tmp_path / "store"), str(drops)], PLAN)


def test_parts_of_a_store_are_no_exports(drops: Path, tmp_path: Path) -> None:
    put(drops / "store", drops / "1.csv")
    shop = pipeline.read([str(drops)], PLAN)
    assert [Path(fact.name).name for fact in shop.files] == list(DAYS)


def test_a_folder_with_something_else_is_no_place_for_a_store(drops: Path) -> None:
    with pytest.raises(UsageError, match=r'holds "1.csv" and no store'):
        put(drops, drops / "1.csv")


def test_a_store_without_raw_rows_can_be_read_and_not_added_to(
    drops: Path, tmp_path: Path
) -> None:
    shop = pipeline.read([str(drops)], PLAN)
    store.write(shop, tmp_path / "store")
    again = pipeline.read([str(tmp_path / "store")], PLAN)
    assert again.fingerprint == shop.fingerprint
    with pytest.raises(UsageError, match="--as-of"):
        pipeline.read([str(tmp_path / "store")], PLAN, "2021-03-25")
    with pytest.raises(UsageError, match="--replace"):
        put(tmp_path / "store", drops)


def test_raw_rows_that_were_tampered_with_are_refused(
    drops: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", drops / "1.csv")
    (path,) = (tmp_path / "store" / _raw.FOLDER).glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TamperedFileError, match=path.name):
        put(tmp_path / "store", drops / "2.csv")


@pytest.mark.parametrize("suffix", ["json", "rejects"])
def test_a_damaged_note_is_refused(drops: Path, tmp_path: Path, suffix: str) -> None:
    put(tmp_path / "store", drops)
    (path,) = (tmp_path / "store" / _raw.FOLDER).glob(f"*.{suffix}")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(TamperedFileError, match="is lost"):
        pipeline.read([str(tmp_path / "store")], PLAN)


def test_a_run_scores_a_store_as_it_scores_files(
    sample_file: Path, small_config, run_folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", sample_file, plan=small_config)
    files, stored = (
        pipeline.score(run_folder, [str(name)])
        for name in (sample_file, tmp_path / "store")
    )
    assert stored.equals(files)
    early = [
        pipeline.score(run_folder, [str(name)], as_of="2022-10-01")
        for name in (sample_file, tmp_path / "store")
    ]
    assert early[0].equals(early[1])


def test_segments_of_a_store_are_those_of_its_files(
    sample_file: Path, small_config, run_folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", sample_file, plan=small_config)
    target = pipeline.Target(tmp_path / "run", "then")
    made = pipeline.cluster([str(tmp_path / "store")], small_config, target)
    name = "segments/assignments.parquet"
    assert made.parquet(name).equals(pl.read_parquet(run_folder / name))


def command(*arguments: object):
    return CliRunner().invoke(app, ["ingest", *map(str, arguments)])


def test_the_command_tells_what_came_in_and_what_was_there(
    drops: Path, tmp_path: Path
) -> None:
    where = ("--store", tmp_path / "store")
    first = command("--data", drops / "1.csv", *where, "--json")
    assert json.loads(first.stdout)["added"] == [str(drops / "1.csv")]
    again = command("--data", drops / "1.csv", "--data", drops / "2.csv", *where)
    assert again.exit_code == 0
    assert f"skipped: {drops / '1.csv'} is in the store already" in again.stdout
    assert "Files that came in: 1." in again.stdout
    assert "4 lines of 3 customers, 2021-03-20 to 2021-03-25" in again.stdout


def test_check_of_a_store_takes_its_settings(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops)
    done = CliRunner().invoke(
        app, ["check", "--data", str(tmp_path / "store"), "--json"]
    )
    found = json.loads(done.stdout)
    assert found["adds_up"]
    assert found["bad_rows"] == [{"reason": "quantity is not a number", "rows": 1}]
    assert found["bad_examples"][0]["value"] == "many"
