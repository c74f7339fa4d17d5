"""Logs of events and contacts: counts per customer, day and kind."""

from collections.abc import Mapping, Sequence

import polars as pl

from segpredict.config.side_tables import EventLogOptions
from segpredict.core.transactions import CONTACT_KINDS, CustomerLog, InputFile
from segpredict.data.side_tables.cells import parse_days, parse_number_column, read_cells
from segpredict.errors import ColumnMissingError, ContractError

NOT_AT_EVENT_TIME = ("opened",)  # happens after the row's own time, so it needs a row of its own


def read_event_log(
    options: EventLogOptions, data: str, kinds: Sequence[str]
) -> tuple[CustomerLog, tuple[InputFile, ...]]:
    """Return the log and what was read.

    Rows without a customer, of visitors who never signed in, are left out. A kind without a value
    or a column in the log is absent, not zero. A visit that goes on past midnight counts on both
    days.
    """
    roles = {"customer_id": "customer_id", "time": "time", **options.columns}
    given = read_cells(data, roles)
    known = given.frame.filter(pl.col("customer_id").is_not_null())
    section = "contacts" if set(kinds) <= set(CONTACT_KINDS) else "events"
    dated = known.with_columns(
        parse_days(known["time"], options.time_format, data, section).cast(pl.Int32).alias("day")
    ).drop_nulls("day")
    counted = (
        _from_words(dated, options.kinds, kinds)
        if "kind" in roles
        else _from_counts(dated, kinds, data)
    )
    keys = ["customer_id", "day"]
    frame = counted.group_by(keys).agg(pl.exclude(keys).sum()).sort(keys)
    if "session" in roles and "sessions" in kinds:
        visits = dated.group_by(keys).agg(
            sessions=pl.col("session").drop_nulls().n_unique().cast(pl.Int64)
        )
        frame = frame.drop("sessions", strict=False).join(
            visits, on=keys, how="left", maintain_order="left"
        )
    (start,) = frame.select(pl.col("day").min()).row(0)
    return CustomerLog(frame, start), given.facts


def _from_words(
    rows: pl.DataFrame, words: Mapping[str, Sequence[str]], kinds: Sequence[str]
) -> pl.DataFrame:
    named = {kind: list(words.get(kind, (kind,))) for kind in kinds}
    present = set(rows["kind"].drop_nulls().unique())
    there = [kind for kind, values in named.items() if present & set(values)]
    return rows.select(
        "customer_id",
        "day",
        *(
            pl.col("kind").is_in(named[kind]).fill_null(value=False).cast(pl.Int64).alias(kind)
            for kind in there
        ),
    )


def _from_counts(rows: pl.DataFrame, kinds: Sequence[str], data: str) -> pl.DataFrame:
    there = [kind for kind in kinds if kind in rows.columns and kind not in NOT_AT_EVENT_TIME]
    if not there and "session" not in rows.columns:
        raise ColumnMissingError(f"kind, or any of {', '.join(kinds)}", rows.columns, data)
    columns = []
    for kind in there:
        number = parse_number_column(rows[kind])
        if number is None:
            raise ContractError(
                f"The column of {kind} holds something that is no number.",
                fix="map a column of counts, or the column kind.",
                file=data,
                column=kind,
            )
        columns.append(number.fill_null(0).round().cast(pl.Int64).alias(kind))
    return rows.select("customer_id", "day").with_columns(columns)
