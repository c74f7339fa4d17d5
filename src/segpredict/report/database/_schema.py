"""Published tables in the words of SQL: made on request, and refused in another shape."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from segpredict.errors import DatabaseError, UsageError, quote_value
from segpredict.report.bi import BiColumn
from segpredict.report.database._tables import SLICE, PublishedTable

if TYPE_CHECKING:
    import sqlalchemy as sa

NAME_LENGTH = {"postgresql": 63, "mysql": 64, "mariadb": 64}  # bytes; characters
WRITTEN_DIALECTS = tuple(NAME_LENGTH)
ID_LENGTH, KEY_LENGTH = 256, 64  # characters of a text that is part of a key
SHOP_IDS = ("customer_id", "product_id")  # as long as the shop made them
STAMP = "published_at"
# What a column must be to take values of a kind: the Python types of SQLAlchemy's.
FAMILIES = {
    "text": {"str"},
    "whole": {"int", "Decimal"},
    "number": {"float", "Decimal"},
    "share": {"float", "Decimal"},
    "money": {"Decimal", "float"},
    "quantity": {"Decimal", "float"},
    "date": {"date"},
    "flag": {"bool", "int"},
}


def sql_table(table: PublishedTable, dialect: "sa.Dialect") -> "sa.Table":
    """Return a table with types, key and comments, as SQLAlchemy makes it."""
    import sqlalchemy as sa

    columns = [
        sa.Column(
            sa.sql.quoted_name(column.name, quote=True),
            _type(column, table),
            primary_key=column.name in table.key,
            autoincrement=False,
            comment=column.meaning,
        )
        for column in table.columns
    ]
    stamp = sa.Column(
        STAMP,
        sa.TIMESTAMP(timezone=True),
        server_default=sa.func.current_timestamp(),
        nullable=False,
        comment="When the row was first published.",
    )
    storage = {"engine": "InnoDB", "charset": "utf8mb4", "collate": _collation(dialect)}
    options: Any = {
        f"{kind}_{name}": text for kind in ("mysql", "mariadb") for name, text in storage.items()
    }
    made: sa.Table = sa.Table(
        sa.sql.quoted_name(table.name, quote=True),
        sa.MetaData(),
        *columns,
        stamp,
        *([sa.Index(_index_name(table.name), *SLICE)] if table.is_by_day else []),
        comment=table.meaning,
        **options,
    )
    return made


def _collation(dialect: Any) -> str:
    """Return the collation of MySQL or MariaDB that tells all texts apart: "a", "A" and "a "."""
    return "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


def _index_name(table: str) -> str:
    """Return a name that is short whatever the table's, and another for each table."""
    return f"ix_segpredict_{sha256(table.encode()).hexdigest()[:16]}"


def _type(column: BiColumn, table: PublishedTable) -> Any:
    import sqlalchemy as sa

    if column.kind == "text":
        if column.name in SHOP_IDS:
            return sa.String(ID_LENGTH)
        return sa.String(KEY_LENGTH) if column.name in table.key else sa.Text()
    return {
        "whole": sa.BigInteger(),
        "number": sa.Double(),
        "share": sa.Double(),
        "money": sa.Numeric(19, 4),
        "quantity": sa.Numeric(19, 4),
        "date": sa.Date(),
        "flag": sa.Boolean(),
    }[column.kind]


def prepare_tables(
    connection: "sa.Connection", place: str, tables: list[PublishedTable], *, create: bool
) -> None:
    """Make tables and views that are not there, if wanted, and refuse tables of another shape."""
    import sqlalchemy as sa

    if connection.dialect.name not in WRITTEN_DIALECTS:
        message = f"Tables are written to PostgreSQL, MySQL and MariaDB, not to {place}."
        raise UsageError(message, fix="write a file, and load it with the database's own client.")
    for name in (each for table in tables for each in (table.name, table.view) if each):
        _require_name(connection.dialect.name, name)
    inspector = sa.inspect(connection)
    for table in tables:
        if inspector.has_table(table.name):
            _require_shape(inspector, place, table)
        elif not create:
            reason = f"it has no table {quote_value(table.name)}"
            raise DatabaseError(place, reason, "add --create to make the tables once.")
        else:
            sql_table(table, connection.dialect).create(connection)
        if create and table.view and not inspector.has_table(table.view):
            _make_view(connection, table, table.view)


