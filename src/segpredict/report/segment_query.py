"""Frozen segments as one query, which a database answers from its own order lines."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from segpredict.core.database import import_extra
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import UsageError, quote_value
from segpredict.segmentation import Segmentation
from segpredict.segmentation.algorithms import GridCells, NearestCentre
from segpredict.segmentation.inputs import InputAxis
from segpredict.segmentation.own_segments import OWN_ALGORITHM

DIALECTS = {  # and how sqlglot calls each
    "duckdb": "duckdb",
    "postgresql": "postgres",
    "mysql": "mysql",
    "bigquery": "bigquery",
    "snowflake": "snowflake",
}
UNTRIED = ("bigquery", "snowflake")
LINES_TABLE = "segpredict_lines"  # what `segpredict publish` calls the lines
LINE_COLUMNS = ("customer_id", "date", "amount", "is_return", "void_date")  # all queries read these

# The clustering inputs in sqlglot's own dialect. Money and units become whole numbers of 10⁻⁴
# line by line, as in cleaning, so that no sum of them is rounded; moments become days.
BOUGHT = "CASE WHEN NOT is_return THEN {} END"
BOUGHT_ON = BOUGHT.format("CAST(date AS DATE)")
WHOLE = f"CAST(ROUND(CAST({{}} AS DECIMAL(19, 4)) * {MONEY_SCALE}, 0) AS BIGINT)"
# MySQL and MariaDB compare texts as a table's collation says: mostly "a", "A" and "a " are one.
AS_IS = ("{}", "{}")
BY_BYTES = {  # from a text to its bytes, and back
    "mysql": (
        "CAST(CAST({} AS CHAR CHARACTER SET utf8mb4) AS BINARY)",
        "CAST({} AS CHAR CHARACTER SET utf8mb4)",
    )
}
INPUTS = {
    "spend": f"SUM({WHOLE.format('amount')})",
    "days": f"COUNT(DISTINCT {BOUGHT_ON})",
    "recency": f"DATE_DIFF(cutoff, MAX({BOUGHT_ON}), DAY)",
    "products": "COUNT(DISTINCT CASE WHEN NOT is_return AND NOT product_id IS NULL "
    "THEN CONCAT(CAST(order_key AS TEXT), ' ', {product_id}) END)",
    "units": f"SUM(CASE WHEN is_return THEN 0 ELSE {WHOLE.format('quantity')} END)",
    "refunds": f"SUM(CASE WHEN is_return THEN -{WHOLE.format('amount')} ELSE 0 END)",
}
GIVEN_TABLE = "segpredict_given_table"  # stands for the table until its name is put there
MORE_COLUMNS = {"products": ("order_key", "product_id"), "units": ("quantity",)}


@dataclass(frozen=True, slots=True)
class SegmentQuery:
    """The question for every customer's segment on a day, as `Segmentation.assign` answers it.

    The table has one row a line and the columns of the star schema's ``lines``, or at least
    `line_columns`. Customers without an order in the window are inactive.

    Raises `UsageError` when the algorithm's groups are neither nearest centres nor rules.

    Examples
    --------
    >>> from segpredict.segmentation import fit_segmentation
    >>> schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    >>> bought = [(f"c{n:02}", 91, 4 ** (n % 3), 90_000 * 4 ** (n % 3)) for n in range(30)]
    >>> found = fit_segmentation(pl.DataFrame(bought, schema, orient="row"))
    >>> SegmentQuery(found, date(2024, 5, 1)).line_columns
    ('customer_id', 'date', 'amount', 'is_return', 'void_date')
    """

    segmentation: Segmentation
    cutoff: date  # lines on or after this day are not seen
    table: str = LINES_TABLE  # the table of lines, as its database writes the name

    def __post_init__(self) -> None:
        is_own = self.segmentation.algorithm == OWN_ALGORITHM
        if is_own or not isinstance(self._rule, NearestCentre | GridCells):
            raise UsageError(
                f"Segments of {quote_value(self.segmentation.algorithm)} cannot be written as a "
                "query.",
                fix="those of kmeans and rules can; others go into a database by "
                "`segpredict publish`.",
            )

    @property
    def line_columns(self) -> tuple[str, ...]:
        """The columns of the table that are read."""
        return LINE_COLUMNS + tuple(c for name in self._inputs for c in MORE_COLUMNS.get(name, ()))

    def in_dialect(self, dialect: str) -> str:
        """Return the query as text, in a dialect of `DIALECTS`.

        Raises `ExtraMissingError` when sqlglot is not installed; `UsageError` when no table can
        have such a name in this dialect.
        """
        sqlglot = import_extra("sqlglot", "A query", "sql")
        known = DIALECTS[dialect]
        exp = sqlglot.exp
        try:
            table = sqlglot.parse_one(self.table, into=exp.Table, dialect=known)
        except sqlglot.errors.SqlglotError:
            table = None
        named = {"this", "db", "catalog"}
        if (
            table is None
            or not isinstance(table.this, exp.Identifier)
            or not named.issuperset(part for part, value in table.args.items() if value)
        ):
            raise UsageError(
                f"{quote_value(self.table)} is no name of a table in {dialect}.",
                fix="write it as in a query there: quoted, where it is no plain word.",
            )
        for part in table.walk():
            part.pop_comments()
        tree = sqlglot.parse_one(self._text(*BY_BYTES.get(dialect, AS_IS)))
        for place in list(tree.find_all(exp.Table)):
            if place.name == GIVEN_TABLE:
                place.replace(table.copy())
        query = tree.sql(dialect=known, pretty=True)
        return "\n".join([*self._header(dialect), f"{query};\n"])

    def _header(self, dialect: str) -> Iterator[str]:
        yield f"-- The segment of every customer, by purchases of {self.segmentation.horizon} days."
        yield f"-- One row of the table is a line with {', '.join(self.line_columns)}."
        yield "-- For another day change the cutoff: lines on or after it are not seen."
        if dialect in UNTRIED:
            yield f"-- This query was parsed, and has never been run on {dialect}."

    @property
    def _rule(self) -> Any:
        return self.segmentation.clusters.assignment_rule

    @property
    def _axes(self) -> tuple[InputAxis, ...]:
        """The axes that decide: of a grid only the first ones."""
        is_grid = isinstance(self._rule, GridCells)
        return self.segmentation.axes[: len(self._rule.cut_points) if is_grid else None]

    @property
    def _inputs(self) -> list[str]:
        """The clustering inputs that decide."""
        of_rules = {rule.column for rule in self.segmentation.segment_rules}
        columns = {axis.column for axis in self._axes} | of_rules
        return [name for name in INPUTS if name in columns]

    def _text(self, to_bytes: str, to_text: str) -> str:
        """Return the query in sqlglot's own dialect; texts are told apart by their bytes."""
        customer, product = to_bytes.format("customer_id"), to_bytes.format("product_id")
        named = customer if customer == "customer_id" else f"{customer} AS customer_id"
        names = {_quoted(s.id): s.name for s in self.segmentation.segments}
        measures = ", ".join(
            f"{INPUTS[name].format(product_id=product)} AS {name}" for name in self._inputs
        )
        is_grid = isinstance(self._rule, GridCells)
        steps = self._cells() if is_grid else self._distances()
        group = self._segment_of_cell() if is_grid else self._nearest()
        rules = " ".join(
            f"WHEN {rule.column} >= {rule.min_value} THEN {_quoted(rule.id)}"
            for rule in self.segmentation.segment_rules  # the first that holds decides
        )
        found = f"CASE {rules} ELSE {group} END" if rules else group
        inactive = next(s.id for s in self.segmentation.segments if s.code == INACTIVE_CODE)
        segment_id = f"COALESCE(segment_id, {_quoted(inactive)})"
        return f"""
            WITH seg_question AS (
              SELECT CAST('{self.cutoff.isoformat()}' AS DATE) AS cutoff
            ), seg_customers AS (
              SELECT DISTINCT {named} FROM {GIVEN_TABLE} CROSS JOIN seg_question
              WHERE date < cutoff
            ), seg_inputs AS (
              SELECT {named}, {measures} FROM {GIVEN_TABLE} CROSS JOIN seg_question
              WHERE date >= DATE_SUB(cutoff, {self.segmentation.horizon}, DAY) AND date < cutoff
                AND (void_date IS NULL OR void_date >= cutoff)
              GROUP BY {customer}, cutoff HAVING COUNT({BOUGHT.format("1")}) > 0
            ), {steps}, seg_found AS (
              SELECT customer_id, {found} AS segment_id FROM seg_placed
            )
            SELECT {to_text.format("seg_customers.customer_id")} AS customer_id,
              {segment_id} AS segment_id,
              {_case(segment_id, names)} AS segment
            FROM seg_customers LEFT JOIN seg_found
              ON seg_found.customer_id = seg_customers.customer_id
        """

    def _distances(self) -> str:
        """Return the steps from the inputs to the distances ``d1`` … ``dk`` to the centres."""
        axes = ", ".join(f"{_standardised(a)} AS x{n}" for n, a in enumerate(self._axes, 1))
        distances = ", ".join(
            f"SQRT({' + '.join(_square(n, at) for n, at in enumerate(centre, 1))}) AS d{nth}"
            for nth, centre in enumerate(self._rule.centres.tolist(), 1)
        )
        return f"""
            seg_points AS (SELECT seg_inputs.*, {axes} FROM seg_inputs),
            seg_placed AS (SELECT seg_points.*, {distances} FROM seg_points)
        """

    def _nearest(self) -> str:
        """Return the segment of the nearest centre; of equally near ones that of the first."""
        distances = [f"d{nth}" for nth in range(1, self._rule.k + 1)]
        least = f"LEAST({', '.join(distances)})" if len(distances) > 1 else distances[0]
        return _case(least, dict(zip(distances, self._group_ids, strict=True)))

    def _cells(self) -> str:
        """Return the step from the inputs to the cell of the grid, by limits in whole numbers."""
        cell = "0"
        for axis, cuts in zip(self._axes, self._rule.cut_points, strict=True):
            reached = (f"CASE WHEN {_reaches(axis, cut)} THEN 1 ELSE 0 END" for cut in cuts)
            above = f"({cell}) * {len(cuts) + 1} + " if cell != "0" else ""
            cell = above + (" + ".join(reached) or "0")
        return f"seg_placed AS (SELECT seg_inputs.*, {cell} AS cell FROM seg_inputs)"

    def _segment_of_cell(self) -> str:
        cells: dict[str, list[str]] = {}
        for cell, group in enumerate(self._rule.groups):
            cells.setdefault(self._group_ids[group], []).append(str(cell))
        whens = (f"WHEN cell IN ({', '.join(c)}) THEN {_quoted(s)}" for s, c in cells.items())
        return f"CASE {' '.join(whens)} END"

    @property
    def _group_ids(self) -> list[str]:
        ids = {segment.code: segment.id for segment in self.segmentation.segments}
        return [ids[code] for code in self.segmentation.group_codes]


