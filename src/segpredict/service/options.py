"""How a service runs: where it listens, who may ask, and its limits."""

import ipaddress
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from segpredict.errors import ConfigError, UsageError, quote_value

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
MAX_BODY_BYTES = 8 * 2**20
BODY_SECONDS = 10.0  # until a body must have arrived, and until a header must
RELOAD_SECONDS = 2.0  # between two looks at the run folder
STOP_SECONDS = 10  # which requests under way have when the service is stopped
MAX_CONNECTIONS = 800
BURST = 2  # seconds of a client's rate that may come at once


class Clock(Protocol):
    """Says which day it is; the command line gives it."""

    def __call__(self) -> date:
        """Return today."""


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How a service runs.

    >>> ServiceOptions(Path("run"), host="0.0.0.0")
    ... # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ConfigError: others on the network could read customers
    """

    run: Path  # the run folder; a new run that takes its place is loaded
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()  # names by which clients may call it, besides `host`
    token_file: Path | None = None  # one token a line; read again when it changes
    token: str | None = None  # as from the environment
    allow_anonymous: bool = False  # beyond this machine without a token
    orders: str | None = None  # a SQLite file or an address of PostgreSQL; ``None`` keeps none
    history: Path | None = None  # of scores (`scoring.history.ScoreHistory`); ``None``: none
    rate: float = 50.0  # requests a second that one client may send; 0 for any
    threads: int = 2  # that score at one time
    waiting: int = 64  # requests that may wait for them

    def __post_init__(self) -> None:
        for name in ("port", "threads", "waiting"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more.", fix="give a whole number.")
        if not 0 <= self.rate < math.inf:
            message = "A rate must be a number of 0 or more."
            raise UsageError(message, fix="give --rate 50, or 0 for any.")
        for name in self.allowed_hosts:
            if "*" in name.removeprefix("*."):
                message = f"{quote_value(name)} is no name of a host."
                fix = "give --allow-host scores.example, or *.example for all names below it."
                raise UsageError(message, fix=fix)
        if not (is_loopback(self.host) or self.needs_token or self.allow_anonymous):
            raise ConfigError(
                f"Without a token, everybody who reaches {self.host} could read customers.",
                fix="give --token-file FILE, or listen on 127.0.0.1; --allow-anonymous for a "
                "network in which everybody may.",
            )

    @property
    def needs_token(self) -> bool:
        """Whether a request needs a token."""
        return self.token_file is not None or self.token is not None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of this service in the header ``Host``."""
        own = () if self.host in ("", "0.0.0.0", "::") else (self.host,)
        return tuple(dict.fromkeys((*LOOPBACK_HOSTS, *own, *self.allowed_hosts)))


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "0.0.0.0", "", "0")]
    [True, True, False, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
