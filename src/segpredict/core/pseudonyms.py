"""Keyed hashes instead of ids: equal ids stay equal, and no customer can be looked up.

A plain hash of an id is undone by hashing all ids there can be. With a secret key
(HMAC-SHA-256) only the holder of the key can do that.
"""

import hmac
from dataclasses import dataclass, field

import polars as pl

from segpredict.errors import UsageError

MIN_SECRET_BYTES = 16  # bytes of a secret; below it can be guessed
HASH_LENGTH = 32  # hexadecimal digits of a pseudonym: 128 bits, so that no two ids meet


class SecretError(UsageError, code="SP-L003"):
    """The secret of hashed ids is missing or too short. It is never shown."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The secret for hashed ids {found}; at least {MIN_SECRET_BYTES} bytes are needed.",
            fix="make one with `openssl rand -hex 32 > secret.txt`, keep it, and give "
            "--secret-file secret.txt or the environment variable SEGPREDICT_SECRET.",
        )


@dataclass(frozen=True, slots=True)
class Pseudonymizer:
    """Replace ids by names that only the holder of a secret can connect.

    A name is the first 128 bits of HMAC-SHA-256(secret, kind + NUL + id). The
    kind keeps a customer and an order with the same id apart. This is pseudonymisation
    and not anonymisation: other columns may still identify a customer.

    After H. Krawczyk, M. Bellare and R. Canetti, RFC 2104, 1997.

    Raises `SecretError` when the secret is too short.

    >>> names = Pseudonymizer(b"a secret of 16 or more bytes")
    >>> names.hash_ids(pl.Series(["17850", None, "17850"])).str.head(8).to_list()
    ['efbe62c2', None, 'efbe62c2']
    """

    # The key, of at least 16 bytes. Same secret, same names: tables that were made at different
    # times still join.
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_BYTES:
            raise SecretError(f"has {len(self.secret)} bytes")

    def hash_ids(self, ids: pl.Series, kind: str = "customer") -> pl.Series:
        """Return the names of ids; what is null stays null."""
        once = ids.drop_nulls().unique()
        named = [self.hash_id(text, kind) for text in once.to_list()]
        return ids.replace_strict(once, named, default=None, return_dtype=pl.String)

    def hash_customers(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return a table with names in ``customer_id``, sorted by them.

        The order of ids would reveal them, so it is not preserved.
        """
        named = table.with_columns(self.hash_ids(table["customer_id"]).alias("customer_id"))
        return named.sort("customer_id", maintain_order=True)

    def hash_id(self, text: str, kind: str = "customer") -> str:
        """Return the name of one id."""
        message = f"{kind}\0{text}".encode()
        return hmac.digest(self.secret, message, "sha256").hex()[:HASH_LENGTH]
