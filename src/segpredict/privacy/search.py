"""Search every file of a folder for ids of customers: decoded, and byte by byte.

A table is read column by column, with the dictionaries, statistics and facts of its Parquet file,
since compressed bytes show nothing. Whatever a page shows is read as text. A number that stands
alone in a column of other things, such as a product's, is that thing's.
"""

import base64
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from segpredict.core.id_pattern import IdPattern
from segpredict.report.shown_text import shows_id

PARQUET_MARK = b"PAR1"
CUSTOMER_COLUMNS = ("customer_id", "value")  # the latter of a row that could not be read
ID_COLUMNS = ("product_id", "order_id", "id")  # the last of a dictionary of a store
MONEY_COLUMNS = ("quantity", "price", "amount", "discount", "refund", "order_total")
DICTIONARY = "customer_id-"  # file of a store with the ids of customers, by code
SHOWN = (".html", ".json", ".pptx", ".xlsx", ".md")


@dataclass
class SearchResult:
    """What a search has looked at, and where it found an id."""

    files: int = 0
    bytes: int = 0
    found: list[str] = field(default_factory=list)  # file, and the column or part of it
    # ids that are numbers of other things, too: text that shows them says nothing
    namesakes: set[str] = field(default_factory=set)


def search_people(place: Path, ids: Collection[str]) -> SearchResult:
    """Return where a folder, or a file, still holds ids of customers."""
    result = SearchResult()
    files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    names = {path: str(path.relative_to(place)) if place.is_dir() else path.name for path in files}
    for path in files:
        result.files += 1
        result.bytes += path.stat().st_size
        for column, is_typed, values in _columns(path):
            _look(result, path, f"{names[path]}: {column}", column, values, ids, is_typed=is_typed)
    # After all tables: they say which ids are numbers of other things, too.
    pattern = IdPattern([each for each in ids if each not in result.namesakes])
    for path in files:
        if path.suffix != ".csv" and _shows(path, pattern):  # of a CSV file all cells were seen
            result.found.append(names[path])
    return result


def _look(
    result: SearchResult,
    path: Path,
    where: str,
    column: str,
    values: set[str],
    ids: Collection[str],
    *,
    is_typed: bool,
) -> None:
    """Look for ids in a column; a number of another thing, or of money, is none."""
    same = values.intersection(ids)
    is_own = column in CUSTOMER_COLUMNS or path.name.startswith(DICTIONARY)
    numbers = set[str]()
    if not is_own and (not is_typed or column in (*ID_COLUMNS, *MONEY_COLUMNS)):
        numbers = {each for each in same if each.isdecimal()}
    if column in ID_COLUMNS:
        result.namesakes |= numbers
    if same - numbers or IdPattern(ids).is_in("\n".join(values - numbers)):
        result.found.append(where)


def _shows(path: Path, pattern: IdPattern) -> bool:
    content = path.read_bytes()
    if path.suffix in SHOWN:
        return shows_id(path.name, content, pattern)
    return pattern.is_in_bytes(content)


def _columns(path: Path) -> Iterator[tuple[str, bool, set[str]]]:
    """Yield the columns of a table: name, whether its numbers are no text, and texts."""
    with path.open("rb") as file:
        is_parquet = file.read(len(PARQUET_MARK)) == PARQUET_MARK
    if is_parquet:
        yield from ((name, True, values) for name, values in _parquet_columns(path))
    elif path.suffix == ".csv":
        yield from ((name, False, values) for name, values in _csv_columns(path))


def _csv_columns(path: Path) -> Iterator[tuple[str, set[str]]]:
    content = path.read_bytes()
    if content.strip():
        for column in pl.read_csv(content, infer_schema=False, glob=False):
            yield column.name, {text.removeprefix("'") for text in column.drop_nulls().unique()}


def _parquet_columns(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield all texts of each column: those of dictionaries too, used or not, and statistics."""
    schema = pq.read_schema(path)
    texts = [each.name for each in schema if _is_text(each.type)]
    file = pq.ParquetFile(path, read_dictionary=texts)
    facts = file.metadata.metadata or {}
    yield "facts", {_decoded(key, value) for key, value in facts.items()}
    for each in schema:
        if _is_text(each.type):
            yield each.name, {*_values(file, each.name), *_limits(file, each.name)}
        elif pa.types.is_nested(each.type):
            nested = file.read(columns=[each.name]).column(0).to_pylist()
            yield each.name, {str(value) for value in nested}


def _values(file: pq.ParquetFile, name: str) -> Iterator[str]:
    for group in range(file.num_row_groups):
        for chunk in file.read_row_group(group, columns=[name]).column(0).chunks:
            kept: Any = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
            yield from (str(value) for value in kept.to_pylist() if value is not None)


def _limits(file: pq.ParquetFile, name: str) -> Iterator[str]:
    """Yield the least and the greatest text of each row group, as its statistics say."""
    at = file.schema_arrow.names.index(name)
    for group in range(file.num_row_groups):
        column = file.metadata.row_group(group).column(at)
        statistics = column.statistics
        if statistics is not None and statistics.has_min_max:
            yield str(statistics.min)
            yield str(statistics.max)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _decoded(key: bytes, value: bytes) -> str:
    if key == b"ARROW:schema":
        value = base64.b64decode(value)
    return value.decode(errors="replace")
