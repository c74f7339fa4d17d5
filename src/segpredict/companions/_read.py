"""Read all side tables that a run asks for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segpredict.companions._cells import place
from segpredict.companions._customers import customers
from segpredict.companions._log import log
from segpredict.companions._options import Asked
from segpredict.companions._products import products
from segpredict.companions._returns import returns
from segpredict.tables import CONTACTS, EVENTS, Companions, FileFact


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
