"""Companions as tables and JSON, and back: what a run folder keeps of them."""

from collections.abc import Mapping
from dataclasses import asdict

import polars as pl

from segpredict.tables import JSON, Attribute, Companions, FileFact, Log

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
        "files": [
            asdict(fact) | {"detected": dict(fact.detected)}
            for fact in companions.files
        ],
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
        files=tuple(FileFact(**fact) for fact in state["files"]),
        notes=tuple(state["notes"]),
    )
