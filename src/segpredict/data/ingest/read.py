"""From names, or a store, to a cleaned shop with its side tables."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segpredict.config.load import Config
from segpredict.core.transactions import RawLines, Transactions
from segpredict.core.types import DateLike
from segpredict.data import readers, side_tables
from segpredict.data.ingest.stored import (
    bad_record_mode,
    clean_with_side_tables,
    read_store,
    store_folder,
)


def read_transactions(names: Sequence[str], config: Config, as_of: DateLike = None) -> Transactions:
    r"""Return the cleaned transactions of files, folders, globs or a store.

    Side tables are read as well.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     read_transactions([str(path)], Config()).lines.collect().height
    1
    """
    found, base = find_lines(names, config, as_of)
    if isinstance(found, RawLines):
        return clean_with_side_tables(found, config, as_of, base)
    return replace(found, side_tables=side_tables.read_side_tables(config.side_tables, base))


def find_lines(
    names: Sequence[str], config: Config, as_of: DateLike
) -> tuple[RawLines | Transactions, Path]:
    """Return raw rows, or cleaned lines, and the folder of side tables."""
    folder = store_folder(names)
    if folder is not None:
        return read_store(folder, config, as_of)
    layout = side_tables.lines_layout(config)
    raw = readers.read_raw_lines(names, layout, bad_record_mode(config.cleaning))
    return raw, Path(raw.files[0].name).parent


def path_names(data: object) -> list[str] | None:
    """Return the names of files, folders or globs if data are given by names.

    Examples
    --------
    >>> path_names(Path("sales.csv")), path_names(7) is None
    (['sales.csv'], True)
    """
    if isinstance(data, str | Path):
        return [str(data)]
    if isinstance(data, Sequence) and all(isinstance(name, str | Path) for name in data):
        return [str(name) for name in data]
    return None


def read_with_side_tables(data: object, config: Config, as_of: DateLike = None) -> Transactions:
    """Return the cleaned transactions of paths or of a frame, with side tables.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"customer_id": ["a"], "date": ["2011-01-31"], "amount": ["2.5"]}
    >>> read_with_side_tables(pl.DataFrame(rows), Config()).lines.collect().height
    1
    """
    names = path_names(data)
    if names is not None:
        return read_transactions(names, config, as_of)
    layout = side_tables.lines_layout(config)
    return clean_with_side_tables(readers.from_frame(data, layout), config, as_of, None)
