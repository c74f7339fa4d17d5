"""Files that a manifest names with their SHA-256: a run's and a store's.

Who can write the folder can write the manifest too. So nothing in it is believed: names are plain,
sizes are bounded before anything is parsed, and a file is read only if its bytes are those
of its hash. With a key in the environment, a manifest must also carry the key's signature.
"""

import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import polars as pl

from segpredict.core import disk
from segpredict.core.types import JSON
from segpredict.errors import ArtifactError, ConfigError, SegpredictError, TamperedFileError

FileFacts = Mapping[str, Mapping[str, JSON]]  # name → ``sha256`` and ``bytes``
KEY_VARIABLE = "SEGPREDICT_SIGNING_KEY"
MIN_KEY_BYTES = 32  # as many as the signature has
MAX_MANIFEST_BYTES = 1 << 26
MAX_JSON_BYTES = 1 << 29
_NAME = re.compile(r"([a-z0-9_]+/)?[a-z0-9_-]{1,100}\.[a-z]+")  # no path to climb out of the folder
_SHA256 = re.compile(r"[0-9a-f]{64}")


class SignatureError(ArtifactError, code="SP-A003"):
    """A folder is not signed by the key of the environment."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(
            f"{message}.",
            fix="make it again with the key set, or unset SEGPREDICT_SIGNING_KEY to read it "
            "unsigned.",
            file=place,
        )


def parse_json(content: bytes, name: str) -> JSON:
    """Return what a JSON file says; a key that is there twice, or no number, is refused.

    >>> parse_json(b'{"rows": 3}', "ledger.json")
    {'rows': 3}
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise TamperedFileError(name, "holds a key twice")
        return found

    def refuse(constant: str) -> None:
        raise TamperedFileError(name, f"holds {constant}, which is no number")

    try:
        return json.loads(content, object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):  # too deep a nesting is the latter
        raise TamperedFileError(name, "is not valid JSON") from None


def read_json(file: IO[bytes], name: str, limit: int = MAX_MANIFEST_BYTES) -> JSON:
    """Return what an open JSON file says; no more than a limit of bytes is read of it."""
    content = file.read(limit + 1)
    if len(content) > limit:
        raise TamperedFileError(name, f"is longer than {limit:,} bytes")
    return parse_json(content, name)


def require_file_facts(files: JSON, manifest_name: str) -> None:
    """Refuse a manifest that names a file outside its folder, or one without hash and size."""
    if not isinstance(files, dict):
        raise TamperedFileError(manifest_name, "is not a manifest of segpredict")
    for name, fact in files.items():
        if not _NAME.fullmatch(name):
            raise TamperedFileError(manifest_name, f"names a file {name!r} that cannot be its own")
        known = fact if isinstance(fact, dict) else {}
        sha256, size = known.get("sha256"), known.get("bytes")
        is_hash = isinstance(sha256, str) and _SHA256.fullmatch(sha256)
        if not (is_hash and type(size) is int and size >= 0):
            raise TamperedFileError(manifest_name, f"gives no hash for {name}")


def open_file(path: Path, name: str, fact: Mapping[str, JSON] | None) -> IO[bytes]:
    """Open a file of a folder, which is the plain one that its hash is of."""
    if fact is None:
        raise TamperedFileError(name, "is not named by the manifest")
    try:
        file = disk.open_plain(path)
    except OSError as error:
        raise TamperedFileError(name, f"is lost ({error.strerror})") from None
    try:
        is_same = file.seek(0, os.SEEK_END) == fact["bytes"]
        is_same = is_same and disk.hash_stream(file) == fact["sha256"]
    except BaseException:
        file.close()
        raise
    if not is_same:
        file.close()
        raise TamperedFileError(name)
    return file


@contextmanager
def translate_damage(name: str) -> Iterator[None]:
    """Name the file when a library cannot read what is in it, however it says so.

    >>> with translate_damage("a.json"):
    ...     [][0]
    Traceback (most recent call last):
    segpredict.errors.TamperedFileError: "a.json" cannot be read (IndexError...
    """
    try:
        yield
    except (SegpredictError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # a panic is no `Exception`
        reason = str(error).partition("\n")[0][:200] or "no reason given"
        raise TamperedFileError(
            name, f"cannot be read ({type(error).__name__}: {reason})"
        ) from error


def signature_of(kind: str, digest: str) -> str | None:
    """Return the signature of a manifest by the key of the environment; ``None`` without a key.

    It is HMAC-SHA-256 (RFC 2104) of the kind of folder and of the manifest's digest, which covers
    the hash of every file.
    """
    key = os.environ.get(KEY_VARIABLE, "").encode(errors="surrogateescape")
    if not key:
        return None
    if len(key) < MIN_KEY_BYTES:
        raise ConfigError(
            f"The key in {KEY_VARIABLE} has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed.",
            fix="make one with `openssl rand -hex 32`, and keep it.",
        )
    return hmac.digest(key, f"segpredict {kind} {digest}".encode(), "sha256").hex()


def require_signature(kind: str, digest: str, signature: JSON, place: str) -> None:
    """Refuse a manifest that the key of the environment did not sign; without a key, none."""
    expected = signature_of(kind, digest)
    if expected is None:
        return
    if not isinstance(signature, str):
        raise SignatureError(place, f"The {kind} {place} is not signed")
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise SignatureError(place, f"The signature of the {kind} {place} is not by this key")
