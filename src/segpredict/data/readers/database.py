"""Tables and queries of database servers, by way of a Parquet file that is read like any other.

One read-only transaction with a server-side cursor streams batches into the file: exact
decimals, times with their zone, booleans and NULLs as they are. Only a table that the catalogue
knows is read, its name quoted by SQLAlchemy; a query is the user's own.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segpredict.config.source import SourceOptions
from segpredict.core.database import LOCK_SECONDS, DatabaseAddress, import_extra
from segpredict.errors import (
    ColumnMissingError,
    ContractError,
    DatabaseError,
    FileMissingError,
    SourceError,
    UsageError,
    closest_name_hint,
    quote_value,
)

if TYPE_CHECKING:
    import sqlalchemy as sa

BATCH_ROWS = 50_000
# What Arrow holds with one type for all batches; anything else is text.
PLAIN_TYPES = (bool, int, float, Decimal, str, bytes, datetime, date)
ADBC = "adbc"  # as the scheme: ``adbc+postgresql://`` is read by adbc_driver_postgresql
# How a session is made one that only reads, and not for ever; one snapshot for all batches.
# Large tables are read from their beginning, or equal tables would give files that differ.
READ_ONLY = {
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL statement_timeout = '{seconds}s'",
        "SET LOCAL lock_timeout = '{lock}s'",
        "SET LOCAL synchronize_seqscans = off",
    ),
    "mariadb": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET SESSION max_statement_time = {seconds}",
        "SET SESSION lock_wait_timeout = {lock}",
    ),
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET SESSION max_execution_time = {seconds}000",
        "SET SESSION lock_wait_timeout = {lock}",
    ),
    "sqlite": ("PRAGMA query_only = on",),
}


@dataclass(frozen=True, slots=True)
class DatabaseExtract:
    """What was read from a database."""

    path: Path  # the Parquet file
    name: str  # how it is called: the address without secrets, and the table
    detected: Mapping[str, str]  # what a reader finds out about a file


def extract(
    given: str, layout: SourceOptions, folder: Path, known: Mapping[str, str] | None = None
) -> DatabaseExtract:
    """Write what an address names into a Parquet file.

    `known` are names of extracts and the largest watermark that was read under each: then rows
    from `layout.overlap` before it on are read.
    """
    address = DatabaseAddress.parse(given)
    table = address.table or layout.table
    if (table is None) == (layout.query is None or address.table is not None):
        fix = "give --table NAME or --query FILE.sql, one of them; or end the address in #NAME."
        raise UsageError(f"{quote_value(address.name)} is a database of many tables.", fix=fix)
    what = table or Path(str(layout.query)).name
    name = f"{address.name}#{what}"
    found = {"format": address.kind, "table" if table else "query": what}
    path = folder / "extract.parquet"
    since = (known or {}).get(name) if layout.watermark else None
    start = None if since is None else _start(since, layout.overlap)
    if address.kind == ADBC:
        with closing(_adbc_batches(address, _query_text(layout, table))) as batches:
            _write(batches, path, folder)
        return DatabaseExtract(path, name, found)
    with address.connect() as connection:
        _begin(connection, layout.query_seconds)
        statement = _statement(connection, address, layout, table, start)
        with closing(_batches(connection, statement, name)) as batches:
            end = _write(batches, path, folder, layout.watermark)
    if layout.watermark:
        later = max([text for text in (since, end) if text], key=_sortable, default="")
        found |= {"watermark": layout.watermark, "watermark_until": later}
        found |= {} if start is None else {"watermark_from": str(start)}
    return DatabaseExtract(path, name, found)


def _query_text(layout: SourceOptions, table: str | None) -> str:
    if table is not None:
        fix = "give --query FILE.sql; ADBC has no catalogue in which the name could be proven."
        raise UsageError("A table cannot be named to an ADBC driver.", fix=fix)
    path = Path(str(layout.query))
    try:
        return path.read_text(encoding="utf-8").strip().rstrip(";")
    except OSError:
        raise FileMissingError(str(path)) from None


def _begin(connection: "sa.Connection", seconds: int) -> None:
    """Begin a transaction that only reads."""
    dialect = connection.dialect
    is_mariadb = getattr(dialect, "is_mariadb", False)
    for text in READ_ONLY.get("mariadb" if is_mariadb else dialect.name, ()):
        connection.exec_driver_sql(text.format(seconds=seconds, lock=LOCK_SECONDS))
    if dialect.name in ("mysql", "mariadb"):  # its settings hold from the next one on
        connection.exec_driver_sql("START TRANSACTION READ ONLY")


def _statement(
    connection: "sa.Connection",
    address: DatabaseAddress,
    layout: SourceOptions,
    table: str | None,
    start: object,
) -> "sa.Executable":
    """Return what is asked: all columns of a table, or the user's query, from a watermark on."""
    import sqlalchemy as sa

    source: Any
    if table is None:
        # A colon would name a parameter; the query has none.
        text = _query_text(layout, None).replace(":", "\\:")
        if start is None:
            return sa.text(text)
        source = sa.text(f"(\n{text}\n) AS segpredict_query")
    else:
        source = _found_table(connection, address, table)
    asked = sa.select(sa.text("*")).select_from(source)
    if start is not None:
        mark: Any = sa.column(sa.sql.quoted_name(str(layout.watermark), quote=True))
        asked = asked.where(mark >= sa.bindparam("start", start))
    return asked


