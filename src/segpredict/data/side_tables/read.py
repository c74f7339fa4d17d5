"""Read all side tables of a run, and convert them to and from saved state."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl

from segpredict.config.side_tables import SideTableOptions
from segpredict.core.transactions import (
    CONTACT_KINDS,
    EVENT_KINDS,
    CustomerAttribute,
    CustomerLog,
    InputFile,
    SideTables,
)
from segpredict.core.types import JSON
from segpredict.data.side_tables.cells import resolve_path
from segpredict.data.side_tables.customers import read_customer_table
from segpredict.data.side_tables.logs import read_event_log
from segpredict.data.side_tables.products import read_product_table, read_return_table


def read_side_tables(options: SideTableOptions, base: Path | None = None) -> SideTables:
    """Return the side tables, nothing frozen yet.

    Parameters
    ----------
    options
        Where they are.
    base
        The folder of the transactions, where relative paths are looked for first.

    Raises
    ------
    SourceError
        When a table is missing or cannot be read.
    ContractError
        When a column is missing or a key is not unique.
    """
    found = SideTables()
    if options.customers.data:
        data = resolve_path(options.customers.data, base)
        table, attributes, facts, notes = read_customer_table(options.customers, data)
        found = replace(found, customers=table, attributes=attributes)
        found = _with(found, facts, notes)
    if options.products.data:
        data = resolve_path(options.products.data, base)
        table, facts, notes = read_product_table(options.products, data)
        found = _with(replace(found, products=table), facts, notes)
    if options.events.data:
        events, facts = read_event_log(
            options.events, resolve_path(options.events.data, base), EVENT_KINDS
        )
        found = _with(replace(found, events=events), facts, [])
    if options.contacts.data:
        data = resolve_path(options.contacts.data, base)
        contacts, facts = read_event_log(options.contacts, data, CONTACT_KINDS)
        found = _with(replace(found, contacts=contacts), facts, [])
    if options.returns.data:
        data = resolve_path(options.returns.data, base)
        facts, note = read_return_table(options.returns, data, found.products)
        found = _with(found, facts, [note])
    return found


def _with(found: SideTables, facts: Sequence[InputFile], notes: Sequence[str]) -> SideTables:
    return replace(found, files=(*found.files, *facts), notes=(*found.notes, *notes))


FRAME_TABLES = ("customers", "products", "prices")
LOG_TABLES = ("events", "contacts")


def side_table_frames(side_tables: SideTables) -> dict[str, pl.DataFrame]:
    """Return the tables that are there, by name."""
    found = {name: getattr(side_tables, name) for name in FRAME_TABLES}
    logs = {name: getattr(side_tables, name) for name in LOG_TABLES}
    found |= {name: log.frame for name, log in logs.items() if log is not None}
    return {name: frame for name, frame in found.items() if frame is not None}


def side_tables_to_state(side_tables: SideTables) -> JSON:
    """Return all but the tables as JSON."""
    logs = {name: getattr(side_tables, name) for name in LOG_TABLES}
    return {
        "attributes": [asdict(attribute) for attribute in side_tables.attributes],
        "countries": list(side_tables.countries),
        "first_days": {n: log.first_day for n, log in logs.items() if log is not None},
        "files": [asdict(fact) for fact in side_tables.files],
        "notes": list(side_tables.notes),
    }


def side_tables_from_state(state: JSON, tables: Mapping[str, pl.DataFrame]) -> SideTables:
    """Return the side tables of this state and these frames."""
    logs = {name: CustomerLog(tables[name], first) for name, first in state["first_days"].items()}
    attributes = [
        CustomerAttribute(a["name"], a["kind"], a["given"], tuple(a["levels"]))
        for a in state["attributes"]
    ]
    return SideTables(
        customers=tables.get("customers"),
        attributes=tuple(attributes),
        products=tables.get("products"),
        events=logs.get("events"),
        contacts=logs.get("contacts"),
        countries=tuple(state["countries"]),
        prices=tables.get("prices"),
        files=tuple(InputFile.from_state(fact) for fact in state["files"]),
        notes=tuple(state["notes"]),
    )
