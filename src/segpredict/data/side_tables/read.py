"""Read all side tables of a run, and convert them to and from saved state."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.config.load import Config
from segpredict.core.state import from_plain, to_plain
from segpredict.core.transactions import CustomerAttribute, CustomerLog, InputFile, SideTables
from segpredict.core.types import JSON
from segpredict.data.side_tables.dated import read_dates, read_own_segments
from segpredict.data.side_tables.tables import (
    read_customer_table,
    read_log,
    read_product_table,
    read_return_table,
)

FRAME_TABLES = ("customers", "products", "prices", "own_segments", "dates")
LOG_TABLES = ("events", "contacts")


def read_side_tables(config: Config, base: Path | None = None) -> SideTables:
    r"""Return the side tables, nothing frozen yet.

    Relative paths are looked for in `base`, the folder of the transactions, first.

    Raises `SourceError` when a table is missing or cannot be read; `ContractError` when a column is
    missing or a key is not unique.

    >>> from tempfile import TemporaryDirectory
    >>> from segpredict.config.side_tables import CustomerTableOptions
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "people.csv").write_text("customer_id,age\na,40\n")
    ...     people = CustomerTableOptions("people.csv", time_invariant=("age",))
    ...     shop = read_side_tables(Config(customers=people), Path(folder))
    >>> shop.customers["age"].to_list()
    [40.0]
    """
    found = SideTables()
    readers: tuple[tuple[Any, Callable[[Any, str, SideTables], SideTables]], ...] = (
        (config.customers, read_customer_table),
        (config.products, read_product_table),
        (config.events, partial(read_log, section="events")),
        (config.contacts, partial(read_log, section="contacts")),
        (config.returns, read_return_table),
        (config.own_segments, read_own_segments),
        (config.dates, read_dates),
    )
    for table, read in readers:
        data = table.data
        if data and base and not Path(data).is_absolute() and (base / data).exists():
            data = str(base / data)
        found = read(table, data, found) if data else found
    return found


def side_table_frames(side_tables: SideTables) -> dict[str, pl.DataFrame]:
    """Return the tables that are there, by name.

    >>> list(side_table_frames(SideTables(products=pl.DataFrame({"product_id": ["p"]}))))
    ['products']
    """
    found = {name: getattr(side_tables, name) for name in FRAME_TABLES}
    logs = {name: getattr(side_tables, name) for name in LOG_TABLES}
    found |= {name: log.frame for name, log in logs.items() if log is not None}
    return {name: frame for name, frame in found.items() if frame is not None}


def only_of(side_tables: SideTables, customers: pl.Series) -> SideTables:
    """Return the tables with rows of some customers alone, where rows are of customers.

    >>> given = SideTables(customers=pl.DataFrame({"customer_id": ["a", "b"]}))
    >>> only_of(given, pl.Series(["b"])).customers["customer_id"].to_list()
    ['b']
    """
    known = pl.col("customer_id").is_in(customers.implode())
    found: dict[str, Any] = {}
    for name, frame in side_table_frames(side_tables).items():
        if "customer_id" in frame.columns:
            log, kept = getattr(side_tables, name), frame.filter(known)
            found[name] = replace(log, frame=kept) if name in LOG_TABLES else kept
    return replace(side_tables, **found)


def side_tables_to_state(side_tables: SideTables) -> JSON:
    """Return all but the tables as JSON.

    >>> side_tables_to_state(SideTables(countries=("France",)))["countries"]
    ['France']
    """
    logs = {name: getattr(side_tables, name) for name in LOG_TABLES}
    return {
        **{n: to_plain(getattr(side_tables, n)) for n in ("attributes", "countries", "files")},
        "first_days": {n: log.first_day for n, log in logs.items() if log is not None},
        "notes": list(side_tables.notes),
    }


def side_tables_from_state(state: JSON, tables: Mapping[str, pl.DataFrame]) -> SideTables:
    """Return the side tables of this state and these frames.

    >>> tables = SideTables(countries=("FR",))
    >>> side_tables_from_state(side_tables_to_state(tables), {}) == tables
    True
    """
    days = state["first_days"]
    given: JSON = {name: CustomerLog(tables[name], first) for name, first in days.items()}
    given |= {name: tables[name] for name in FRAME_TABLES if name in tables}
    return SideTables(
        **given,
        attributes=from_plain(tuple[CustomerAttribute, ...], state["attributes"]),
        countries=tuple(state["countries"]),
        files=from_plain(tuple[InputFile, ...], state["files"]),
        notes=tuple(state["notes"]),
    )
