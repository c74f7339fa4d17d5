import importlib
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from segpredict.config.source import SourceOptions
from segpredict.data.readers import file_sha256, read_raw_lines
from segpredict.errors import LimitError, SourceError, UnreadableFileError

MAKE = "CREATE TABLE orders (customer_id TEXT, date TEXT, amount REAL, note TEXT)"
FILL = "INSERT INTO orders VALUES ('00123', '2011-01-31', 2.55, NULL), ('7', 'd', 1, 'x')"


def lite(folder: Path, *more: str, name: str = "shop.sqlite") -> str:
    path = folder / name
    with closing(sqlite3.connect(path)) as shop:
        for line in (MAKE, FILL, *more):
            shop.execute(line)
        shop.commit()
    return str(path)


def duck(folder: Path, *more: str, name: str = "shop.duckdb") -> str:
    path = folder / name
    with duckdb.connect(str(path)) as shop:
        for line in (MAKE.replace("REAL", "DECIMAL(9, 2)"), FILL, *more):
            shop.execute(line)
    return str(path)


@pytest.mark.parametrize(("make", "one"), [(lite, "1.0"), (duck, "1.00")])
def test_the_only_table_of_a_database_is_read(make, one: str, tmp_path: Path) -> None:
    raw = read_raw_lines([make(tmp_path)])
    assert raw.frame["customer_id"].to_list() == ["00123", "7"]
    assert raw.frame["amount"].to_list() == ["2.55", one]
    assert raw.frame["row"].to_list() == [2, 3]
    assert raw.files[0].detected.shown()["table"] == "orders"


@pytest.mark.parametrize("make", [lite, duck])
def test_one_of_several_tables_must_be_named(make, tmp_path: Path) -> None:
    name = make(tmp_path, 'CREATE VIEW "odd ""name" AS SELECT * FROM orders')
    with pytest.raises(SourceError, match="2 tables"):
        read_raw_lines([name])
    raw = read_raw_lines([name], SourceOptions(table='odd "name'))
    assert raw.frame.height == 2
    with pytest.raises(SourceError, match="no table"):
        read_raw_lines([name], SourceOptions(table="x; DROP TABLE orders"))


@pytest.mark.parametrize("make", [lite, duck])
def test_a_database_is_known_by_its_first_bytes(make, tmp_path: Path) -> None:
    assert read_raw_lines([make(tmp_path, name="shop.db")]).frame.height == 2


@pytest.mark.parametrize("name", ["a.sqlite", "a.duckdb"])
def test_a_damaged_database_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"SQLite format 3\x00" + b"DUCK" * 2000)
    with pytest.raises(UnreadableFileError, match=r"database|cannot open"):
        read_raw_lines([str(tmp_path / name)])


def test_a_database_is_not_changed_by_reading(tmp_path: Path) -> None:
    name = lite(tmp_path)
    before = Path(name).read_bytes()
    read_raw_lines([name])
    assert Path(name).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.sqlite"]


def test_a_view_in_a_database_cannot_reach_other_files(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("customer_id,date,amount\n1,2,3\n")
    view = f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path}/secret.csv')"
    name = duck(tmp_path, view)
    with pytest.raises(UnreadableFileError, match=r"disabled|Permission"):
        read_raw_lines([name], SourceOptions(table="v"))


@pytest.mark.parametrize(
    ("cell", "source", "reason"),
    [
        ("i", "n WHERE i < 0", "more than 0 seconds"),  # never a first row
        ("hex(zeroblob(9000000))", "n LIMIT 1", "one cell more than 16 MiB"),
        ("hex(zeroblob(4000000))", "n", "times; source"),  # rows without end
    ],
)
def test_a_view_that_grows_is_given_up(
    cell: str, source: str, reason: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("segpredict.data.readers.sqlite.FREE_SECONDS", 0 if cell == "i" else 60)
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as shop:
        shop.execute(
            "CREATE VIEW t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            f"SELECT {cell} AS customer_id FROM {source}"
        )
    with pytest.raises(LimitError, match=reason) as caught:
        read_raw_lines([str(path)])
    assert caught.value.exit_code == 10


def test_binary_cells_are_refused(tmp_path: Path) -> None:
    name = lite(tmp_path, "UPDATE orders SET note = x'00ff'")
    with pytest.raises(UnreadableFileError, match="binary cells"):
        read_raw_lines([name])


def test_without_duckdb_the_line_to_install_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = duck(tmp_path)
    real = importlib.import_module

    def without(module: str) -> ModuleType:
        if module == "duckdb":
            raise ModuleNotFoundError(module)
        return real(module)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(SourceError, match=r"pip install 'segpredict\[duckdb\]'"):
        read_raw_lines([name])


def test_a_database_with_rows_in_a_second_file_is_refused(tmp_path: Path) -> None:
    """Its hash would not know them, and the next night would skip them."""
    name = lite(tmp_path)
    with closing(sqlite3.connect(name)) as shop:
        shop.execute("PRAGMA journal_mode=WAL")
        shop.execute("INSERT INTO orders VALUES ('8', '2011-02-01', 3, NULL)")
        shop.commit()
        with pytest.raises(UnreadableFileError, match="changes that are not in it"):
            read_raw_lines([name])
    assert read_raw_lines([name]).frame.height == 3


@pytest.mark.parametrize("make", [lite, duck])
def test_the_hash_of_a_database_is_that_of_the_bytes_that_were_read(make, tmp_path: Path) -> None:
    name = make(tmp_path)
    assert read_raw_lines([name]).files[0].sha256 == file_sha256(Path(name))