def _require_name(dialect: str, name: str) -> None:
    """Refuse a name that a server would cut, or find too long when other tables are made."""
    size = len(name.encode() if dialect == "postgresql" else name)
    if size > NAME_LENGTH[dialect]:
        raise UsageError(
            f"The name {quote_value(name)} is too long for {dialect}: "
            f"{size} of at most {NAME_LENGTH[dialect]}.",
            fix="name a shorter one with --table or --prefix.",
        )


def _make_view(connection: "sa.Connection", table: PublishedTable, name: str) -> None:
    """Make the view of the newest day, and of the model that was published last for it."""
    import sqlalchemy as sa

    every = sql_table(table, connection.dialect)
    newest = sa.select(sa.func.max(every.alias("days").c.as_of)).scalar_subquery()
    dated = every.alias("models")
    model = (
        sa.select(dated.c.model)
        .where(dated.c.as_of == newest)
        .order_by(dated.c[STAMP].desc(), dated.c.model)
        .limit(1)
        .scalar_subquery()
    )
    chosen = sa.select(*(every.c[column] for column in table.names)).where(
        every.c.as_of == newest, every.c.model == model
    )
    text = chosen.compile(connection, compile_kwargs={"literal_binds": True})
    quoted = connection.dialect.identifier_preparer.quote_identifier(name)
    connection.exec_driver_sql(f"CREATE VIEW {quoted} AS {text}")


def _require_shape(inspector: "sa.Inspector", place: str, table: PublishedTable) -> None:
    """Refuse a table that lacks a column, has another type or key, or is not transactional."""
    found = {column["name"]: column for column in inspector.get_columns(table.name)}
    keys = [inspector.get_pk_constraint(table.name)["constrained_columns"]]
    keys += [each["column_names"] for each in inspector.get_unique_constraints(table.name)]
    has_key = any(set(key) == set(table.key) for key in keys)
    reasons = [] if has_key else [f"no key is ({', '.join(table.key)})"]
    reasons += [
        f"column {quote_value(column.name)} is {_unfit(column, found.get(column.name))}"
        for column in table.columns
        if _unfit(column, found.get(column.name))
    ]
    own = {STAMP, *table.names}
    reasons += [
        f"column {quote_value(name)} must have a value, and has no default"
        for name, column in found.items()
        if name not in own and not (column["nullable"] or column.get("default"))
    ]
    options = inspector.get_table_options(table.name)
    engine = options.get(f"{inspector.dialect.name}_engine")
    if engine not in (None, "InnoDB"):
        reasons.append(f"its engine {engine} has no transactions")
    if engine and not reasons:
        usual = options.get(f"{inspector.dialect.name}_collate")
        reasons += _merging(table, found, usual, _collation(inspector.dialect))
    if reasons:
        reason = f"table {quote_value(table.name)} has another shape: {'; '.join(reasons[:5])}"
        raise DatabaseError(
            place, reason, "rename that table, or name another with --table or --prefix."
        )


def _merging(table: PublishedTable, found: Any, usual: Any, needed: str) -> list[str]:
    """Return which columns of the key would take two customers, such as "a" and "A", for one."""
    used = {name: getattr(found[name]["type"], "collation", needed) or usual for name in table.key}
    return [
        f"column {quote_value(name)} has the collation {collation}, and needs {needed}, "
        "which tells all texts apart"
        for name, collation in used.items()
        if collation != needed
    ]


def _unfit(column: BiColumn, found: Any) -> str:
    """Return what keeps a column from taking the values of a kind; empty if nothing does."""
    if found is None:
        return "not there"
    try:
        kind = found["type"].python_type.__name__
    except NotImplementedError:
        kind = ""
    return "" if kind in FAMILIES[column.kind] else f"of the type {found['type']}"
