"""Addresses of databases, and connections that keep no secret where it could be read.

An address is written as for SQLAlchemy, with the table after a hash sign:
``postgresql://shop@db.example/sales#orders``. A secret is never part of it: it comes from the
environment (``${NAME}`` in the address, or the variables of the driver), from ``.pgpass``, a
service or an option file.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from segpredict.errors import (
    ConfigError,
    DatabaseError,
    ExtraMissingError,
    SegpredictError,
    UsageError,
    quote_value,
)

if TYPE_CHECKING:
    import sqlalchemy as sa

CONNECT_SECONDS = 10  # until a server must have answered
LOCK_SECONDS = 30  # how long a lock of somebody else is waited for
# Of the web and of clouds' files: no databases.
FILE_SCHEMES = {"http", "https", "ftp", "sftp", "file", "s3", "gs", "gcs", "az", "abfs", "hdfs"}
DRIVERS = {  # what an address without a driver means
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
EXTRAS = {"psycopg": "postgresql", "pymysql": "mysql"}  # driver → extra that brings it
ADDRESS = re.compile(
    r"(?P<scheme>[a-z]\w*(?:\+\w+)?)://"
    r"(?:(?P<user>[^:/?#@]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<place>[^@?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<table>.*))?",
    re.DOTALL | re.IGNORECASE,
)
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET_KEY = re.compile(r"(?i)pass(wd|word)?$|pwd|token|secret|private_key$|api_?key$")
SECRET_FIX = (
    "put it into an environment variable and write ${NAME} in its place, in single quotes; or "
    "leave it to ~/.pgpass, a service or an option file (docs/guide/databases.md)."
)
# What drivers say by number, in words, and what to do. PostgreSQL's are SQLSTATEs or their class.
ACCESS = ("it does not let this user in", "see to user, password and database.")
RIGHTS = ("this user lacks a right", "grant it: SELECT to read; to write see the guide.")
LOST = (
    "the connection was lost, and what was not finished is undone",
    "run the command again: what is there already is not added twice.",
)
LOCKED = (
    "somebody else holds a lock on it for too long",
    "run the command again when the other has ended; nothing was changed.",
)
SLOW = (
    "the statement took too long",
    "raise source.query_seconds, or ask for less.",
)
FULL = ("its disk is full", "free space there; nothing was changed.")
TLS = (
    "a connection that is safe as the address asks cannot be made",
    "see to sslmode and sslrootcert, or ssl_ca, and to the server's certificate.",
)
ABSENT = ("it does not answer", "see that it runs, and to host and port.")
REASONS: dict[object, tuple[str, str]] = {
    **dict.fromkeys(("28", "3D000", 1045, 1049, 1698), ACCESS),
    **dict.fromkeys(("42501", 1044, 1142, 1143, 1227, 1370), RIGHTS),
    **dict.fromkeys(("57P", "08", 2006, 2013, 1927, 1053), LOST),
    **dict.fromkeys(("55P03", "40P01", "40001", 1205, 1213), LOCKED),
    **dict.fromkeys(("57014", 1969, 3024, 1317, 1028), SLOW),
    **dict.fromkeys(("53100", 1021, 1114, 3, 28), FULL),
    **dict.fromkeys((2002, 2003, 2005), ABSENT),
}
# Where a connection ends, there is no number.
LOST_WORDS = ("closed the connection", "is lost", "is closed", "lost connection", "terminating")
OTHERS = ("it refuses", "see to what it says.")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where a database is, without secrets.

    >>> found = DatabaseAddress.parse("mysql://shop:${SHOP_PASSWORD}@db.example/sales#orders")
    >>> found.name, found.table
    ('mysql://db.example/sales', 'orders')
    """

    scheme: str  # dialect and driver, as given
    user: str
    password: str  # empty, or the variable that holds it: ``${NAME}``
    place: str  # host, port and database, as given
    query: str  # options of the driver, as given
    table: str | None  # what stands after the hash sign

    @classmethod
    def parse(cls, text: str) -> "DatabaseAddress":
        """Return the address that a text gives.

        Raises `UsageError` when it is none, or holds a secret; no error repeats the text.
        """
        found = ADDRESS.fullmatch(text)
        if found is None:
            raise UsageError(
                "An address of a database cannot be read.",
                fix="write it as postgresql://USER@HOST/DATABASE, with % codes for special signs.",
            )
        parts = {name: value or "" for name, value in found.groupdict().items()}
        pairs = parse_qsl(parts["query"], keep_blank_values=True)
        secrets = [parts["password"], *(value for key, value in pairs if SECRET_KEY.search(key))]
        if not all(VARIABLE.fullmatch(secret) for secret in secrets if secret):
            raise UsageError(
                "An address of a database holds a secret, which others can read on this machine.",
                fix=SECRET_FIX,
            )
        return cls(
            parts["scheme"].lower(),
            parts["user"],
            parts["password"],
            parts["place"],
            parts["query"],
            unquote(parts["table"]) or None,
        )

    @property
    def name(self) -> str:
        """The address as it may be shown: without user and options."""
        service = dict(parse_qsl(self.query)).get("service")
        return f"{self.scheme}://{self.place}{f'?service={service}' if service else ''}"

    @property
    def kind(self) -> str:
        """The kind of database, such as ``postgresql``."""
        return DRIVERS.get(self.scheme, self.scheme).partition("+")[0]

    def resolved(self) -> str:
        """Return the address for SQLAlchemy, with the values of its variables."""
        user, password = self.user, quote(_filled(self.password), safe="")
        login = f"{user}:{password}@" if password else f"{user}@" if user else ""
        pairs = [(key, _filled(value)) for key, value in parse_qsl(self.query)]
        options = f"?{urlencode(pairs)}" if pairs else ""
        return f"{DRIVERS.get(self.scheme, self.scheme)}://{login}{self.place}{options}"

    @contextmanager
    def connect(self) -> Iterator["sa.Connection"]:
        """Connect, with one transaction: committed at the end, or undone by any error."""
        sa = import_extra("sqlalchemy", self.name, "databases")
        with self.translate_errors():
            address = sa.make_url(self.resolved())
            # Where the driver knows the time, it is told; an address may say otherwise.
            times = {"connect_timeout": CONNECT_SECONDS} if self.scheme in DRIVERS else {}
            given = {key: value for key, value in times.items() if key not in address.query}
            engine = sa.create_engine(
                address, poolclass=sa.NullPool, hide_parameters=True, connect_args=given
            )
            try:
                connection = engine.connect()
            except (OSError, TypeError) as error:  # a file or an option that drivers take from it
                reason = quote_value(getattr(error, "strerror", None) or str(error))
                raise UsageError(
                    f"The options in the address of {quote_value(self.name)} cannot be used: "
                    f"{reason}.",
                    fix="see to what follows the question mark: names of options and files.",
                ) from None
            with connection, connection.begin():
                yield connection

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn what a driver raises into an error of ours, without the address or any value."""
        try:
            yield
        except Exception as error:
            told = self._told(error)
            if told is None:
                raise
            raise told from None

    def _told(self, error: Exception) -> Exception | None:
        from sqlalchemy import exc

        if isinstance(error, SegpredictError):
            return None
        if isinstance(error, ModuleNotFoundError):
            return self._missing(str(error.name))
        if isinstance(error, exc.NoSuchModuleError | exc.ArgumentError):
            fix = "use postgresql, mysql or mariadb, or install the SQLAlchemy dialect."
            return UsageError(f"There is no database of the kind {self.scheme!r}.", fix=fix)
        cause = getattr(error, "orig", None) or error
        if not isinstance(error, exc.SQLAlchemyError) and not is_driver_error(cause):
            return None
        reason, fix = reason_of(cause)
        return DatabaseError(self.name, f"{reason} ({self.masked(said_by(cause))})", fix)

    def masked(self, text: str) -> str:
        """Return a text without the values of the address's variables."""
        for variable in VARIABLE.findall(self.password + self.query):
            text = text.replace(os.environ.get(variable) or "\0", "***")
        return text

    def _missing(self, module: str) -> ConfigError:
        if module in EXTRAS:
            return ExtraMissingError(quote_value(self.name), EXTRAS[module], module)
        fix = "install the package of its SQLAlchemy dialect or driver."
        return ConfigError(f"The driver {module} is not installed.", fix=fix)


