"""The places that hold customers: stores, runs, histories, experiment logs and databases."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from segpredict.analytics.campaigns import ExperimentLog
from segpredict.core.customer_ids import id_texts
from segpredict.core.database import DatabaseAddress, is_address
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.removal import Removal
from segpredict.core.types import JSON
from segpredict.data.cleaning import normalize_id
from segpredict.data.ingest.removal import removing_people
from segpredict.errors import FileMissingError, UsageError
from segpredict.pipeline.removal import removing_from_run
from segpredict.report.database import removing_from_database
from segpredict.scoring.history import ScoreHistory

FOLDERS = ("store", "run", "history", "log")  # kinds of places that are folders


@dataclass(frozen=True, slots=True)
class Place:
    """One place, by its kind and its name."""

    kind: str  # one of `FOLDERS`, ``to`` or ``orders``, as the option is called
    name: str  # a folder, a SQLite file, or the address of a database

    @property
    def shown(self) -> str:
        """The name as it may be shown: of an address without user and options."""
        return DatabaseAddress.parse(self.name).name if is_address(self.name) else self.name

    @property
    def is_there(self) -> bool:
        """Whether there is such a folder or file; a server is asked later."""
        if self.kind in FOLDERS:
            return Path(self.name).is_dir()
        return is_address(self.name) or Path(self.name).is_file()

    def removing(
        self, ids: Collection[str], names: Pseudonymizer
    ) -> AbstractContextManager[Removal]:
        """Yield the place without some people, under its lock or in its transaction."""
        path = Path(self.name)
        if self.kind == "store":
            return removing_people(path, ids, names)
        if self.kind == "run":
            return removing_from_run(path, ids, names)
        if self.kind == "history":
            return ScoreHistory(path).removing(ids)
        if self.kind == "log":
            return ExperimentLog(path).removing(ids)
        if self.kind == "to":
            address = DatabaseAddress.parse(self.name)
            return removing_from_database(address, known_as(ids, names))
        return _removing_orders(self.name, ids)


@dataclass(frozen=True, slots=True)
class Places:
    """Where people are looked for.

    >>> [place.kind for place in Places(stores=("shop.store",), logs=("experiments",))]
    ['store', 'log']
    """

    stores: tuple[str, ...] = ()  # folders that `ingest` has filled
    runs: tuple[str, ...] = ()  # run folders
    histories: tuple[str, ...] = ()  # folders of `score --history`
    logs: tuple[str, ...] = ()  # folders of experiments
    databases: tuple[str, ...] = ()  # addresses to which `publish` or `score --to` wrote
    orders: tuple[str, ...] = ()  # of `serve --orders`: SQLite files, or addresses

    def __iter__(self) -> Iterator[Place]:
        """Yield each place once, databases first: they are the last to be let go."""
        given = {
            "to": self.databases,
            "orders": self.orders,
            "store": self.stores,
            "run": self.runs,
            "history": self.histories,
            "log": self.logs,
        }
        for kind, names in given.items():
            for name in dict.fromkeys(names):
                yield Place(kind, name)

    def require(self) -> None:
        """Refuse a place that is not there, and a call that names none."""
        if not list(self):
            raise UsageError(
                "No place was named.",
                fix="name all that may hold the person: --store, --run, --history, --log, --to, "
                "--orders.",
            )
        for place in self:
            if not place.is_there:
                raise FileMissingError(place.name)


def people_named(ids: object) -> frozenset[str]:
    """Return ids, however they are written, as all places hold them.

    >>> people_named(" 17850.0")
    frozenset({'17850'})
    """
    return frozenset(normalize_id(text) for text in id_texts(ids))


def known_as(ids: Collection[str], names: Pseudonymizer) -> list[str]:
    """Return ids and the hashes that `--hash-ids` shows in their place."""
    return [*ids, *(names.hash_id(each) for each in ids)]


def orders_of(place: Place, people: Collection[str]) -> list[dict[str, JSON]]:
    """Return the lines of people's orders that a service keeps."""
    from segpredict.service.orders import OrderStore  # it needs SQLAlchemy

    with closing(OrderStore.open(place.name)) as kept:
        return kept.lines_of(people)


@contextmanager
def _removing_orders(name: str, people: Collection[str]) -> Iterator[Removal]:
    from segpredict.service.orders import OrderStore

    with closing(OrderStore.open(name)) as kept, kept.removing(people) as removal:
        yield removal
