"""Segments as a query: every customer's segment is that of `assign`, on every database there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

import shop
from segpredict.config.segmentation import (
    OverrideOptions,
    SegmentationOptions,
    SegmentRuleOptions,
)
from segpredict.core.run_folder import open_run
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date
from segpredict.errors import UsageError
from segpredict.features import clustering_inputs
from segpredict.pipeline import loading
from segpredict.report.bi import BI_TABLES
from segpredict.report.segment_query import DIALECTS, LINES_TABLE, SegmentQuery
from segpredict.segmentation import Segmentation, fit_segmentation
from segpredict.segmentation.algorithms import Clusters, GridCells, NearestCentre
from segpredict.segmentation.algorithms._assignment_rule import AssignmentRule, NearestLandmarks
from segpredict.segmentation.inputs import InputAxis
from segpredict.segmentation.model import SegmentRule
from segpredict.segmentation.own_segments import OWN_ALGORITHM

sqlglot = pytest.importorskip("sqlglot")
duckdb = pytest.importorskip("duckdb")

Answer = Callable[[Segmentation, Transactions, int], dict[str, str]]
ALL_INPUTS = ("recency", "products", "units", "refunds")
HOSTILE = ["it's; DROP TABLE x; --", 'a "b" `c` \\', "😀 ünï\nnew line", "${x} %s :y {{z}} /* ?"]


def lines_of(made: Transactions) -> pl.DataFrame:
    """Return the lines as the star schema has them, as far as queries read them."""
    money = (
        (pl.col(name).cast(pl.Decimal(38, 4)) / 10_000).cast(pl.Decimal(19, 4)).alias(name)
        for name in ("amount", "quantity")
    )
    order = pl.struct("customer_id", "order_id", "day", "is_return").rank("dense").cast(pl.Int64)
    days = {"date": pl.col("day").cast(pl.Date), "void_date": pl.col("void_day").cast(pl.Date)}
    return made.lines.with_columns(*money, **days, order_key=order).select(COLUMNS).collect()


COLUMNS = (
    *("customer_id", "order_key", "date", "product_id", "quantity", "amount", "is_return"),
    "void_date",
)
DIALECT_OF = {"postgresql": "postgresql", "mariadb": "mysql"}
TYPES = (
    "customer_id varchar(64), order_key bigint, date date, product_id varchar(64), "
    "quantity decimal(19,4), amount decimal(19,4), is_return boolean, void_date date"
)


def in_duckdb(segmentation: Segmentation, made: Transactions, cutoff: int) -> dict[str, str]:
    connection = duckdb.connect()
    connection.register(LINES_TABLE, lines_of(made).to_arrow())
    text = SegmentQuery(segmentation, as_date(cutoff)).in_dialect("duckdb")
    return {row[0]: row[1] for row in connection.sql(text).fetchall()}


def on_server(server) -> Answer:
    def answer(segmentation: Segmentation, made: Transactions, cutoff: int) -> dict[str, str]:
        server.run(f"DROP TABLE IF EXISTS {LINES_TABLE}")
        load(server, LINES_TABLE, lines_of(made).rows())
        text = SegmentQuery(segmentation, as_date(cutoff)).in_dialect(DIALECT_OF[server.kind])
        return {row[0]: row[1] for row in server.run(text.replace("%", "%%"))}

    return answer


def load(server, name: str, rows: list[tuple[object, ...]]) -> None:
    is_mariadb = server.kind == "mariadb"
    text = "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if is_mariadb else "varchar(64)"
    server.load(name, TYPES.replace("varchar(64)", text), rows)


def assigned(segmentation: Segmentation, made: Transactions, cutoff: int) -> dict[str, str]:
    """Return what the package says: the segment of every customer with a line before the cutoff."""
    window = (cutoff - segmentation.horizon, cutoff)
    inputs = clustering_inputs(made, [window], segmentation.extra_inputs)
    known = made.lines.filter(pl.col("day") < cutoff).select("customer_id").unique().collect()
    ids = {segment.code: segment.id for segment in segmentation.segments}
    codes = dict(segmentation.assign(inputs).select("customer_id", "segment").rows())
    return {customer: ids[codes.get(customer, 0)] for customer in known["customer_id"]}


@pytest.fixture(scope="module")
def random_shop() -> Transactions:
    """Return a random shop, of which some orders were wholly refunded after 20 days."""
    world = shop.world(customers=120, days=300)
    number = pl.col("order_id").str.extract(r"(\d+)").cast(pl.Int32)
    is_void = ~pl.col("is_return") & (number % 11 == 0)
    void = pl.when(is_void).then(pl.col("day") + 20).cast(pl.Int32).alias("void_day")
    return replace(world, lines=world.lines.with_columns(void))


def fitted(made: Transactions, **settings: object) -> Segmentation:
    plain = {"k": 4, "n_init": 1, "min_customers": 0, "min_share": 0, "max_share": 1}
    options = SegmentationOptions(**{**plain, **settings})  # type: ignore[arg-type]
    inputs = clustering_inputs(made, [(90, 190), (190, 290)], ALL_INPUTS)
    return fit_segmentation(inputs, options, horizon=100)


OVERRIDES = OverrideOptions(
    merged=(("S1", "S2"),),
    rules={
        "Whales": SegmentRuleOptions(column="spend", top_share=0.05),
        "Senders": SegmentRuleOptions(column="refunds", top_share=0.05),
    },
)


@pytest.mark.parametrize("inputs", ["rfm", "wide"])
@pytest.mark.parametrize("algorithm", ["kmeans", "rules"])
def test_every_customer_has_the_segment_of_assign(random_shop, algorithm, inputs) -> None:
    found = fitted(random_shop, algorithm=algorithm, inputs=inputs)
    expected = assigned(found, random_shop, 299)
    assert in_duckdb(found, random_shop, 299) == expected
    assert len(set(expected.values())) == 5


def test_rules_merged_groups_and_weights_are_in_the_query(random_shop) -> None:
    found = fitted(random_shop, overrides=OVERRIDES)
    expected = assigned(found, random_shop, 300)
    assert in_duckdb(found, random_shop, 300) == expected
    assert set(expected.values()) == {segment.id for segment in found.segments}


def test_servers_give_every_customer_the_segment_of_assign(random_shop, server) -> None:
    ask = on_server(server)
    for settings in ({"inputs": "wide", "overrides": OVERRIDES}, {"algorithm": "rules"}):
        found = fitted(random_shop, **settings)
        assert ask(found, random_shop, 299) == assigned(found, random_shop, 299)


SPEND = InputAxis("spend", 10_000, 0, 100_0000)
BUYS = [("nothing", 0), ("little", 2), ("much", 90)]

# Boundaries. The window is [10, 20). Spend is clipped to 0 … 100, so that everybody without a net
# spend stands at log(1) = 0, exactly between the first two centres.
PLANTED = {
    "between two centres": ([(12, 5.0), (13, -5.0)], "S1"),
    "negative spend": ([(12, 5.0), (13, -9.0)], "S1"),
    "at the upper limit": ([(12, 100.0)], "S3"),
    "above the upper limit": ([(12, 100.0001)], "S3"),
    "far above the upper limit": ([(12, 90_000.0)], "S3"),
    "first day of the window": ([(10, 100.0)], "S3"),
    "the day before the window": ([(9, 100.0)], "S0"),
    "last day of the window": ([(19, 100.0)], "S3"),
    "only returns": ([(12, -5.0)], "S0"),
    "order before, return inside": ([(9, 100.0), (12, -100.0)], "S0"),
    "refunded before the cutoff": ([(12, 100.0, 19)], "S0"),
    "refunded on the cutoff": ([(12, 100.0, 20)], "S3"),
    "in_another_case": ([(12, 100.0)], "S3"),
    "IN_ANOTHER_CASE": ([(12, -1.0)], "S0"),
    **{name: ([(12, 100.0)], "S3") for name in HOSTILE},
}


def planted_shop() -> Transactions:
    rows = [
        (customer, f"{customer} {nth}", day, amount, rest[0] if rest else None)
        for customer, (lines, _) in PLANTED.items()
        for nth, (day, amount, *rest) in enumerate(lines)
    ]
    rows.append(("on the cutoff", "later", 20, 100.0, None))
    names = {"customer_id": pl.String, "order_id": pl.String, "day": pl.Int32}
    types = {**names, "amount": pl.Float64, "void_day": pl.Int32}
    return shop.transactions(pl.DataFrame(rows, types, orient="row"))


def planted_segments(rule: AssignmentRule | None = None) -> Segmentation:
    """Return segments of spend alone; without the limit, 120 and more would be nearest to S4."""
    centres = np.array([[-1.0], [1.0], [4.0], [5.6], [4.0]])[: rule.k if rule else None]
    names = ("One", *HOSTILE)
    return Segmentation(
        horizon=10,
        fit_end=10,
        axes=(SPEND,),
        clusters=Clusters(rule or NearestCentre(centres), centres),
        segments=(
            Segment(0, "S0", "Nobody"),
            *(Segment(code, f"S{code}", name) for code, name in enumerate(names, 1)),
        ),
        values=(),
    )


def test_customers_on_a_boundary_are_where_assign_puts_them() -> None:
    found, expected = planted_segments(), {name: told for name, (_, told) in PLANTED.items()}
    assert assigned(found, planted_shop(), 20) == expected
    assert in_duckdb(found, planted_shop(), 20) == expected


def test_of_several_rules_the_first_that_holds_decides() -> None:
    rules = [("S5", 100_0001), ("S2", 100_0000), ("S3", 100_0000), ("S4", 0)]
    made = tuple(SegmentRule(id_, id_, "spend", least) for id_, least in rules)
    found = replace(planted_segments(), segment_rules=made)
    expected = assigned(found, planted_shop(), 20)
    assert in_duckdb(found, planted_shop(), 20) == expected
    told = [expected[name] for name in ("above the upper limit", "at the upper limit")]
    assert told == ["S5", "S2"]
    assert expected["between two centres"] == "S4"
    assert expected["negative spend"] == "S1"


def test_servers_put_customers_on_a_boundary_there_too(server) -> None:
    found, expected = planted_segments(), {name: told for name, (_, told) in PLANTED.items()}
    assert on_server(server)(found, planted_shop(), 20) == expected


def test_the_limit_of_a_cell_is_exact() -> None:
    spends = [49.9999, 50.0, 50.0001, 100.0, 200.0, 0.0]
    rows = [(f"{spend}", f"{nth}", 12, spend) for nth, spend in enumerate(spends)]
    names = ["customer_id", "order_id", "day", "amount"]
    made = shop.transactions(pl.DataFrame(rows, names, orient="row"), end_day=20)
    cuts = pl.DataFrame({"spend": [-1, 50_0000, 100_0000]}).select(SPEND.standardized).to_series()
    never = 9.0
    found = planted_segments(GridCells(((*cuts.to_list(), never),), (3, 0, 1, 2, 3)))
    expected = assigned(found, made, 20)
    assert [expected[str(spend)] for spend in spends] == ["S1", "S2", "S2", "S3", "S3", "S1"]
    assert in_duckdb(found, made, 20) == expected


def test_one_segment_is_that_of_everybody_who_bought(random_shop) -> None:
    found = planted_segments(NearestCentre(np.array([[0.0]])))
    assert set(in_duckdb(found, random_shop, 300).values()) == {"S0", "S1"}


def test_another_day_is_asked_by_changing_the_one_in_the_text(random_shop) -> None:
    found = fitted(random_shop, inputs="rfm")
    text = SegmentQuery(found, as_date(300)).in_dialect("duckdb")
    connection = duckdb.connect()
    connection.register(LINES_TABLE, lines_of(random_shop).to_arrow())
    assert text.count(str(as_date(300))) == 1
    asked = connection.sql(text.replace(str(as_date(300)), str(as_date(211))))
    assert {row[0]: row[1] for row in asked.fetchall()} == assigned(found, random_shop, 211)


def test_any_name_of_a_segment_comes_back(server) -> None:
    server.run(f"DROP TABLE IF EXISTS {LINES_TABLE}")
    load(server, LINES_TABLE, [(c, 1, date(1970, 1, 13), None, 1, a, False, None) for c, a in BUYS])
    text = SegmentQuery(planted_segments(), as_date(20)).in_dialect(DIALECT_OF[server.kind])
    named = {row[1]: row[2] for row in server.run(text.replace("%", "%%"))}
    assert named == {"S1": "One", "S2": HOSTILE[0], "S3": HOSTILE[1]}


def test_any_name_of_a_segment_is_read_as_it_was_written_in_every_dialect() -> None:
    for dialect, known in DIALECTS.items():
        text = SegmentQuery(planted_segments(), as_date(20)).in_dialect(dialect)
        read = sqlglot.parse_one(text, dialect=known)
        told = {literal.this for literal in read.find_all(sqlglot.exp.Literal) if literal.is_string}
        assert {"Nobody", "One", *HOSTILE} <= told, dialect
        assert ("never been run" in text) == (dialect in ("bigquery", "snowflake"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_table_is_called_as_its_database_calls_it(dialect) -> None:
    quote = "`" if dialect in ("mysql", "bigquery") else '"'
    names = ["lines_2024", "sales.lines_2024", f"{quote}my lines; --{quote}", "customers"]
    if dialect == "bigquery":
        names += ["my-project.shop.lines", "`my-project.shop.lines`", "`shop.events_*`"]
    for name in names:
        text = SegmentQuery(planted_segments(), as_date(20), name).in_dialect(dialect)
        assert text.count(f"FROM {name}\n") == 2
        assert LINES_TABLE not in text


def test_a_table_as_it_was_earlier_is_refused() -> None:
    with pytest.raises(UsageError, match="no name of a table"):
        SegmentQuery(planted_segments(), as_date(20), "x AT (OFFSET => -60)").in_dialect(
            "snowflake"
        )


def test_a_table_may_be_called_customers(random_shop) -> None:
    found = fitted(random_shop, inputs="rfm")
    connection = duckdb.connect()
    connection.register("customers", lines_of(random_shop).to_arrow())
    asked = connection.sql(SegmentQuery(found, as_date(300), "customers").in_dialect("duckdb"))
    assert {row[0]: row[1] for row in asked.fetchall()} == assigned(found, random_shop, 300)


def test_moments_and_floats_are_read_as_days_and_money(random_shop) -> None:
    """Lines of a shop's own table: a time of the day, and money of binary fractions."""
    found = fitted(random_shop, inputs="wide")
    hours = pl.int_range(pl.len()) % 24
    own = lines_of(random_shop).with_columns(
        pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=hours),
        pl.col("amount", "quantity").cast(pl.Float64),
    )
    connection = duckdb.connect()
    connection.register(LINES_TABLE, own.to_arrow())
    asked = connection.sql(SegmentQuery(found, as_date(300)).in_dialect("duckdb"))
    assert {row[0]: row[1] for row in asked.fetchall()} == assigned(found, random_shop, 300)


