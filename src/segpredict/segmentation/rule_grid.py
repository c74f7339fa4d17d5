"""The rule grid: scores of recency, frequency and spend, and a name for each code."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Annotated

import polars as pl
from pydantic import Field

from segpredict.config.segmentation import CutPoints, RfmCutPointOptions
from segpredict.core import schemas
from segpredict.core.state import from_plain, reading_stored
from segpredict.core.types import JSON
from segpredict.errors import ConfigError

RULE_GRID_VERSION = 2
GRID_COLUMNS = ("recency_days", "freq_days_364", "spend_364")
N_FIFTHS = 5
FIFTHS = RfmCutPointOptions()  # no cut points of the shop's own

RFM_CODES = tuple("".join(c) for c in product("12345", repeat=3))  # 111 … 555, once each

# Rows are recency scores 1 (long ago) to 5 (just now), columns frequency scores 1 to 5.
# Written out cell by cell, so that it is a partition without overlap or gap.
CELL_NAME_MAP = (
    ("Lost", "Lost", "At risk", "At risk", "Cannot lose"),
    ("Hibernating", "Hibernating", "At risk", "At risk", "Cannot lose"),
    ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    ("Promising", "Potential loyalist", "Potential loyalist", "Loyal", "Loyal"),
    ("New", "Potential loyalist", "Potential loyalist", "Champions", "Champions"),
)
MONETARY_LEVELS = ("Low", "Low", "Mid", "High", "High")  # of monetary scores 1 to 5


@dataclass(frozen=True, slots=True)
class FifthScale:
    """How one column becomes a score from 1 to 5, frozen."""

    column: str  # the column of the feature table
    # the values from which the scores 2, 3, 4 and 5 are given; ``None`` where that score is never
    # given
    cut_points: tuple[float | None, ...]
    scores_given: tuple[int, ...]  # the scores of the customers that it was fitted on
    is_reversed: bool = False  # whether small values are better, as with recency

    @classmethod
    def from_values(cls, values: pl.Series, *, is_reversed: bool = False) -> "FifthScale":
        """Return the scale that puts these values into fifths.

        A value's score depends on the share of customers strictly below it: 1 + the number of
        fifths that share has reached. So equal values get equal scores. Where all values are equal,
        the score is 3.
        """
        ranked = (-values if is_reversed else values).sort()
        if ranked[0] == ranked[-1]:
            middle = (ranked[0], ranked[0], None, None)
            return cls(values.name, middle, (3,), is_reversed)
        below = ranked.search_sorted(ranked, side="left").cast(pl.Int64)
        fifths = (below * N_FIFTHS) // len(ranked) + 1
        firsts = (ranked.filter(fifths >= score) for score in range(2, N_FIFTHS + 1))
        cuts = tuple(first[0] if len(first) else None for first in firsts)
        return cls(values.name, cuts, tuple(fifths.unique().sort().to_list()), is_reversed)

    @classmethod
    def from_cut_points(
        cls, values: pl.Series, cut_points: CutPoints, *, is_reversed: bool = False
    ) -> "FifthScale":
        """Return the scale of the shop's own rising cut points.

        A value scores 1 + the number of cut points it has reached; where small values are better,
        5 up to the first cut point, then 4, and so on.

        Raises `ConfigError` when a score would be given to none of these customers.
        """
        cuts = tuple(-cut for cut in reversed(cut_points)) if is_reversed else cut_points
        scale = cls(values.name, cuts, (), is_reversed)
        given = values.to_frame().select(scale.score_expression.unique().sort()).to_series()
        empty = sorted(set(range(1, N_FIFTHS + 1)) - set(given))
        if empty:
            least, most = values.cast(pl.Float64).sort().gather([0, -1]).to_list()
            raise ConfigError(
                f"In [segmentation.rfm_cut_points], no customer of the data has the score "
                f"{' or '.join(map(str, empty))} of {values.name}, by "
                f"{', '.join(f'{cut:,g}' for cut in cut_points)}.",
                fix=f"choose cut points between the values of the customers, {least:,g} to "
                f"{most:,g}, or leave these out, for fifths.",
            )
        return replace(scale, scores_given=tuple(given))

    @property
    def score_expression(self) -> pl.Expr:
        """The score of the column, 1 to 5."""
        ranked = -pl.col(self.column) if self.is_reversed else pl.col(self.column)
        passed = ((ranked >= c).cast(pl.Int8) for c in self.cut_points if c is not None)
        return pl.sum_horizontal(pl.lit(1, pl.Int8), *passed).cast(pl.Int8)

    @property
    def warning(self) -> str | None:
        """A sentence when fewer than five scores are given."""
        if len(self.scores_given) == N_FIFTHS:
            return None
        return (
            f"{self.column} gives only the scores {', '.join(map(str, self.scores_given))}: "
            "many customers share one value, and equal values score equally."
        )


@dataclass(frozen=True, slots=True)
class RuleGrid:
    """The rule grid with its cut points frozen.

    >>> two = [("a", 1.0, 9.0, 50.0), ("b", 90.0, 1.0, 2.0)]
    >>> grid = fit_rule_grid(pl.DataFrame(two, ["customer_id", *GRID_COLUMNS], orient="row"))
    >>> RuleGrid.from_state(grid.to_state()) == grid, grid.to_frame().height
    (True, 125)
    """

    # the scales of the three columns
    recency: FifthScale
    frequency: FifthScale
    monetary: FifthScale
    # the name of each of the 125 codes, in their order from 111 to 555
    names: Annotated[tuple[str, ...], Field(min_length=len(RFM_CODES))]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on scales that give fewer than five scores."""
        scales = (self.recency, self.frequency, self.monetary)
        return tuple(s.warning for s in scales if s.warning is not None)

    def to_frame(self) -> pl.DataFrame:
        """Return the 125 codes, one a row: ``code``, ``name``, ``level`` of spend."""
        levels = [MONETARY_LEVELS[int(code[2]) - 1] for code in RFM_CODES]
        return pl.DataFrame({"code": RFM_CODES, "name": self.names, "level": levels})

    def assign(self, customers: pl.DataFrame) -> pl.DataFrame:
        """Return the scores, code and name of each customer.

        ``customer_id``, ``r``, ``f``, ``m`` (Int8, 1 to 5), ``code`` such as ``"545"``, ``name``
        and ``level`` of spend (Low, Mid, High); sorted by customer.

        Raises `SchemaError` when a column is missing, empty in a row, or no number.
        """
        columns = (self.recency.column, self.frequency.column, self.monetary.column)
        rows = schemas.validate_schema(customers, schemas.numeric_schema(columns))
        return (
            rows.select(
                "customer_id",
                r=self.recency.score_expression,
                f=self.frequency.score_expression,
                m=self.monetary.score_expression,
            )
            .with_columns(code=pl.concat_str("r", "f", "m"))
            .join(self.to_frame(), on="code", how="left")
            .sort("customer_id")
        )

    def to_state(self) -> JSON:
        """Return the grid as plain JSON; `from_state` gives an equal one back."""
        return {"version": RULE_GRID_VERSION, **asdict(self)}

    @classmethod
    def from_state(cls, state: JSON) -> "RuleGrid":
        """Return the grid of a state.

        Raises `ArtifactError` when the state is of another version or lacks a part.
        """
        with reading_stored("rule grid", state, RULE_GRID_VERSION):
            return from_plain(cls, state)


