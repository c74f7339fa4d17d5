"""People who were erased from a store, and whose rows never come into it again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import polars as pl

from segpredict.core.ledger import ERASED
from segpredict.core.pseudonyms import Pseudonymizer, SecretError
from segpredict.core.transactions import RawLines
from segpredict.data.cleaning import normalize_id
from segpredict.errors import MismatchError

PERSON_KIND, SECRET_KIND = "erased", "secret"  # what is hashed: no hash is one of `--hash-ids`
CELL = r'[^,;|\t"\s]+'  # of a record that is no row


@dataclass(frozen=True, slots=True)
class Suppression:
    """The keyed hashes of people who were erased from a store; it holds no id.

    >>> names = Pseudonymizer(b"a secret of 16 or more bytes")
    >>> one = Suppression().with_people(["17850"], names)
    >>> one.people_among(["17850", "17851"], names), Suppression().people_among(["17850"], None)
    ({'17850'}, set())
    """

    people: tuple[str, ...] = ()
    secret: str = ""  # a hash of no person, by which another secret is found out

    def with_people(self, ids: Iterable[str], names: Pseudonymizer) -> "Suppression":
        """Return the list with more people."""
        self.require_secret(names)
        people = {*self.people, *(names.hash_id(text, PERSON_KIND) for text in ids)}
        return Suppression(tuple(sorted(people)), names.hash_id("", SECRET_KIND))

    def require_secret(self, names: Pseudonymizer | None) -> None:
        """Refuse to go on without the secret of the hashes: erased people would come back."""
        if not self.people:
            return
        if names is None:
            raise SecretError("is needed, since people were erased from the store")
        if names.hash_id("", SECRET_KIND) != self.secret:
            raise MismatchError(
                "People were erased from the store with another secret.",
                fix="give that one: without it they would come back.",
            )

    def people_among(self, texts: Collection[str], names: Pseudonymizer | None) -> set[str]:
        """Return the texts that are ids of these people, however they are written.

        Raises `SecretError` without the secret, `MismatchError` with another.
        """
        self.require_secret(names)
        if not self.people or names is None:
            return set()
        known = set(self.people)
        return {t for t in texts if names.hash_id(normalize_id(t), PERSON_KIND) in known}

    def applied_to(self, raw: RawLines, names: Pseudonymizer | None) -> RawLines:
        """Return raw rows without these people; the number of rows left out stays."""
        if not self.people:
            return raw
        gone = self.people_among(customer_texts(raw), names)
        return without_people(raw, gone, self.people_among(_cells(raw), names))


def without_people(raw: RawLines, texts: Collection[str], cells: Collection[str]) -> RawLines:
    """Return raw rows without those of some customers, by their ids as they are written.

    A record that is no row names no customer: it goes where one of its cells is such an id.
    """
    left = without_rows(raw, pl.col("customer_id").is_in(list(texts)), ERASED)
    if raw.rejects is None or not cells:
        return left
    parts = pl.col("value").fill_null("").str.extract_all(CELL)
    kept = raw.rejects.filter(~parts.list.eval(pl.element().is_in(list(cells))).list.any())
    if kept.height == raw.rejects.height:
        return left
    number = left.left_out.get(ERASED, 0) + raw.rejects.height - kept.height
    return replace(
        left, rejects=kept if kept.height else None, left_out={**left.left_out, ERASED: number}
    )


def written_as(raw: RawLines, ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Return how ids of customers are written: in their column, and in records that are no rows."""
    columns, cells = (
        {text for text in found if normalize_id(text) in ids}
        for found in (customer_texts(raw), _cells(raw))
    )
    return columns, cells


def _cells(raw: RawLines) -> list[str]:
    """Return the distinct cells of records that are no rows."""
    if raw.rejects is None:
        return []
    cells = raw.rejects.select(pl.col("value").drop_nulls().str.extract_all(CELL).explode())
    return cells["value"].drop_nulls().unique().to_list()


def customer_texts(raw: RawLines) -> list[str]:
    """Return the distinct ids of customers, as they are written."""
    column = pl.col("customer_id").drop_nulls().unique()
    found: list[str] = raw.rows.select(column).collect(engine=raw.engine)["customer_id"].to_list()
    return found


def without_rows(raw: RawLines, is_gone: pl.Expr, rule: str) -> RawLines:
    """Return raw rows without some, whose number is kept under a rule of the ledger."""
    gone = is_gone.fill_null(value=False)
    number = raw.rows.select(gone.sum()).collect(engine=raw.engine).item()
    if not number:
        return raw
    return replace(
        raw,
        frame=raw.frame.filter(~gone),
        on_disk=None if raw.on_disk is None else raw.on_disk.filter(~gone),
        left_out={**raw.left_out, rule: raw.left_out.get(rule, 0) + number},
    )