def _found_table(connection: "sa.Connection", address: DatabaseAddress, table: str) -> Any:
    """Return a table or view that the catalogue knows; ``schema.table`` where no name has a dot."""
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    schema, dot, bare = table.partition(".")
    for place, name in ((None, table), *([(schema, bare)] if dot else [])):
        if inspector.has_table(name, schema=place):
            quoted = sa.sql.quoted_name
            return sa.table(quoted(name, quote=True), schema=place and quoted(place, quote=True))
    known = [*inspector.get_table_names(), *inspector.get_view_names()]
    raise SourceError(
        f"{quote_value(address.name)} has no table {quote_value(table)} for this user.",
        fix=closest_name_hint(table, known),
    )


def _batches(
    connection: "sa.Connection", statement: "sa.Executable", name: str
) -> Generator[pa.Table, None, None]:
    """Yield the rows as tables; at least one, so that the columns are known."""
    streamed = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS)
    with _abandoned_on_error(connection), streamed.execute(statement) as result:
        if not result.returns_rows:
            raise SourceError(f"The query of {quote_value(name)} returns no rows.", fix="SELECT.")
        columns = list(result.keys())
        twice = next((c for c in columns if columns.count(c) > 1), None)
        if twice is not None:
            message = f"{quote_value(name)} has more than one column {quote_value(twice)}."
            raise SourceError(message, fix="give each column a name of its own: AS.")
        rows: Sequence[Any] = ()
        is_first = True
        while is_first or rows:
            rows = result.fetchmany(BATCH_ROWS)
            if rows or is_first:
                cells = zip(*rows, strict=True) if rows else ([] for _ in columns)
                yield pa.table([_column(list(values)) for values in cells], names=columns)
            is_first = False


@contextmanager
def _abandoned_on_error(connection: "sa.Connection") -> Iterator[None]:
    """Leave unread what is left of a result: PyMySQL would read it to its end, or fail to."""
    driver = connection.connection.driver_connection
    try:
        yield
    except BaseException:
        unread = getattr(driver, "_result", None)
        if unread is not None:
            unread.unbuffered_active = False
        if not connection.invalidated:
            connection.invalidate()
        raise


