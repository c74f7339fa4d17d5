"""Inputs that are small and grow: what each ends in, how soon, and how much memory it takes.

    python benchmarks/hostile/bombs.py                # all of them
    python benchmarks/hostile/bombs.py corner rows    # those whose name holds a word

Each is read by `segpredict check` in a process of its own, under a limit of time and of address
space. The goal: exit 10 (or 4 and 5, where it is no table of a shop) within 5 seconds of CPU and
512 MiB above what `segpredict check` takes for a sound file of a few rows.
"""

import argparse
import gzip
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from multiprocessing import Process
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

MAX_SECONDS, MAX_BYTES = 60, 8 << 30  # what a reading may take before it is ended
GOAL_SECONDS, GOAL_BYTES = 5, 512 << 20
HEADER = b"customer_id,date,amount\n"
ROW = b"c1,2024-01-31,2.50\n"
ZEROS = bytes(1 << 24)
XLSX = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/'
    '2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="worksheets/s.xml"/></Relationships>',
}
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
    '<office:spreadsheet><table:table table:name="a">'
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.'
    'opendocument.spreadsheet"/></manifest:manifest>'
)
SOUND = ("sound.csv", "sound.xlsx", "dimension.xlsx")  # the last only claims to be large
MAKERS: dict[str, Callable[[Path], None]] = {}


