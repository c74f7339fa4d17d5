"""Who may ask: tokens from a file or the environment, compared in constant time."""

import base64
import hashlib
import hmac
import threading
from pathlib import Path

from segpredict.errors import ConfigError

MIN_TOKEN_LENGTH = 22  # characters: 128 bits in base64
TOKEN_FIX = "make one with `openssl rand -hex 32`; one token a line."


class Tokens:
    """The tokens that are valid now; a file is read again when it has changed.

    Kept are hashes, so that no message, memory dump or error shows a token.

    Raises `ConfigError` when there is no token, or one that can be guessed.

    >>> tokens = Tokens(None, "0123456789abcdef0123456789abcdef")
    >>> tokens.accept("Bearer 0123456789abcdef0123456789abcdef"), tokens.accept("Bearer x")
    (True, False)
    """

    def __init__(self, file: Path | None, token: str | None) -> None:
        self._file, self._lock = file, threading.Lock()
        self._fixed = () if token is None else _hashes([token], "the environment")
        self._mark: tuple[int, int] | None = None
        self._from_file: tuple[bytes, ...] = ()
        if file is not None:
            self._mark, self._from_file = self._read(file)

    def accept(self, header: str | None) -> bool:
        """Return whether the header ``Authorization`` holds a valid token.

        A browser sends it as the password of any user (Basic), a program as Bearer.
        """
        given = hashlib.sha256(_token_of(header or "").encode()).digest()
        found = [hmac.compare_digest(given, known) for known in self._known()]
        return any(found)

    def _known(self) -> tuple[bytes, ...]:
        if self._file is not None:
            with self._lock:
                self._refresh(self._file)
        return (*self._fixed, *self._from_file)

    def _refresh(self, file: Path) -> None:
        """Read the file again if it has changed; one that cannot be used changes nothing."""
        try:
            if _mark(file) != self._mark:
                self._mark, self._from_file = self._read(file)
        except (OSError, ConfigError):
            return

    @staticmethod
    def _read(file: Path) -> tuple[tuple[int, int], tuple[bytes, ...]]:
        try:
            mark = _mark(file)  # before reading: what changes in between is read again
            lines = file.read_text().split()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The file of tokens {file} cannot be read.", fix=TOKEN_FIX) from None
        return mark, _hashes(lines, str(file))


def _mark(file: Path) -> tuple[int, int]:
    facts = file.stat()
    return facts.st_mtime_ns, facts.st_ino


def _hashes(tokens: list[str], place: str) -> tuple[bytes, ...]:
    if not tokens:
        raise ConfigError(f"There is no token in {place}.", fix=TOKEN_FIX)
    if min(map(len, tokens)) < MIN_TOKEN_LENGTH:
        message = f"A token in {place} is shorter than {MIN_TOKEN_LENGTH} characters."
        raise ConfigError(message, fix=TOKEN_FIX)
    return tuple(hashlib.sha256(token.encode()).digest() for token in tokens)


def _token_of(header: str) -> str:
    kind, _, value = header.partition(" ")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, or no text in it
            return ""
    elif kind.lower() != "bearer":
        return ""
    return value.strip()