def _adbc_batches(address: DatabaseAddress, query: str) -> Generator[pa.Table, None, None]:
    """Yield what a driver of ADBC reads: Arrow already."""
    kind = address.scheme.partition("+")[2]
    dbapi = import_extra(f"adbc_driver_{kind}.dbapi", address.name, "adbc")
    uri = address.resolved().removeprefix(f"{address.scheme}://")
    uri = f"{kind}://{uri}" if kind == "postgresql" else uri
    try:
        with closing(dbapi.connect(uri)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            with cursor.fetch_record_batch() as reader:
                yield pa.Table.from_batches([], reader.schema)
                yield from (pa.Table.from_batches([batch]) for batch in reader)
    except dbapi.Error as error:
        said = quote_value(address.masked(str(error).splitlines()[0]))
        raise DatabaseError(address.name, f"its driver says {said}", "see to that.") from None


def _column(values: list[Any]) -> pa.Array:
    """Return cells of a batch in the type that all of them have, or as text."""
    kind = next((type(value) for value in values if value is not None), None)
    if kind is None or issubclass(kind, PLAIN_TYPES):
        try:
            found = pa.array(values)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass  # mixed, or beyond what Arrow holds
        else:
            if not pa.types.is_decimal256(found.type):
                return found
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _write(
    tables: Iterable[pa.Table], path: Path, folder: Path, watermark: str | None = None
) -> str | None:
    """Write tables of one kind into one file; return the largest watermark.

    A column whose type changes on the way (a first batch of NULLs, a longer decimal) gets one
    that holds all: then the parts are written once more.
    """
    parts: list[tuple[Path, pa.Schema]] = []
    end: Any = None
    for i, (schema, alike) in enumerate(groupby(tables, lambda table: table.schema)):
        parts.append((folder / f"part-{i}.parquet", schema))
        with pq.ParquetWriter(parts[-1][0], schema, write_page_checksum=True) as writer:
            for table in alike:
                writer.write_table(table)
                end = _larger(end, table, watermark)
    whole = _common_schema([schema for _, schema in parts])
    if len(parts) == 1 and parts[0][1] == whole:
        parts[0][0].replace(path)
    else:
        with pq.ParquetWriter(path, whole, write_page_checksum=True) as writer:
            for part, _ in parts:
                with pq.ParquetFile(part) as file:
                    for batch in file.iter_batches():
                        writer.write_table(pa.Table.from_batches([batch]).cast(whole))
    return None if end is None else str(end)


def _common_schema(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return for each column the type that holds those of all batches."""
    fields = []
    for name in schemas[0].names:
        kinds = [pa.schema([(name, schema.field(name).type)]) for schema in dict.fromkeys(schemas)]
        try:
            kind = pa.unify_schemas(kinds, promote_options="permissive").field(name).type
        except pa.ArrowException:
            kind = pa.string()
        fields.append((name, pa.string() if pa.types.is_null(kind) else kind))
    return pa.schema(fields)


def _larger(end: Any, table: pa.Table, watermark: str | None) -> Any:
    if watermark is None:
        return end
    if watermark not in table.column_names:
        raise ColumnMissingError("the watermark", table.column_names)
    largest = pc.max(table[watermark]).as_py()
    if largest is not None and not isinstance(largest, int | date):
        message = f"The watermark {quote_value(watermark)} holds neither whole numbers nor times."
        raise ContractError(message, fix="name a column that only grows.", column=watermark)
    return max([value for value in (end, largest) if value is not None], default=None)


def _start(since: str, overlap: int) -> Any:
    """Return from which watermark on rows are read again: days before a time, or numbers before.

    Times begin with their day: equal rows of one order are then all in, or all out.
    """
    value = _sortable(since)
    if isinstance(value, int):
        return value - overlap
    if isinstance(value, datetime):
        value = value.replace(hour=0, minute=0, second=0, microsecond=0)
    return value - timedelta(days=overlap)


def _sortable(text: str) -> Any:
    if text.lstrip("-").isdecimal():
        return int(text)
    return (
        datetime.fromisoformat(text) if len(text) > len("2024-01-01") else date.fromisoformat(text)
    )
