"""The tables that are published to a database: those of the star schema, by day and model."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from segpredict.report.bi import BI_TABLES, BiColumn

DECLARED = {
    name: {column: BiColumn(column, **words) for column, words in part["columns"].items()}
    for name, part in tomllib.loads(
        Path(__file__).with_name("tables.toml").read_text(encoding="utf-8")
    ).items()
}
KEY = DECLARED["key"]
SLICE = ("as_of", "model")  # what is published together
SHOP_TABLES = ("customers", "orders", "lines", "dates", "products")
MOVES_SUFFIX, TODAY_SUFFIX = "_moves", "_today"


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table of a database."""

    name: str
    meaning: str
    key: tuple[str, ...]  # columns that name a row
    columns: tuple[BiColumn, ...]  # all columns, those of the key first
    # Whether all rows (of a day and model) are given: then those that are no more are removed.
    is_whole: bool = True
    view: str | None = None  # the name of the view of its newest day, if there is one

    @property
    def is_by_day(self) -> bool:
        """Whether it keeps the rows of each day and model, and not only the newest."""
        return set(SLICE) <= set(self.names)

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return [column.name for column in self.columns]


def scores_table(name: str) -> PublishedTable:
    """Return the table of scores: it grows by a day and model, and no customer is removed."""
    own = DECLARED["scores"]
    known = [c for c in _bi_columns("scores") if c.name not in (*own, *KEY)]
    key = ("customer_id", *SLICE)
    meaning = "Scores of customers: segment now, forecast, money, by day and model."
    return PublishedTable(
        name,
        meaning,
        key,
        (*(KEY[n] for n in key), *own.values(), *known),
        is_whole=False,
        view=name + TODAY_SUFFIX,
    )


def moves_table(scores: str) -> PublishedTable:
    """Return the table of who entered and left each segment."""
    meaning = "Who entered and left each segment, since the day that was published before."
    return _table(scores + MOVES_SUFFIX, meaning, ("customer_id", *SLICE), DECLARED["moves"])


def run_tables(prefix: str) -> dict[str, PublishedTable]:
    """Return the tables of a run but the scores, by what they hold."""
    bi = {table.name: table for table in BI_TABLES}
    keys = {
        "segments": (*SLICE, "segment_id"),
        "probabilities": ("customer_id", *SLICE, "segment_id"),
        "transitions": (*SLICE, "row"),
        "kpis": (*SLICE, "row"),
    }
    found = {
        name: _table(prefix + name, bi[name].meaning, key, {c.name: c for c in bi[name].columns})
        for name, key in keys.items()
    }
    meaning = "The customers that each campaign of the run lists, with their arms."
    key = ("customer_id", *SLICE, "campaign")
    found["campaigns"] = _table(f"{prefix}campaigns", meaning, key, DECLARED["campaigns"])
    return {n: replace(table, view=table.name + TODAY_SUFFIX) for n, table in found.items()}


def shop_tables(prefix: str) -> dict[str, PublishedTable]:
    """Return the tables of the shop itself, which hold what is known now, by their names in BI."""
    return {
        table.name: PublishedTable(
            prefix + table.name,
            f"{table.meaning} Replaced each time.",
            tuple(column.name for column in table.columns if column.key == "primary"),
            table.columns,
        )
        for table in BI_TABLES
        if table.name in SHOP_TABLES
    }


def _table(
    name: str, meaning: str, key: tuple[str, ...], own: dict[str, BiColumn]
) -> PublishedTable:
    known = {**KEY, **own}
    rest = [column for column in own.values() if column.name not in key]
    return PublishedTable(name, meaning, key, (*(known[n] for n in key), *rest))


def _bi_columns(table: str) -> tuple[BiColumn, ...]:
    return next(each.columns for each in BI_TABLES if each.name == table)
