"""Text with a header: comma, semicolon, tab, bar or aligned; plain, gzip or zip."""

import io
from pathlib import Path

import polars as pl

from segpredict.errors import UnreadableFileError
from segpredict.sources._layout import WHITESPACE, Layout
from segpredict.sources._source import Source, Table, digest, numbered
from segpredict.sources._text import aligned, decode, detect, header, unpack


def _read(path: Path, layout: Layout) -> Table:
    content, packing = unpack(path)
    text, encoding = decode(content, layout.encoding, str(path))
    separator = layout.separator or detect(text, str(path))
    found = {"format": "csv", "encoding": encoding, "separator": separator, **packing}
    if separator == WHITESPACE:
        text, separator = aligned(text), "\t"
    frame = _cells(text, separator, str(path))
    rows = _physical(frame, text)
    kept = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    return Table(frame.filter(kept), rows.filter(kept), digest(path), found)


def _cells(text: str, separator: str, file: str) -> pl.DataFrame:
    names = header(text, separator, file)
    try:
        return pl.read_csv(
            io.BytesIO(text.encode()),
            separator=separator,
            has_header=False,
            skip_lines=0,
            new_columns=None,
            schema=dict.fromkeys(names, pl.String()),
            skip_rows=1,
            infer_schema=False,
            raise_if_empty=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).splitlines()[0]
        raise UnreadableFileError(
            file,
            f"its rows do not fit its {len(names)} columns ({reason})",
            "check the separator and the quotes of the file, or set source.separator.",
        ) from None


def _physical(frame: pl.DataFrame, text: str) -> pl.Series:
    """Return the line each record starts on; cells may hold line breaks."""
    rows = numbered(frame.height)
    if text.count("\n") <= frame.height + 1:
        return rows
    breaks = frame.select(
        pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))
    ).to_series()
    return rows + breaks.cum_sum().shift(1, fill_value=0).cast(pl.Int64)


PART = Source("csv", (".csv", ".tsv", ".txt", ".csv.gz", ".zip"), _read)
