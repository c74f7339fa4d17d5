"""Write tables to a database, all in one transaction: everything is there afterwards, or nothing.

Rows go into a temporary table by the server's bulk load, and from there by one statement into
the table, by its key: what was published before is updated, never doubled. Columns that somebody
added keep their values. One process at a time publishes to a database; others wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from segpredict.analytics.transitions import LAPSED_STATE, NEW_STATE
from segpredict.core import database
from segpredict.core.database import DatabaseAddress
from segpredict.errors import DatabaseError
from segpredict.report.database import _schema as schema
from segpredict.report.database._tables import SLICE, PublishedTable, moves_table

if TYPE_CHECKING:
    import sqlalchemy as sa

INSERT_ROWS = 2_000  # rows of one INSERT, within the least `max_allowed_packet` in use
PIECE_ROWS = 100_000  # rows that stand in memory as text
STAGE = "segpredict_stage"
LOCK_NAME = "segpredict.publish"
SESSION = {
    "postgresql": ("SET LOCAL lock_timeout = '{lock}s'",),
    "mysql": (
        "SET SESSION lock_wait_timeout = {lock}",
        "SET SESSION innodb_lock_wait_timeout = {lock}",
        # A value that does not fit is an error, never cut.
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    ),
}


@dataclass(frozen=True, slots=True)
class DatabaseTarget:
    """Where tables are published.

    >>> DatabaseTarget(DatabaseAddress.parse("postgresql://db/sales")).create
    False
    """

    address: DatabaseAddress
    create: bool = False  # whether tables that are not there are made

    def prepare(self, scores: PublishedTable, others: Iterable[PublishedTable] = ()) -> None:
        """Find out whether tables can be written, before anything is computed for them."""
        with self.address.connect() as connection:
            _begin(connection)
            tables = [scores, moves_table(scores.name), *others]
            schema.prepare_tables(connection, self.address.name, tables, create=self.create)
            for table in tables:  # no rows of no day: only rights are needed
                _Stage(connection, table).publish(None)

    def write(
        self,
        scores: PublishedTable,
        slice_key: tuple[date, str],
        rows: Iterable[tuple[PublishedTable, pl.DataFrame]],
    ) -> Mapping[str, int]:
        """Write the rows of a day and model, and who moved since; return the rows of each table.

        Frames of a table may come one after the other, and between those of others.
        """
        stages: dict[str, _Stage] = {}
        with self.address.connect() as connection:
            _begin(connection)
            _lock(connection, self.address.name)
            for table, frame in rows:
                if table.name not in stages:
                    stages[table.name] = _Stage(connection, table, len(stages))
                stages[table.name].load(frame)
            for stage in stages.values():
                stage.publish(slice_key)
            moves = _Stage(connection, moves_table(scores.name))
            moves.fill(_moves(connection, scores, slice_key))
            moves.publish(slice_key)
        return {each.table.name: each.rows for each in (*stages.values(), moves)}


def _begin(connection: "sa.Connection") -> None:
    kind = "postgresql" if connection.dialect.name == "postgresql" else "mysql"
    for text in SESSION[kind] if connection.dialect.name in schema.WRITTEN_DIALECTS else ():
        connection.exec_driver_sql(text.format(lock=database.LOCK_SECONDS))


def _lock(connection: "sa.Connection", place: str) -> None:
    """Be the only one who publishes there; the lock goes with the connection."""
    import sqlalchemy as sa

    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": LOCK_NAME}
        )
        return
    asked = sa.text("SELECT get_lock(concat(:name, '.', left(database(), 40)), :seconds)")
    given = {"name": LOCK_NAME, "seconds": database.LOCK_SECONDS}
    if connection.execute(asked, given).scalar() != 1:
        raise DatabaseError(place, *database.LOCKED)


class _Stage:
    """A temporary table with the new rows of a table."""

    def __init__(self, connection: "sa.Connection", table: PublishedTable, number: int = 0) -> None:
        import sqlalchemy as sa

        self.connection, self.table, self.rows = connection, table, 0
        self.target = schema.sql_table(table, connection.dialect)
        is_postgresql = connection.dialect.name == "postgresql"
        columns = [self.target.c[name] for name in table.names]
        # PostgreSQL compares tables by hashes, the others row by row: that needs a key.
        is_key = dict.fromkeys(table.key, not is_postgresql)
        self.stage = sa.Table(
            f"{STAGE}_{number}",
            sa.MetaData(),
            *(
                sa.Column(
                    c.name, c.type, primary_key=is_key.get(c.name, False), autoincrement=False
                )
                for c in columns
            ),
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
            **{name: text for name, text in self.target.kwargs.items() if "engine" not in name},
        )
        self.stage.create(connection)

    def load(self, frame: pl.DataFrame) -> None:
        """Append rows by the server's bulk load."""
        self.rows += frame.height
        names = self.table.names
        rows = frame.select(names).with_columns(pl.col(pl.Float64).fill_nan(None))
        raw: Any = self.connection.connection.driver_connection
        quote = self.connection.dialect.identifier_preparer.quote_identifier
        listed = ", ".join(quote(name) for name in names)
        if self.connection.dialect.name == "postgresql":
            with raw.cursor() as cursor:
                statement = f"COPY {quote(self.stage.name)} ({listed}) FROM STDIN (FORMAT csv)"
                with cursor.copy(statement) as copy:
                    for piece in rows.iter_slices(PIECE_ROWS):
                        copy.write(piece.write_csv(include_header=False, quote_style="non_numeric"))
            return
        head = f"INSERT INTO {quote(self.stage.name)} ({listed}) VALUES "
        with raw.cursor() as cursor:
            for piece in rows.iter_slices(PIECE_ROWS):
                literals = piece.select(_mysql_row(piece.schema).alias("row"))["row"]
                for start in range(0, len(literals), INSERT_ROWS):
                    cursor.execute(head + ",".join(literals[start : start + INSERT_ROWS]))

    def fill(self, asked: "sa.Select[Any] | None") -> None:
        """Fill it with the rows of a question."""
        if asked is not None:
            insert = self.stage.insert().from_select(self.table.names, asked)
            self.rows += int(self.connection.execute(insert).rowcount)

    def publish(self, slice_key: tuple[date, str] | None) -> None:
        """Put the rows into the table, and take out those of its day that are no more.

        A table without days loses all others; without a day none does.
        """
        import sqlalchemy as sa

        names, key = self.table.names, self.table.key
        others = [name for name in names if name not in key]
        # In one order, so that two who write wait for each other instead of blocking.
        rows = sa.select(*(self.stage.c[n] for n in names)).order_by(
            *(self.stage.c[k] for k in key)
        )
        self.connection.execute(self._upsert(rows, names, others))
        if self.table.is_whole:
            same = [self.stage.c[name] == self.target.c[name] for name in key]
            here = self._of(slice_key)
            is_there = sa.exists().where(*same).correlate(self.target)
            self.connection.execute(self.target.delete().where(*here, ~is_there))
        is_postgresql = self.connection.dialect.name == "postgresql"
        # Without this word MySQL and MariaDB would commit what stands so far.
        kind = "TABLE" if is_postgresql else "TEMPORARY TABLE"
        self.connection.exec_driver_sql(f"DROP {kind} {self.stage.name}")

    def _of(self, slice_key: tuple[date, str] | None) -> list[Any]:
        """Return the condition for the rows of a day and model."""
        import sqlalchemy as sa

        if slice_key is None:
            return [sa.false()]
        days = zip(SLICE, slice_key, strict=True) if self.table.is_by_day else ()
        return [self.target.c[name] == value for name, value in days]

    def _upsert(
        self, rows: "sa.Select[Any]", names: Sequence[str], others: Sequence[str]
    ) -> "sa.Insert":
        import sqlalchemy as sa
        from sqlalchemy.dialects import mysql, postgresql

        if self.connection.dialect.name == "postgresql":
            insert = postgresql.insert(self.target).from_select(names, rows)
            new = insert.excluded
            # Rows that say the same stay as they are, and wake no trigger.
            differs = sa.or_(*(self.target.c[n].is_distinct_from(new[n]) for n in others))
            return insert.on_conflict_do_update(
                index_elements=list(self.table.key),
                set_={name: new[name] for name in others},
                where=differs,
            )
        write = mysql.insert(self.target).from_select(names, rows)
        # The alias of a new row is not known to MariaDB, VALUES() to both.
        return write.on_duplicate_key_update(
            {name: sa.func.values(sa.literal_column(self._quoted(name))) for name in others}
        )

    def _quoted(self, name: str) -> str:
        return self.connection.dialect.identifier_preparer.quote_identifier(name)


