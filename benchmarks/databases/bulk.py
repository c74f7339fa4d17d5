"""Load frames into a server with the driver's own bulk load: the yardstick."""

import tempfile
from pathlib import Path

import polars as pl
import sqlalchemy as sa

KINDS = {
    pl.String: ("text", "text"),
    pl.Int64: ("bigint", "bigint"),
    pl.Float64: ("double precision", "double"),
    pl.Date: ("date", "date"),
    pl.Boolean: ("boolean", "tinyint(1)"),
    pl.Datetime: ("timestamp", "datetime(6)"),
    pl.Decimal: ("numeric(19,4)", "decimal(19,4)"),
}


def engine(url: str, **options: object) -> sa.Engine:
    """Return an engine of a server; ``local_infile`` is on, since this file is trusted."""
    extra = {"local_infile": True} if "pymysql" in url else {}
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args={**extra, **options})


def make_table(server: sa.Engine, name: str, frame: pl.DataFrame) -> None:
    """Make a table, empty, in place of any other of that name."""
    is_mysql = server.dialect.name in ("mysql", "mariadb")
    quote = server.dialect.identifier_preparer.quote_identifier
    columns = ", ".join(
        f"{quote(column)} {KINDS[type(kind) if type(kind) in KINDS else kind][is_mysql]}"
        for column, kind in frame.schema.items()
    )
    more = " ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_bin" if is_mysql else ""
    with server.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(name)}")
        connection.exec_driver_sql(
            f"CREATE TABLE {quote(name)} ({columns}){more}".replace("%", "%%")
        )


def bulk_load(server: sa.Engine, name: str, frame: pl.DataFrame) -> None:
    """Append a frame: COPY of PostgreSQL, LOAD DATA LOCAL of MariaDB."""
    quote = server.dialect.identifier_preparer.quote_identifier
    with server.begin() as connection:
        raw = connection.connection.driver_connection
        if server.dialect.name == "postgresql":
            with (
                raw.cursor() as cursor,
                cursor.copy(f"COPY {quote(name)} FROM STDIN (FORMAT csv)") as copy,
            ):
                for piece in frame.iter_slices(100_000):
                    copy.write(piece.write_csv(include_header=False, quote_style="non_numeric"))
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.csv")
            kinds = frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8))
            kinds.write_csv(
                path, include_header=False, quote_style="non_numeric", null_value="NULL"
            )
            with raw.cursor() as cursor:
                cursor.execute(
                    f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {quote(name)} CHARACTER SET "
                    "utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY ''"
                )
