"""Erase people from every place that is named: from all, or from none.

All is written beside what stands there, and searched, before anything takes effect. What is about
to be done is then noted: a process that is killed leaves the note, and the next call does all
of it again, which changes nothing where it is done. Databases commit last.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

from segpredict.core import disk
from segpredict.core.database import DatabaseAddress, is_address
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.removal import Removal
from segpredict.core.run_folder import encode_json, open_run
from segpredict.core.types import JSON
from segpredict.core.work_folder import WorkFolder
from segpredict.data.ingest.suppression import PERSON_KIND
from segpredict.errors import ArtifactError, SegpredictError, UsageError
from segpredict.pipeline import artifacts
from segpredict.privacy.places import FOLDERS, Place, Places, known_as, orders_of, people_named
from segpredict.privacy.search import search_people
from segpredict.report.database import people_in_database

RECEIPT_FORMAT = 1
PENDING = "pending.json"
LINES = artifacts.find_artifact("transactions.lines").files[0]


class RemainsError(SegpredictError, code="SP-P001", exit_code=7):
    """An id is still there in a file that was written without it."""

    def __init__(self, found: Collection[str]) -> None:
        super().__init__(
            f"An id still stands in {', '.join(list(found)[:5])}.",
            fix="take that file out of the folder, or remove the whole place; then run the command "
            "again.",
        )


def find_people(ids: object, places: Places, names: Pseudonymizer) -> list[dict[str, JSON]]:
    """Return what an erasure would take out of each place; nothing is changed.

    Parameters
    ----------
    ids
        One id of a customer, or several.
    places
        Where to look.
    names
        Gives the hashes that stand for ids where they are hidden.

    Returns
    -------
    list
        A dict per place: ``kind``, ``place`` and ``rows``, by file or table.
    """
    people = people_named(ids)
    places.require()
    facts: list[dict[str, JSON]] = []
    with suppress(_Undone), ExitStack() as stack:
        facts += [_fact(*each) for each in _removals(stack, people, places, names)]
        raise _Undone  # no transaction is committed
    return facts


class _Undone(Exception):  # noqa: N818 - it ends a look, and is no error
    """Ends a look at what would be done."""


def erase_people(
    ids: object,
    places: Places,
    names: Pseudonymizer,
    receipts: str | Path,
    created: str = "",
) -> dict[str, JSON]:
    """Erase people from all places, search these, and return the receipt.

    Parameters
    ----------
    ids
        One id of a customer, or several.
    places
        All places that may hold them.
    names
        The secret of the hashes: of receipts, and of the list by which stores keep them out.
    receipts
        A folder of receipts, which is made; they hold no id.
    created
        When it is done, as text.

    Raises
    ------
    UsageError
        When no place holds any of them; all stays as it is.
    SegpredictError
        When a place cannot be written: before anything is changed.
    RemainsError
        When an id is found afterwards.
    """
    people, folder = people_named(ids), Path(receipts)
    places.require()
    with disk.lock_folder(folder) as work:
        left = _pending(folder)
        if left is not None:
            named = {kind: tuple(names_) for kind, names_ in left["places"].items()}
            asked = frozenset(left["ids"]), Places(**named)
            done = _erase(*asked, names, folder, work, left["receipt"])
            if asked == (people, places):
                return done
        return _erase(people, places, names, folder, work, {"created": created})


def _erase(
    people: frozenset[str],
    places: Places,
    names: Pseudonymizer,
    folder: Path,
    work: WorkFolder,
    receipt: dict[str, JSON],
) -> dict[str, JSON]:
    with ExitStack() as stack:
        found = list(_removals(stack, people, places, names))
        if "places" not in receipt:
            receipt = _planned(receipt, found, people, names)
            if not any(each["rows"] for each in receipt["places"]):
                message = "None of these places holds any of these people."
                raise UsageError(message, fix="check the ids, and name all places.")
        for _, removal in found:
            for draft in removal.drafts:
                _require_none(search_people(draft, known_as(people, names)).found)
        state = {"ids": sorted(people), "places": asdict(places), "receipt": receipt}
        disk.place_file(work, folder / PENDING, disk.for_owner(encode_json(state)))
        for _, removal in found:
            removal.publish()
    receipt = {**receipt, "searched": _searched(people, places, names)}
    number = 1 + len(list(folder.glob("[0-9]*.json")))
    disk.place_file(work, folder / f"{number:04d}.json", encode_json(receipt))
    work.announce([PENDING])
    work.settle(())
    return receipt


def _removals(
    stack: ExitStack, people: frozenset[str], places: Places, names: Pseudonymizer
) -> Iterator[tuple[Place, Removal]]:
    for place in (each for each in places if each.is_there):  # one may be gone since it was begun
        yield place, stack.enter_context(place.removing(people, names))


def _planned(
    receipt: Mapping[str, JSON],
    found: Collection[tuple[Place, Removal]],
    people: Collection[str],
    names: Pseudonymizer,
) -> dict[str, JSON]:
    return {
        "format": RECEIPT_FORMAT,
        **receipt,
        "people": sorted(names.hash_id(each, PERSON_KIND) for each in people),
        "places": [_fact(place, removal) for place, removal in found],
        # What was fitted with them stays as it is.
        "fitted": [_fitted(place) for place, r in found if place.kind == "run" and LINES in r.rows],
    }


def _fact(place: Place, removal: Removal) -> dict[str, JSON]:
    return {"kind": place.kind, "place": place.shown, "rows": dict(removal.rows)}


def _fitted(place: Place) -> dict[str, JSON]:
    """Return what names the models and figures of a run that were made with a person's rows."""
    run = open_run(place.name)
    stages = {a.stage for a in artifacts.ARTIFACTS if run.has(a.files[0])}
    return {
        "run": place.name,
        "created": run.metadata.get("created", ""),
        "files": {a["name"]: a["sha256"] for a in run.metadata["data"]["files"]},
        "stages": sorted(stages),
    }


def _searched(people: frozenset[str], places: Places, names: Pseudonymizer) -> dict[str, JSON]:
    """Return what was searched after all is done; refuse where an id is found."""
    known = known_as(people, names)
    files, size, tables, found, namesakes = 0, 0, 0, [], set[str]()
    for place in places:
        if place.kind == "to":
            tables += 1
            rows = people_in_database(DatabaseAddress.parse(place.name), known)
            found += [f"{place.shown}: {table}" for table in rows]
        elif is_address(place.name):
            tables += 1
            found += [place.shown] if orders_of(place, people) else []
        else:
            for path in _files_of(place):
                result = search_people(path, known)
                files, size = files + result.files, size + result.bytes
                found += [f"{place.name}: {name}" for name in result.found]
                namesakes |= result.namesakes
    _require_none(found)
    shown = sorted(names.hash_id(each, PERSON_KIND) for each in namesakes)
    return {"files": files, "bytes": size, "databases": tables, "found": 0, "namesakes": shown}


def _files_of(place: Place) -> list[Path]:
    path = Path(place.name)
    besides = () if place.kind in FOLDERS else ("-wal", "-shm")  # of SQLite
    return [p for p in (path, *(Path(f"{path}{end}") for end in besides)) if p.exists()]


def _require_none(found: Collection[str]) -> None:
    if found:
        raise RemainsError(found)


def _pending(folder: Path) -> dict[str, JSON] | None:
    """Return what an earlier call did not finish."""
    path = folder / PENDING
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_bytes()))
    except ValueError:
        raise ArtifactError(
            f"{path} should say what is left to be erased, and cannot be read.",
            fix="remove it, and erase the same people from the same places again.",
            file=str(path),
        ) from None