def bomb(name: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Register what writes the file of a name."""

    def register(make: Callable[[Path], None]) -> Callable[[Path], None]:
        MAKERS[name] = make
        return make

    return register


def cell(place: str, text: str) -> str:
    """Return a cell of a sheet that holds a text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def table_cells() -> str:
    """Return the rows of a small table."""
    rows = [("customer_id", "date", "amount"), *[("c1", "2024-01-31", "2.50")] * 3]
    return "".join(
        f'<row r="{i}">{"".join(cell(f"{c}{i}", t) for c, t in zip("ABC", row, strict=True))}</row>'
        for i, row in enumerate(rows, start=1)
    )


def write_workbook(path: Path, pieces: Iterator[str], more: dict[str, str] | None = None) -> None:
    """Write a workbook of one sheet, whose text comes in pieces."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**XLSX, **(more or {})}.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/s.xml", "w", force_zip64=True) as sheet:
            for piece in pieces:
                sheet.write(piece.encode())


@bomb("sound.csv")
def _(path: Path) -> None:
    path.write_bytes(HEADER + ROW * 3)


@bomb("sound.xlsx")
def _(path: Path) -> None:
    write_workbook(path, iter([SHEET, "<sheetData>", table_cells(), "</sheetData></worksheet>"]))


@bomb("newlines.csv")
def _(path: Path) -> None:
    path.write_bytes(b"\n" * 50_000_000)


@bomb("newlines_below.csv")
def _(path: Path) -> None:
    path.write_bytes(HEADER + ROW + b"\n" * 50_000_000 + ROW)


@bomb("commas.csv")
def _(path: Path) -> None:
    path.write_bytes(HEADER + b"," * 50_000_000)


@bomb("quotes.csv")
def _(path: Path) -> None:
    path.write_bytes(HEADER + b'"' * 50_000_001)


@bomb("columns.csv")
def _(path: Path) -> None:
    path.write_bytes(b",".join(b"c%d" % i for i in range(2_000_000)) + b"\n")


@bomb("cell.csv")
def _(path: Path) -> None:
    path.write_bytes(HEADER + b"c1,2024-01-31," + b"x" * 100_000_000 + b"\n")


@bomb("cell_first.csv")
def _(path: Path) -> None:
    path.write_bytes(b"customer_id,date," + b"x" * 100_000_000 + b"\n" + ROW)


@bomb("nested.json.csv")
def _(path: Path) -> None:
    path.write_bytes(b"[" * 50_000_000)


@bomb("bomb.csv.gz")
def _(path: Path) -> None:
    with gzip.open(path, "wb", 6) as stream:
        for _ in range(512):
            stream.write(ZEROS)


@bomb("bomb.csv.zst")
def _(path: Path) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        for _ in range(512):
            stream.write(ZEROS)


@bomb("bomb.csv.zip")
def _(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as stream,
    ):
        for _ in range(512):
            stream.write(ZEROS)


def write_table_and(path: Path, row: str) -> None:
    """Write a workbook with a sound table and one more row."""
    write_workbook(
        path, iter([SHEET, "<sheetData>", table_cells(), row, "</sheetData></worksheet>"])
    )


@bomb("corner.xlsx")
def _(path: Path) -> None:
    last = f'<row r="1048576">{cell("XFD1048576", "x")}</row>'
    write_table_and(path, last)


@bomb("dimension.xlsx")
def _(path: Path) -> None:
    given = '<dimension ref="A1:XFD1048576"/>'
    write_workbook(
        path, iter([SHEET, given, "<sheetData>", table_cells(), "</sheetData></worksheet>"])
    )


@bomb("rows.xlsx")
def _(path: Path) -> None:
    rows = (
        "".join(f'<row r="{i}">{cell(f"A{i}", "c")}</row>' for i in range(k, k + 10_000))
        for k in range(1, 3_000_000, 10_000)
    )
    end = ["</sheetData></worksheet>"]
    write_workbook(path, (p for part in ([SHEET, "<sheetData>"], rows, end) for p in part))


@bomb("shared.xlsx")
def _(path: Path) -> None:
    # Each of many cells shows the same long text, which is stored once.
    text = "x" * 1_000_000
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<si><t>{text}</t></si></sst>"
    )
    types = XLSX["[Content_Types].xml"].replace(
        "</Types>",
        '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )
    rels = XLSX["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        '<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 20_001))
    more = {
        "xl/sharedStrings.xml": strings,
        "[Content_Types].xml": types,
        "xl/_rels/workbook.xml.rels": rels,
    }
    write_workbook(path, iter([SHEET, "<sheetData>", rows, "</sheetData></worksheet>"]), more)


@bomb("cell.xlsx")
def _(path: Path) -> None:
    long = f'<row r="5">{cell("A5", "x" * 100_000_000)}</row>'
    write_table_and(path, long)


@bomb("deep.xlsx")
def _(path: Path) -> None:
    write_workbook(path, iter([SHEET, "<sheetData>", "<row>" * 5_000_000]))


@bomb("zeros.xlsx")
def _(path: Path) -> None:
    write_workbook(path, (" " * (1 << 24) for _ in range(100)))


@bomb("repeated.ods")
def _(path: Path) -> None:
    row = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell></table:table-row>"
    )
    end = "</table:table></office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr(zipfile.ZipInfo("mimetype"), kind)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", ODS + row + end)


def view(path: Path, body: str) -> None:
    """Write a database that holds one view."""
    with sqlite3.connect(path) as shop:
        shop.execute(f"CREATE VIEW t AS {body}")
    shop.close()


@bomb("recursive.sqlite")
def _(path: Path) -> None:
    view(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS customer_id, '2024-01-31' AS date, 2 AS amount FROM n",
    )


@bomb("silent.sqlite")
def _(path: Path) -> None:  # never a first row
    view(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS customer_id, '2024-01-31' AS date, 2 AS amount FROM n WHERE i < 0",
    )


@bomb("sum.sqlite")
def _(path: Path) -> None:
    view(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT sum(i) AS customer_id, '2024-01-31' AS date, 2 AS amount FROM n",
    )


@bomb("zeroblob.sqlite")
def _(path: Path) -> None:
    view(path, "SELECT zeroblob(1000000000) AS customer_id, '2024-01-31' AS date, 2 AS amount")


@bomb("text.sqlite")
def _(path: Path) -> None:
    view(
        path,
        "SELECT hex(zeroblob(450000000)) AS customer_id, '2024-01-31' AS date, 2 AS amount",
    )


@bomb("texts.sqlite")
def _(path: Path) -> None:  # each cell within the limit of one
    view(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT hex(zeroblob(400000)) AS customer_id, '2024-01-31' AS date, 2 AS amount FROM n",
    )


@bomb("product.sqlite")
def _(path: Path) -> None:
    names = ", ".join(f"pragma_function_list AS f{i}" for i in range(6))
    view(path, f"SELECT f0.name AS customer_id, '2024-01-31' AS date, 2 AS amount FROM {names}")


@bomb("sort.sqlite")
def _(path: Path) -> None:
    view(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT DISTINCT hex(i) AS customer_id, '2024-01-31' AS date, 2 AS amount FROM n "
        "ORDER BY random()",
    )


@bomb("rle.parquet")
def _(path: Path) -> None:  # a dictionary of one text, named twenty million times
    n = 20_000_000
    zeros = pa.array(memoryview(bytes(4 * n)).cast("i"), pa.int32())
    ids = pa.DictionaryArray.from_arrays(zeros, pa.array(["c" * 1000]))
    days = pa.DictionaryArray.from_arrays(zeros, pa.array(["2024-01-31"]))
    amounts = pa.DictionaryArray.from_arrays(zeros, pa.array(["2.5"]))
    table = pa.table({"customer_id": ids, "date": days, "amount": amounts})
    pq.write_table(table, path, compression="zstd")


@bomb("page.parquet")
def _(path: Path) -> None:
    table = pa.table({"customer_id": ["c" * 1_000_000_000], "date": ["2024-01-31"], "amount": [2]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)


@bomb("claims.parquet")
def _(path: Path) -> None:
    # The footer promises 2**40 rows, of 2**50 bytes: varints of the same length are changed.
    pl.DataFrame(
        {"customer_id": ["c"] * 3, "date": ["2024-01-31"] * 3, "amount": [2.5] * 3}
    ).write_parquet(path, use_pyarrow=True)
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[-8:-4], "little")
    footer = bytearray(content[-8 - size : -8])
    promised = _zigzag(2**40)
    at = footer.find(b"\x16\x06")  # i64 of 3: the number of rows
    footer[at : at + 2] = b"\x16" + promised
    path.write_bytes(content[: -8 - size] + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def _zigzag(number: int) -> bytes:
    number, found = number << 1, bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def measure(path: Path, sound: dict[str, Any] | None) -> dict[str, Any]:
    """Read a file in a process of its own; return how that ended, and what it took."""
    command = [sys.executable, "-m", "segpredict", "check", "--data", str(path)]
    if path.suffix == ".json":
        command += ["--set", "source.format=csv"]
    began = time.monotonic()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=_limit,
        ) as process,
    ):
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    peak, seconds = used.ru_maxrss * 1024, used.ru_utime + used.ru_stime
    return {
        "name": path.name,
        "bytes": path.stat().st_size,
        "exit": process.returncode,
        "cpu_seconds": round(seconds - (sound["cpu_seconds"] if sound else 0), 1),
        "wall_seconds": round(time.monotonic() - began, 1),
        "mib": (peak >> 20) - (sound["mib"] if sound else 0),
        "said": lines[0][:160] if lines else "",
    }


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Measure what was asked for; exit 1 where one misses the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*")
    words = parser.parse_args().words
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        sound_file = Path(folder, "sound.csv")
        MAKERS["sound.csv"](sound_file)
        sound = measure(sound_file, None)
        for name, make in MAKERS.items():
            if words and not any(word in name for word in words):
                continue
            path = Path(folder, name)
            # In a process of its own: what a parent took counts as its child's peak.
            process = Process(target=make, args=(path,))
            process.start()
            process.join()
            found = measure(path, sound)
            path.unlink()
            is_good = (
                (found["exit"] in (4, 5, 10) or name in SOUND)
                and found["cpu_seconds"] <= GOAL_SECONDS
                and found["mib"] <= GOAL_BYTES >> 20
            )
            missed += not is_good
            print(json.dumps({"good": is_good, **found}), flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