SAME = ("a", "A", "a ", "é", "e")


def test_customers_are_told_apart_by_bytes_whatever_the_collation(server) -> None:
    plain = {"mariadb": "CHARACTER SET latin1 COLLATE latin1_swedish_ci"}.get(server.kind, "")
    server.run(f"DROP TABLE IF EXISTS {LINES_TABLE}")
    rows = [(name, 1, date(1970, 1, 13), "p", 1, 500.0, False, None) for name in SAME]
    server.load(LINES_TABLE, TYPES.replace("varchar(64)", f"varchar(64) {plain}"), rows)
    text = SegmentQuery(planted_segments(), as_date(20)).in_dialect(DIALECT_OF[server.kind])
    assert {row[0] for row in server.run(text.replace("%", "%%"))} == set(SAME)


@pytest.mark.parametrize(
    "name", ["", "x; DROP TABLE y", "(SELECT 1)", "a b", "f(1)", "a.b.", "a, b"]
)
def test_what_is_no_name_of_a_table_is_refused(name) -> None:
    with pytest.raises(UsageError, match="no name of a table"):
        SegmentQuery(planted_segments(), as_date(20), name).in_dialect("postgresql")


def test_segments_that_are_neither_centres_nor_rules_are_refused() -> None:
    landmarks = NearestLandmarks(np.array([[0.0], [1.0]]), np.array([0, 1]))
    of_ward = replace(planted_segments(landmarks), algorithm="ward")
    own = replace(planted_segments(), algorithm=OWN_ALGORITHM)
    for found in (of_ward, own):
        with pytest.raises(UsageError, match=f"{found.algorithm}.* cannot be written"):
            SegmentQuery(found, as_date(300))


def test_the_columns_that_are_read_are_those_of_the_lines_for_bi(random_shop) -> None:
    lines = next(table for table in BI_TABLES if table.name == "lines")
    query = SegmentQuery(fitted(random_shop, inputs="wide"), as_date(300))
    assert set(query.line_columns) == set(COLUMNS)
    assert set(COLUMNS) <= {column.name for column in lines.columns}


@pytest.mark.slow
@pytest.mark.real
def test_online_retail_has_the_segments_of_the_run(real_segments, server) -> None:
    run = open_run(real_segments)
    found, made = loading.load(run, "segmentation"), loading.load_transactions(run)
    for cutoff in (made.end_day, made.end_day - 200):
        expected = assigned(found, made, cutoff)
        assert len(expected) > 4_000
        assert on_server(server)(found, made, cutoff) == expected
        assert in_duckdb(found, made, cutoff) == expected