def is_address(name: str) -> bool:
    """Return whether a name is that of a database, and not of a file or of the web.

    >>> is_address("postgresql://db/sales"), is_address("sales.csv"), is_address("s3://sales")
    (True, False, False)
    """
    scheme, sign, _ = name.partition("://")
    return bool(sign) and scheme.partition("+")[0].lower() not in FILE_SCHEMES


def import_extra(module: str, what: str, extra: str) -> Any:
    """Return a module of an extra, or raise `ExtraMissingError`."""
    from importlib import import_module

    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise ExtraMissingError(quote_value(what), extra, module) from None


def is_driver_error(error: BaseException) -> bool:
    """Return whether an error is one of a driver: their classes have one tree (PEP 249)."""
    return any(each.__name__ in ("DatabaseError", "InterfaceError") for each in type(error).__mro__)


def reason_of(cause: BaseException) -> tuple[str, str]:
    """Return why a driver raised, in words, and what to do."""
    number = cause.args[0] if cause.args else None
    state = str(getattr(cause, "sqlstate", None) or "")
    # Where a driver gives both, the number of the server says more.
    known = [number] if isinstance(number, int) else [state[:size] for size in (5, 3, 2)]
    found = next((REASONS[key] for key in known if key in REASONS), None)
    if found is None and "SSL is required" in str(cause):
        return TLS
    if found or state or isinstance(number, int):
        return found or OTHERS
    words = str(cause).lower()
    if any(said in words for said in LOST_WORDS):
        return LOST
    if "ssl" in words or "certificate" in words:
        return TLS
    if "authentication failed" in words or "denied" in words or "does not exist" in words:
        return ACCESS
    return ABSENT if "connect" in words and "option" not in words else OTHERS


def said_by(cause: BaseException) -> str:
    """Return what a driver said: its first line, which holds no row of data."""
    diagnosis = getattr(getattr(cause, "diag", None), "message_primary", None)
    text = diagnosis or (cause.args[1] if len(cause.args) > 1 else str(cause))
    first = (str(text).splitlines() or [type(cause).__name__])[0]
    return quote_value(first.rpartition(" failed: ")[2])  # the place is named already


def _filled(text: str) -> str:
    """Return a text with the values of the variables that it names."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in os.environ:
            raise ConfigError(f"The environment has no variable {name}.", fix=f"export {name}=….")
        return os.environ[name]

    return VARIABLE.sub(value, text)
