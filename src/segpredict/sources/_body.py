"""From rows to a frame of text cells: Polars reads what is proven to be plain."""

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.sources._dialect import Text
from segpredict.sources._records import CR, LF, Records


def cells(
    text: Text, records: Records, names: tuple[str, ...], plain: int
) -> pl.DataFrame:
    """Return one text column a name; empty cells are null.

    Parameters
    ----------
    text
        The text.
    records
        Its rows, all of as many cells as there are names.
    names
        Names of the cells.
    plain
        The byte from which on a plain parser might read a record otherwise.

    Notes
    -----
    Polars is only trusted when it finds as many rows as were counted before; otherwise
    the cells are taken out one by one.
    """
    schema = dict.fromkeys(names, pl.String())
    if len(records) == 0:
        return pl.DataFrame(schema=schema)
    try:
        frame = pl.read_csv(
            _body(text, records, plain),
            separator=text.grammar.separator.decode(),
            has_header=False,
            schema=schema,
            infer_schema=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _one_by_one(text, records, schema)
    return frame if frame.height == len(records) else _one_by_one(text, records, schema)


def _one_by_one(
    text: Text, records: Records, schema: dict[str, pl.String]
) -> pl.DataFrame:
    rows = [
        [cell.decode() or None for cell in text.grammar.cells(text.content[start:end])]
        for start, end in zip(records.starts, records.ends, strict=True)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _body(text: Text, records: Records, plain: int) -> bytes:
    """Return the rows alone, every line end LF and every quote doubled."""
    head = records.where(records.starts < plain)
    tail = records.where(records.starts >= plain)
    parts = [_plain(text.content, head)] if len(head) else []
    for start, end in zip(tail.starts, tail.ends, strict=True):
        record = text.content[start:end]
        parts.append(_spelled(text, record) if b'"' in record else record)
    return b"\n".join(parts)


def _spelled(text: Text, record: bytes) -> bytes:
    quoted = (cell.replace(b'"', b'""') for cell in text.grammar.cells(record))
    return text.grammar.separator.join(b'"' + cell + b'"' for cell in quoted)


def _plain(content: bytes, records: Records) -> bytes:
    first, last = int(records.starts[0]), int(records.ends[-1])
    gaps = records.starts[1:] - records.ends[:-1]
    returns = content.count(b"\r", first, last)
    if returns == 0 and (gaps == 1).all():
        return content[first:last]
    signs = np.frombuffer(content, np.uint8)
    ends = records.ends[:-1]
    if returns == len(gaps) and (gaps == 2).all() and (signs[ends] == CR).all():
        return content[first:last].replace(b"\r\n", b"\n")
    return _picked(signs, records)


def _picked(signs: npt.NDArray[np.uint8], records: Records) -> bytes:
    """Return the records alone, whatever stands between them."""
    steps = np.zeros(len(signs) + 2, np.int8)
    steps[records.starts] += 1
    steps[records.ends + 1] -= 1
    keeps = np.cumsum(steps[: len(signs)], dtype=np.int8) > 0
    picked = signs.copy()
    picked[records.ends[:-1]] = LF
    keeps[records.ends[-1] :] = False
    return picked[keeps].tobytes()
