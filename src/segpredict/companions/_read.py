"""Read all side tables that a run asks for; what a run folder keeps of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl

from segpredict.companions._cells import place
from segpredict.companions._customers import customers
from segpredict.companions._log import log
from segpredict.companions._options import Asked
from segpredict.companions._products import products, returns
from segpredict.tables import (
    CONTACTS,
    EVENTS,
    JSON,
    Attribute,
    Companions,
    FileFact,
    Log,
)


def read(asked: Asked, beside: Path | None = None) -> Companions:
    """Return the side tables, nothing frozen yet.

    Parameters
    ----------
    asked
        Where they are.
    beside
        The folder of the transactions, where relative paths are looked for first.

    Raises
    ------
    SourceError
        When a table is missing or cannot be read.
    ContractError
        When a column is missing or a key is not unique.
    """
    found = Companions()
    if asked.customers.data:
        data = place(asked.customers.data, beside)
        table, attributes, facts, notes = customers(asked.customers, data)
        found = replace(found, customers=table, attributes=attributes)
        found = _with(found, facts, notes)
    if asked.products.data:
        data = place(asked.products.data, beside)
        table, facts, notes = products(asked.products, data)
        found = _with(replace(found, products=table), facts, notes)
    if asked.events.data:
        events, facts = log(asked.events, place(asked.events.data, beside), EVENTS)
        found = _with(replace(found, events=events), facts, [])
    if asked.contacts.data:
        data = place(asked.contacts.data, beside)
        contacts, facts = log(asked.contacts, data, CONTACTS)
        found = _with(replace(found, contacts=contacts), facts, [])
    if asked.returns.data:
        data = place(asked.returns.data, beside)
        facts, note = returns(asked.returns, data, found.products)
        found = _with(found, facts, [note])
    return found


def _with(
    found: Companions, facts: Sequence[FileFact], notes: Sequence[str]
) -> Companions:
    return replace(found, files=(*found.files, *facts), notes=(*found.notes, *notes))


FRAMES = ("customers", "products", "prices")
LOGS = ("events", "contacts")


def frames(companions: Companions) -> dict[str, pl.DataFrame]:
    """Return the tables that are there, by name."""
    found = {name: getattr(companions, name) for name in FRAMES}
    logs = {name: getattr(companions, name) for name in LOGS}
    found |= {name: log.frame for name, log in logs.items() if log is not None}
    return {name: frame for name, frame in found.items() if frame is not None}


def state(companions: Companions) -> JSON:
    """Return all but the tables as JSON."""
    logs = {name: getattr(companions, name) for name in LOGS}
    return {
        "attributes": [asdict(attribute) for attribute in companions.attributes],
        "countries": list(companions.countries),
        "first_days": {n: log.first_day for n, log in logs.items() if log is not None},
        "files": [asdict(fact) for fact in companions.files],
        "notes": list(companions.notes),
    }


def from_state(state: JSON, tables: Mapping[str, pl.DataFrame]) -> Companions:
    """Return the companions that gave this state and these tables."""
    logs = {
        name: Log(tables[name], first) for name, first in state["first_days"].items()
    }
    attributes = [
        Attribute(a["name"], a["kind"], a["given"], tuple(a["levels"]))
        for a in state["attributes"]
    ]
    return Companions(
        customers=tables.get("customers"),
        attributes=tuple(attributes),
        products=tables.get("products"),
        events=logs.get("events"),
        contacts=logs.get("contacts"),
        countries=tuple(state["countries"]),
        prices=tables.get("prices"),
        files=tuple(FileFact.from_state(fact) for fact in state["files"]),
        notes=tuple(state["notes"]),
    )
