"""Take people out of published tables, whatever their names: all in one transaction."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from segpredict.core.database import DatabaseAddress
from segpredict.core.removal import Removal
from segpredict.report.database._schema import STAMP
from segpredict.report.database._tables import moves_table, run_tables, scores_table, shop_tables

if TYPE_CHECKING:
    import sqlalchemy as sa

CUSTOMER = "customer_id"


@contextmanager
def removing_from_database(
    address: DatabaseAddress, customers: Collection[str]
) -> Iterator[Removal]:
    """Yield the published tables without some customers; committed where nothing fails after it."""
    import sqlalchemy as sa

    with address.connect() as connection:
        rows: dict[str, int] = {}
        for table in _published(connection):
            is_gone = table.c[CUSTOMER].in_(list(customers))
            number = connection.execute(sa.delete(table).where(is_gone)).rowcount
            rows |= {table.name: number} if number else {}
        yield Removal(rows, (), lambda: None)


def people_in_database(
    address: DatabaseAddress, customers: Collection[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of some customers, by table."""
    import sqlalchemy as sa

    with address.connect() as connection:
        found = {}
        for table in _published(connection):
            wanted = sa.text("*")
            is_own = table.c[CUSTOMER].in_(list(customers))
            asked = sa.select(wanted).select_from(table).where(is_own)
            found[table.name] = [dict(row) for row in connection.execute(asked).mappings()]
    return {name: rows for name, rows in found.items() if rows}


def _published(connection: "sa.Connection") -> Iterator[Any]:
    """Yield the tables with customers that have the columns of published ones.

    A shop's own table of customers is none: it lacks them.
    """
    import sqlalchemy as sa

    kinds = (
        scores_table(""),
        moves_table(""),
        *run_tables("").values(),
        *shop_tables("").values(),
    )
    shapes = [{*kind.names, STAMP} for kind in kinds if CUSTOMER in kind.names]
    inspector = sa.inspect(connection)
    for name in inspector.get_table_names():
        columns = {column["name"] for column in inspector.get_columns(name)}
        if any(shape <= columns for shape in shapes):
            yield sa.table(
                sa.sql.quoted_name(name, quote=True),
                sa.column(sa.sql.quoted_name(CUSTOMER, quote=True)),
            )
