"""The manifest of a store: which files belong together, and what they hold."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.transactions import InputFile
from segpredict.data.store.orders import DIGEST_KINDS
from segpredict.data.store.parts import digest_path
from segpredict.errors import ArtifactError, FileMissingError

FirstValueDays = Mapping[str, tuple[int | None, int | None]]  # first day; first never voided

_ALWAYS = {  # or never queried
    *("customer_id", "order_id", "is_order_head"),
    *("day", "void_day", "quantity", "amount"),
}


def first_value_days(lines: pl.LazyFrame) -> FirstValueDays:
    """Return since when each column has values, ``is_return`` since when it holds."""
    day, lasts = pl.col("day"), pl.col("void_day").is_null()
    some = pl.lit(value=True)
    names = [name for name in lines.collect_schema() if name not in _ALWAYS]
    there = {name: pl.col(name).is_not_null() for name in names}
    there["is_return"] = pl.col("is_return")
    queries = [
        pl.when(where & also).then(day).min().alias(f"{name}/{i}")
        for name, where in there.items()
        for i, also in enumerate((some, lasts))
    ]
    row = lines.select(queries).collect(engine="streaming").row(0, named=True)
    return {name: (row[f"{name}/0"], row[f"{name}/1"]) for name in names}


def has_values_before(known: tuple[int | None, int | None], until: int | None) -> bool | None:
    """Return whether there are values before a day; ``None`` if lines must be queried.

    That is so where all that there is by then was voided at some time.
    """
    first, lasting = known
    if first is None or (until is not None and first >= until):
        return False
    if until is None or (lasting is not None and lasting < until):
        return True
    return None


STORE_MANIFEST_NAME = "store.json"
STORE_FORMAT = 5


@dataclass(frozen=True, slots=True)
class StoreManifest:
    """What ``store.json`` says: which files belong together, and what they hold."""

    columns: tuple[str, ...]  # the lines' columns, in order
    dictionaries: Mapping[str, str]  # file of the dictionary of each coded column
    # file of all lines but the newest days, and file of those; none is ""
    base: str
    tail: str
    # file of the customers whose lines are all in the tail, so that those in the base count no
    # more; none is ""
    moved: str
    product_names: str  # file of the names of products; none is ""
    # as in `Transactions`
    first_day: int
    end_day: int
    fingerprint: str
    currency: str
    ledger: Ledger
    sources: tuple[InputFile, ...]
    # the day after the last of the base; every line of the tail is on it or later, but for
    # customers who moved
    base_end: int
    # how many
    rows: int
    customers: int
    generation: int  # rises with each change, so that files are never overwritten
    first_value_days: FirstValueDays  # since when each column has values (`first_value_days`)

    @property
    def file_names(self) -> set[str]:
        """Names of all files of the store."""
        lines = {self.base, self.tail} - {""}
        digests = {name for file in lines for name in digest_names(file)}
        others = {self.moved, self.product_names} - {""}
        return {*self.dictionaries.values(), *lines, *digests, *others}

    def to_json(self) -> str:
        """Return the manifest as JSON."""
        facts = {"format": STORE_FORMAT, **asdict(self)}
        return json.dumps(facts, indent=2, default=dict) + "\n"


def digest_names(file: str) -> set[str]:
    """Return the names of the files that are written with a file of lines."""
    return {digest_path(Path(file), kind).name for kind in DIGEST_KINDS}


def named_files(folder: Path) -> set[str]:
    """Return the names of all files of the store in a folder; none where there is no store."""
    try:
        return read_manifest(folder).file_names
    except FileMissingError:
        return set()


def read_manifest(folder: Path) -> StoreManifest:
    """Read ``store.json``."""
    path = folder / STORE_MANIFEST_NAME
    if not path.is_file():
        raise FileMissingError(str(path))
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        number = facts.pop("format")
        if number != STORE_FORMAT:
            raise ArtifactError(
                f"The store {folder} has format {number}; this version reads {STORE_FORMAT}.",
                fix="make it again from the shop's files.",
                file=str(path),
            )
        entries = (
            LedgerEntry(**{**entry, "count": LedgerCount(**entry["count"])})
            for entry in facts.pop("ledger")["entries"]
        )
        sources = tuple(InputFile.from_state(fact) for fact in facts.pop("sources"))
        columns = tuple(facts.pop("columns"))
        ledger = Ledger(tuple(entries))
        days = {n: (first, last) for n, (first, last) in facts.pop("first_value_days").items()}
        return StoreManifest(
            **facts, columns=columns, ledger=ledger, sources=sources, first_value_days=days
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{path} is damaged ({error}).",
            fix="make the store again from the shop's files.",
            file=str(path),
        ) from None
