"""All that is held of one person, place by place, as the person may ask for it."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from segpredict.core.database import DatabaseAddress
from segpredict.core.run_folder import open_run
from segpredict.core.types import JSON
from segpredict.data.ingest.removal import people_in_store
from segpredict.pipeline.artifacts import BI_FOLDER
from segpredict.privacy.places import Place, Places, orders_of, people_named
from segpredict.report.database import people_in_database

CUSTOMER = "customer_id"


def export_person(customer_id: object, places: Places) -> list[dict[str, JSON]]:
    """Return the rows that each place holds of a person.

    Parameters
    ----------
    customer_id
        The id of a customer.
    places
        Where to look.

    Returns
    -------
    list
        A dict per place: ``kind``, ``place`` and ``rows``, by file or table. Files that say the
        same in another form, such as pages and tables for BI, are left out.
    """
    places.require()
    (person,) = people_named(customer_id)
    return [
        {"kind": place.kind, "place": place.shown, "rows": dict(_rows(place, person))}
        for place in places
    ]


def _rows(place: Place, person: str) -> Iterator[tuple[str, JSON]]:
    path = Path(place.name)
    if place.kind == "store":
        for name, rows in people_in_store(path, [person]).items():
            yield name, rows.to_dicts()
    elif place.kind == "to":
        yield from people_in_database(DatabaseAddress.parse(place.name), [person]).items()
    elif place.kind == "orders":
        if lines := orders_of(place, [person]):
            yield "orders", lines
    else:
        for name, file in _tables(place.kind, path):
            yield from _of_person(name, file, person)


def _tables(kind: str, path: Path) -> Iterator[tuple[str, Path]]:
    if kind == "run":
        run = open_run(path)
        names = [n for n in run.manifest["files"] if not n.startswith(f"{BI_FOLDER}/")]
        yield from ((name, run.path(name)) for name in names if name.endswith(".parquet"))
    else:
        yield from ((file.name, file) for file in sorted(path.glob("*.parquet")))


def _of_person(name: str, path: Path, person: str) -> Iterator[tuple[str, JSON]]:
    if CUSTOMER not in pq.read_schema(path).names:
        return
    rows = pl.scan_parquet(path, glob=False).filter(pl.col(CUSTOMER) == person).collect()
    if rows.height:
        yield name, rows.to_dicts()
