"""The rule grid: recency and frequency in fifths, and a name for each of 25 cells."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import polars as pl

from segpredict import contracts
from segpredict.errors import ArtifactError
from segpredict.tables import JSON

VERSION = 1
COLUMNS = ("recency_days", "freq_days_364", "spend_364")
FIFTHS = 5

# Rows are recency scores 1 (long ago) to 5 (just now), columns frequency scores 1 to 5.
# Written out cell by cell, so that it is a partition: no overlap, no gap.
MAP = (
    ("Lost", "Lost", "At risk", "At risk", "Cannot lose"),
    ("Hibernating", "Hibernating", "At risk", "At risk", "Cannot lose"),
    ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    ("Promising", "Potential loyalist", "Potential loyalist", "Loyal", "Loyal"),
    ("New", "Potential loyalist", "Potential loyalist", "Champions", "Champions"),
)
LEVELS = ("Low", "Low", "Mid", "High", "High")  # of monetary scores 1 to 5


@dataclass(frozen=True, slots=True)
class Scale:
    """How one column becomes a score from 1 to 5, frozen.

    Parameters
    ----------
    column
        The column of the feature table.
    cuts
        From which value on the scores 2, 3, 4 and 5 are given; ``None`` where that
        score is never given.
    given
        The scores that the customers it was made from were given.
    is_reversed
        Whether small values are the good ones, as with recency.
    """

    column: str
    cuts: tuple[float | None, ...]
    given: tuple[int, ...]
    is_reversed: bool = False

    @classmethod
    def of(cls, values: pl.Series, *, is_reversed: bool = False) -> "Scale":
        """Return the scale that puts these values into fifths.

        Notes
        -----
        A value's score depends on the share of customers strictly below it: 1 + the
        number of fifths that share has reached. So equal values get equal scores,
        whoever bears them. Where all values are equal, nobody is better or worse, and
        the score is 3.
        """
        worth = (-values if is_reversed else values).sort()
        if worth[0] == worth[-1]:
            middle = (worth[0], worth[0], None, None)
            return cls(values.name, middle, (3,), is_reversed)
        below = worth.search_sorted(worth, side="left").cast(pl.Int64)
        fifths = (below * FIFTHS) // len(worth) + 1
        firsts = (worth.filter(fifths >= score) for score in range(2, FIFTHS + 1))
        cuts = tuple(first[0] if len(first) else None for first in firsts)
        given = tuple(fifths.unique().sort().to_list())
        return cls(values.name, cuts, given, is_reversed)

    @property
    def score(self) -> pl.Expr:
        """The score of the column, 1 to 5."""
        worth = -pl.col(self.column) if self.is_reversed else pl.col(self.column)
        passed = ((worth >= c).cast(pl.Int8) for c in self.cuts if c is not None)
        return pl.sum_horizontal(pl.lit(1, pl.Int8), *passed).cast(pl.Int8)

    @property
    def notice(self) -> str | None:
        """A sentence when fewer than five scores are given."""
        if len(self.given) == FIFTHS:
            return None
        listed = ", ".join(map(str, self.given))
        return (
            f"{self.column} gives only the scores {listed}: "
            "many customers share one value, and equal values score equally."
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """The rule grid with its cut points frozen.

    Parameters
    ----------
    recency, frequency, monetary
        The scales of the three columns.
    """

    recency: Scale
    frequency: Scale
    monetary: Scale

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences on scales that give fewer than five scores."""
        scales = (self.recency, self.frequency, self.monetary)
        return tuple(s.notice for s in scales if s.notice is not None)

    def assign(self, customers: pl.DataFrame) -> pl.DataFrame:
        """Return the scores, code and name of each customer.

        Parameters
        ----------
        customers
            ``customer_id`` and the three columns of the scales.

        Returns
        -------
        polars.DataFrame
            ``customer_id``, ``r``, ``f``, ``m`` (Int8, 1 to 5), ``code`` such as
            ``"545"``, ``name`` and ``level`` of spend (Low, Mid, High); sorted by
            customer.

        Raises
        ------
        TableError
            When a column is missing, empty in a row, or no number.
        """
        columns = (self.recency.column, self.frequency.column, self.monetary.column)
        rows = contracts.check(customers, contracts.numbers(columns))
        fifths = range(1, FIFTHS + 1)
        cells = [{"r": r, "f": f, "name": cell(r, f)} for r in fifths for f in fifths]
        names = pl.DataFrame(cells, {"r": pl.Int8, "f": pl.Int8, "name": pl.String})
        levels = pl.lit(pl.Series(LEVELS)).gather(pl.col("m") - 1)
        return (
            rows.select(
                "customer_id",
                r=self.recency.score,
                f=self.frequency.score,
                m=self.monetary.score,
            )
            .with_columns(code=pl.concat_str("r", "f", "m"))
            .join(names, on=["r", "f"], how="left")
            .with_columns(level=levels)
            .sort("customer_id")
        )

    def state(self) -> JSON:
        """Return the grid as plain JSON; `from_state` gives an equal one back."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_state(cls, state: JSON) -> "Grid":
        """Return the grid of a state.

        Raises
        ------
        ArtifactError
            When the state is of another version or lacks a part.
        """
        if not isinstance(state, Mapping) or state.get("version") != VERSION:
            raise ArtifactError(
                "The stored rule grid is not of a version that this segpredict reads.",
                fix="run again with this version, or install the one that wrote it.",
            )
        try:
            scales = ("recency", "frequency", "monetary")
            return cls(*(_scale(state[name]) for name in scales))
        except (KeyError, TypeError) as error:
            raise ArtifactError(
                f"The stored rule grid is incomplete: {error}.",
                fix="restore the run folder, or run again.",
            ) from None


def _scale(state: Mapping[str, JSON]) -> Scale:
    lists = {name: tuple(state[name]) for name in ("cuts", "given")}
    return Scale(**{**state, **lists})


def cell(r: int, f: int) -> str:
    """Return the name of one cell of the grid.

    Examples
    --------
    >>> cell(5, 4), cell(1, 5)
    ('Champions', 'Cannot lose')
    """
    return MAP[r - 1][f - 1]


def fit_grid(customers: pl.DataFrame, columns: tuple[str, str, str] = COLUMNS) -> Grid:
    """Return the grid whose cut points are the fifths of these customers.

    Parameters
    ----------
    customers
        ``customer_id`` and three columns of numbers, one row a customer.
    columns
        Days since the last order, purchase days, and spend.

    Raises
    ------
    TableError
        When there are no customers, or a column is missing, empty in a row, or no
        number.

    Examples
    --------
    >>> import polars as pl
    >>> shop = pl.DataFrame({
    ...     "customer_id": list("abcde"),
    ...     "recency_days": [1.0, 20.0, 40.0, 80.0, 160.0],
    ...     "freq_days_364": [9.0, 1.0, 4.0, 3.0, 2.0],
    ...     "spend_364": [500.0, 20.0, 90.0, 70.0, 60.0],
    ... })
    >>> fit_grid(shop).assign(shop).select("code", "name", "level").row(0)
    ('555', 'Champions', 'High')
    """
    rows = contracts.check(customers, contracts.numbers(columns, least=1))
    recency, frequency, monetary = (rows[c] for c in columns)
    return Grid(
        Scale.of(recency, is_reversed=True), Scale.of(frequency), Scale.of(monetary)
    )