def _standardised(axis: InputAxis) -> str:
    """Return `InputAxis.standardized` in words of SQL, operation by operation."""
    clipped = f"LEAST(GREATEST({axis.column}, {max(axis.low, 0)}), {max(axis.high, 0)})"
    log = f"LN(1 + CAST({clipped} AS DOUBLE) * {_number(1.0 / axis.unit)})"
    return f"({log} {_minus(axis.mean)}) * {_number(1.0 / axis.scale)}"


def _square(axis: int, at: float) -> str:
    return f"(x{axis} {_minus(at)}) * (x{axis} {_minus(at)})"


def _reaches(axis: InputAxis, cut: float) -> str:
    """Return the condition that a standardised value is at least a cut point."""

    def value(whole: int) -> float:
        rows = pl.DataFrame({axis.column: [whole]}, schema={axis.column: pl.Int64})
        return float(rows.select(axis.standardized).item())

    low, high = max(axis.low, 0), max(axis.high, 0)
    least = low + bisect_left(range(low, high + 1), cut, key=value)
    if least == low:  # clipping raises all others to it
        return "TRUE"
    return f"{axis.column} >= {least}" if least <= high else "FALSE"


def _minus(value: float) -> str:
    return f"- {_number(value)}" if value >= 0 else f"+ {_number(-value)}"


def _number(value: float) -> str:
    """Return a number with an exponent, by which databases know it from a decimal."""
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def _case(asked: str, answers: Mapping[str, str]) -> str:
    """Return a text for each value that an expression may have."""
    whens = (f"WHEN {value} THEN {_quoted(text)}" for value, text in answers.items())
    return f"CASE {asked} {' '.join(whens)} END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
