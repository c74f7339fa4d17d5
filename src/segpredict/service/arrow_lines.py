"""Lines as an Arrow IPC stream: read without trust."""

import struct

import polars as pl
import pyarrow as pa

from segpredict.data.cleaning import MAX_LINES
from segpredict.errors import ContractError, LimitError
from segpredict.service.bodies import MAX_TEXT

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
COMPRESSION_FIELD = 3  # of the table RecordBatch in Arrow's Message.fbs
HEADER_FIELD = 2  # of the table Message
# Among them are names of columns that are no UTF-8 (ValueError) or stand twice.
UNREADABLE = (
    *(pa.ArrowException, OSError, ValueError, KeyError, struct.error),
    pl.exceptions.PolarsError,
)
PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
LAST_DAY = 84_005  # 2199-12-31, since 1970
KINDS = (
    # No views: all of them may point at one long text.
    *(pa.types.is_string, pa.types.is_large_string),
    # Of other decimals Polars makes a panic.
    *(pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal128),
    *(pa.types.is_date, pa.types.is_timestamp),
)


def read_arrow_lines(body: bytes) -> pl.DataFrame:
    """Return the lines of an Arrow IPC stream.

    Raises `ContractError` when it is none, is compressed (a few bytes could unpack to the whole
    memory), has columns that are not plain or longer texts than a JSON body may have;
    `LimitError` when it has too many lines.
    """
    try:
        _refuse_compressed(body)
        with pa.ipc.open_stream(body) as stream:
            for field in stream.schema:
                if not any(is_kind(field.type) for is_kind in KINDS):
                    message = f"The column has the type {field.type}."
                    fix = (
                        "send texts, numbers and times as plain columns (with Polars: "
                        "write_ipc_stream(…, compat_level=pl.CompatLevel.oldest()))."
                    )
                    raise ContractError(message, fix=fix, column=field.name)
            batches, rows = [], 0
            for batch in stream:
                rows += batch.num_rows
                if rows > MAX_LINES:
                    message = f"There are more than {MAX_LINES:,} lines."
                    raise LimitError(message, fix="send the customers in parts.")
                batch.validate(full=True)
                batches.append(batch)
            frame = pl.from_arrow(pa.Table.from_batches(batches, stream.schema))
    except UNREADABLE as error:
        message = f"The body is no Arrow IPC stream that can be read ({type(error).__name__})."
        raise ContractError(message, fix="write it with pyarrow.ipc.new_stream.") from None
    assert isinstance(frame, pl.DataFrame)
    if frame.is_empty():
        raise ContractError("There is no line.", fix="send all lines of each customer.")
    for column in frame.iter_columns():
        _refuse_far_time(column)
        _refuse_long_text(column)
    return frame


def _refuse_long_text(column: pl.Series) -> None:
    if column.dtype == pl.String and (column.str.len_chars() > MAX_TEXT).any():
        message = f"The {column.name} of a line has more than {MAX_TEXT} characters."
        raise ContractError(message, fix="shorten it.", column=column.name)


def _refuse_far_time(column: pl.Series) -> None:
    """Refuse times that are none in Python, of which Polars makes a panic and no error."""
    kind = column.dtype
    if not kind.is_temporal():
        return
    per_day = 86_400 * PER_SECOND[kind.time_unit] if isinstance(kind, pl.Datetime) else 1
    days = column.to_physical().drop_nulls() // per_day
    if not days.is_between(0, LAST_DAY).all():
        message = f"The {column.name} of a line lies before 1970 or after 2199."
        raise ContractError(message, fix="correct the line.", column=column.name)


def _refuse_compressed(body: bytes) -> None:
    source = pa.BufferReader(body)
    while source.tell() < source.size():
        try:
            message = pa.ipc.read_message(source)
        except EOFError:
            return
        # Older ones name the codec elsewhere. Arrow writes V5 since 2020.
        if message.metadata_version != pa.ipc.MetadataVersion.V5:
            old = "The Arrow stream is of an old format."
            raise ContractError(old, fix="write it with a newer Arrow (metadata V5).")
        if message.type == "record batch" and _is_compressed(message.metadata.to_pybytes()):
            raise ContractError("The Arrow stream is compressed.", fix="send it uncompressed.")
        if message.type == "dictionary":
            message_text = "The Arrow stream has columns of categories."
            raise ContractError(message_text, fix="send them as texts.")


def _is_compressed(message: bytes) -> bool:
    """Return whether a flatbuffer of Arrow's Message says that its batch is compressed."""
    place = _field(message, struct.unpack_from("<I", message, 0)[0], HEADER_FIELD)
    if place is None:
        return False
    return (
        _field(message, place + struct.unpack_from("<I", message, place)[0], COMPRESSION_FIELD)
        is not None
    )


def _field(buffer: bytes, table: int, number: int) -> int | None:
    """Return where a field of a flatbuffer's table stands; ``None`` where it is not there."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, vtable)[0]
    if 4 + 2 * number >= size:
        return None
    offset = struct.unpack_from("<H", buffer, vtable + 4 + 2 * number)[0]
    return table + offset if offset else None
