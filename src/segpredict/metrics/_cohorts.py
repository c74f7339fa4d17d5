"""Cohorts: customers by the month of their first order, followed month by month.

Who bought before the data began is taken for new in their first month, so the first
cohort is of other people than the rest: it stands for itself, and is left out where all
cohorts are taken together.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from segpredict.core.arrays import Ints
from segpredict.metrics._books import Books
from segpredict.metrics._figures import (
    ALL,
    lot_count,
    lots,
    shares,
    spread,
    table,
    valued,
)
from segpredict.metrics._months import (
    month_number,
    month_of,
    month_start,
    month_text,
)
from segpredict.tables import MONEY

CELL = ["cohort", "age"]
GRID = {
    "cohort": pl.Int32,
    "age": pl.Int32,
    "n": pl.Int64,
    "start": pl.Int32,
    "end": pl.Int32,
}


def cells(books: Books) -> pl.DataFrame:
    """Return every cohort at every age that the data touch.

    Returns
    -------
    polars.DataFrame
        ``cohort`` (number of the month), ``age`` (months since it), ``n`` (customers of
        the cohort), ``start`` and ``end`` (days of the month of that age) and
        ``is_whole``: whether the data cover that month to its end. Cells that they do
        not cover are censored: nobody can know their figures yet.
    """
    last = month_number(books.end_day - 1)
    sizes = _customers(books).group_by("cohort").len("n").sort("cohort")
    rows = [
        (cohort, age, n, month_start(cohort + age), month_start(cohort + age + 1))
        for cohort, n in sizes.iter_rows()
        for age in range(last - cohort + 1)
    ]
    return pl.DataFrame(rows, GRID, orient="row").with_columns(
        is_whole=pl.col("end") <= books.end_day
    )


def bounded(books: Books) -> pl.DataFrame:
    """Return how many of each cohort ordered in the month of each age."""
    return _ordered(books).group_by(CELL).len("part")


def rolling(books: Books) -> pl.DataFrame:
    """Return how many of each cohort ordered in the month of each age or later."""
    last = (
        _ordered(books)
        .group_by("customer", "cohort")
        .agg(pl.col("age").max())
        .group_by(CELL)
        .len("part")
    )
    return (
        cells(books)
        .join(last, on=CELL, how="left")
        .sort(CELL)
        .select(*CELL, pl.col("part").fill_null(0).cum_sum(reverse=True).over("cohort"))
    )


def retained(books: Books, counts: pl.DataFrame) -> pl.DataFrame:
    """Return shares of cohorts by age, cohort by cohort and over all of them."""
    known = (
        cells(books)
        .join(counts, on=CELL, how="left")
        .with_columns(
            part=pl.when("is_whole").then(pl.col("part").fill_null(0)).cast(pl.Int64),
            whole=pl.when("is_whole").then("n"),
        )
    )
    every = (
        known.filter("is_whole", pl.col("cohort") > month_number(books.first_day))
        .group_by("age")
        .agg(pl.col("n", "part", "whole").sum())
    )
    return _told(shares(known), shares(every))


def revenue(books: Books, *, cumulative: bool) -> pl.DataFrame:
    """Return revenue a customer of cohorts, cohort by cohort and over all of them.

    Parameters
    ----------
    books
        The shop.
    cumulative
        Whether the months before that of the age count, too.
    """
    known = cells(books)
    if known.is_empty():
        return table(known)
    shape = (lot_count(books), int(known["age"].to_numpy().max()) + 1)
    parts, wholes = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    told = []
    for cohort, part, whole in _strips(books, known, cumulative=cumulative):
        ages = part.shape[1]
        if cohort > month_number(books.first_day):
            parts[:, :ages] += part
            wholes[:, :ages] += whole
        told.append(_paid(books, part, whole).with_columns(cohort=cohort))
    cohorts = known.join(pl.concat(told).drop("n"), on=CELL, how="left")
    every = _paid(books, parts, wholes).filter(pl.col("n") > 0)
    return _told(cohorts, every)


def _strips(
    books: Books, known: pl.DataFrame, *, cumulative: bool
) -> Iterator[tuple[int, Ints, Ints]]:
    """Yield each cohort's revenue, lots × ages, and its customers, lots × 1."""
    people = _customers(books)
    people = people.with_columns(lot=lots(books).gather(people["customer"]))
    heads = people.group_by("cohort", "lot").len("whole")
    paid = (
        books.entries.filter(~pl.col("is_void"))
        .join(people, on="customer")
        .with_columns(age=month_of(pl.col("day")) - pl.col("cohort"))
        .group_by("cohort", "lot", "age")
        .agg(part=pl.col("amount").sum())
    )
    seen = known.group_by("cohort").agg(ages=pl.col("is_whole").sum()).sort("cohort")
    for cohort, ages in seen.iter_rows():
        own = heads.filter(pl.col("cohort") == cohort)
        sold = paid.filter(
            (pl.col("cohort") == cohort)
            & pl.col("age").is_between(0, ages, closed="left")
        )
        part = np.zeros((lot_count(books), ages), np.int64)
        part[sold["lot"].to_numpy(), sold["age"].to_numpy()] = sold["part"].to_numpy()
        whole = np.zeros((lot_count(books), 1), np.int64)
        whole[own["lot"].to_numpy(), 0] = own["whole"].to_numpy()
        yield cohort, part.cumsum(axis=1) if cumulative else part, whole


def _paid(books: Books, part: Ints, whole: Ints) -> pl.DataFrame:
    """Return revenue a customer by age, of sums by lot."""
    low, high = spread(books, part, whole)
    customers = np.broadcast_to(whole.sum(axis=0), low.shape)
    found = pl.DataFrame(
        {
            "age": pl.Series(np.arange(low.size), dtype=pl.Int32),
            "n": pl.Series(customers, dtype=pl.Int64),
            "part": pl.Series(part.sum(axis=0), dtype=pl.Int64),
            "whole": pl.Series(customers, dtype=pl.Int64),
        }
    )
    return valued(found, low, high, MONEY)


def _told(cohorts: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """Return the figures of cohorts, and after them those of all cohorts together."""
    named = cohorts.sort(CELL).with_columns(scope=month_text(pl.col("cohort")))
    whole = every.sort("age").with_columns(scope=pl.lit(ALL))
    return pl.concat([table(named), table(whole)])


def _customers(books: Books) -> pl.DataFrame:
    return books.customers.drop_nulls("first").select(
        "customer", cohort=month_of(pl.col("first"))
    )


def _ordered(books: Books) -> pl.DataFrame:
    """Return the months in which each customer ordered, as ages."""
    return (
        books.orders.join(_customers(books), on="customer")
        .select("customer", "cohort", age=month_of(pl.col("day")) - pl.col("cohort"))
        .unique()
    )