def _mysql_row(schema_of_rows: pl.Schema) -> pl.Expr:
    """Return rows as literals: as the driver writes them, for all rows at once.

    The session has neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES, so quote and backslash are all
    that a text must not hold bare.
    """
    cells = []
    for name, kind in schema_of_rows.items():
        cell = pl.col(name)
        if kind == pl.String:
            bare = cell.str.replace_all("\\", "\\\\", literal=True)
            cell = bare.str.replace_all("'", "''", literal=True)
        text = (cell.cast(pl.Int8) if kind == pl.Boolean else cell).cast(pl.String)
        quoted = pl.concat_str(pl.lit("'"), text, pl.lit("'"))
        cells.append(
            (text if kind.is_numeric() or kind == pl.Boolean else quoted).fill_null("NULL")
        )
    return pl.concat_str(pl.lit("("), pl.concat_str(cells, separator=","), pl.lit(")"))


def _moves(
    connection: "sa.Connection", table: PublishedTable, slice_key: tuple[date, str]
) -> "sa.Select[Any] | None":
    """Return the question for who moved since the day with the same segments before."""
    import sqlalchemy as sa

    scores = schema.sql_table(table, connection.dialect)
    day, model = slice_key
    now, before = scores.alias("now"), scores.alias("earlier")
    own = sa.select(sa.func.max(scores.c.segmentation)).where(
        scores.c.as_of == day, scores.c.model == model
    )
    segmentation = connection.execute(own).scalar()
    earlier = (
        sa.select(scores.c.as_of, scores.c.model)
        .where(scores.c.as_of < day, scores.c.segmentation == segmentation)
        # Of several models that day, this one, where it is among them.
        .order_by(scores.c.as_of.desc(), (scores.c.model == model).desc(), scores.c.model)
        .limit(1)
    )
    found = connection.execute(earlier).first()
    if found is None:
        return None

    def state(row: Any, column: str, lapsed: str) -> Any:
        return sa.case((row.c.is_eligible, row.c[column]), else_=sa.literal(lapsed))

    to_id = state(now, "segment_id", LAPSED_STATE.id)
    is_new = before.c.customer_id.is_(None)
    from_id = sa.case(
        (is_new, sa.literal(NEW_STATE.id)), else_=state(before, "segment_id", LAPSED_STATE.id)
    )
    from_name = sa.case(
        (is_new, sa.literal(NEW_STATE.name)), else_=state(before, "segment", LAPSED_STATE.name)
    )
    same = (before.c.customer_id == now.c.customer_id) & (before.c.as_of == found[0])
    return (
        sa.select(
            now.c.customer_id,
            now.c.as_of,
            now.c.model,
            sa.literal(found[0], sa.Date()),
            from_id,
            from_name,
            to_id,
            state(now, "segment", LAPSED_STATE.name),
        )
        .select_from(now.outerjoin(before, same & (before.c.model == found[1])))
        .where(now.c.as_of == day, now.c.model == model, from_id != to_id)
    )