def cell_name(recency: int, frequency: int) -> str:
    """Return the name of one cell of the grid."""
    return CELL_NAME_MAP[recency - 1][frequency - 1]


def code_names(custom_names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the name of each of the 125 codes, in their order."""
    known = {code[:length] for code in RFM_CODES for length in (2, 3)}
    invalid = [key for key, name in custom_names.items() if key not in known or not name.strip()]
    if invalid:
        raise ConfigError(
            f"In [segmentation.rule_grid_names], {invalid[0]!r} = {custom_names[invalid[0]]!r} "
            "names no code.",
            fix="give two scores from 1 to 5, recency and frequency, or three with "
            'spend, and a name: "55" = "Champions", "555" = "VIP".',
        )
    default_names = (cell_name(int(code[0]), int(code[1])) for code in RFM_CODES)
    pairs = zip(RFM_CODES, default_names, strict=True)
    return tuple(custom_names.get(c, custom_names.get(c[:2], name)).strip() for c, name in pairs)


def fit_rule_grid(
    customers: pl.DataFrame,
    columns: tuple[str, str, str] = GRID_COLUMNS,
    names: Mapping[str, str] | None = None,
    own: RfmCutPointOptions = FIFTHS,
) -> RuleGrid:
    """Return the grid whose cut points are the shop's own, or the fifths of these customers.

    The columns are days since the last order, purchase days, and spend. `names` replace default
    names of codes, such as ``{"555": "VIP"}``; see `code_names`. `own` are the cut points that the
    shop gives.

    Raises `SchemaError` when there are no customers, or a column is missing, empty in a row, or no
    number; `ConfigError` when a key is no code, or own cut points leave a score empty.

    >>> rows = [("a", 1.0, 9.0, 500.0), ("b", 20.0, 1.0, 20.0), ("c", 40.0, 4.0, 90.0)]
    >>> rows += [("d", 80.0, 3.0, 70.0), ("e", 160.0, 2.0, 60.0)]
    >>> shop = pl.DataFrame(rows, ["customer_id", *GRID_COLUMNS], orient="row")
    >>> fit_rule_grid(shop).assign(shop).select("code", "name", "level").row(0)
    ('555', 'Champions', 'High')
    """
    rows = schemas.validate_schema(customers, schemas.numeric_schema(columns, min_rows=1))
    given = (own.recency, own.frequency, own.spend)
    recency, frequency, monetary = (
        FifthScale.from_values(rows[column], is_reversed=is_reversed)
        if cuts is None
        else FifthScale.from_cut_points(rows[column], cuts, is_reversed=is_reversed)
        for column, cuts, is_reversed in zip(columns, given, (True, False, False), strict=True)
    )
    return RuleGrid(recency, frequency, monetary, code_names(names or {}))
