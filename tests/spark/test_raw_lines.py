"""Raw rows of a Spark table become the lines, and the ledger, of one machine."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segpredict import spark as on_cluster
from segpredict.config.load import as_config
from segpredict.data.cleaning import sort_canonical
from segpredict.data.ingest.read import read_with_side_tables
from segpredict.data.sample import sample
from segpredict.errors import ConfigError, ContractError, SupportError

STATED = {"cleaning": {"amount_level": "line"}}


@pytest.fixture(scope="module")
def raw() -> pl.DataFrame:
    """Return a shop with guests, postage and cancellations, and more that cleaning must undo."""
    rows = sample.generate_sample(60, seed=3).lines
    assert rows["CustomerID"].null_count()
    assert rows["InvoiceNo"].str.starts_with("C").any()
    ids = rows["CustomerID"].unique().drop_nulls().sort()
    customer, home = pl.col("CustomerID"), pl.col("Country")
    return rows.with_columns(
        # A shop has a clock, though all orders of one customer are at midnight.
        pl.when(customer == ids[0])
        .then(pl.col("InvoiceDate").dt.truncate("1d"))
        .otherwise("InvoiceDate"),
        pl.when(customer == ids[1])
        .then(pl.lit("UK"))
        .when(customer == ids[2])
        .then(home.str.to_uppercase())
        .otherwise(home)
        .alias("Country"),
    )


@pytest.mark.parametrize("partitions", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_lines_and_ledger_are_those_of_one_machine(raw, on_spark, collected, partitions) -> None:
    table = on_spark(raw)
    shop = read_with_side_tables(raw, as_config(STATED))
    lines = collected(on_cluster.ingest(table, STATED, partitions=partitions))
    assert_frame_equal(sort_canonical(lines), shop.lines.collect())
    ledger = on_cluster.clean_ledger(table, STATED, partitions=partitions)
    assert ledger.adds_up
    assert set(ledger.entries) == set(shop.ledger.entries)


@pytest.mark.parametrize("form", ["parquet", "delta"])
def test_lines_go_into_a_table_and_out(raw, on_spark, spark, collected, tmp_path, form) -> None:
    if form == "delta" and "connect" not in type(spark).__module__:
        pytest.skip("Delta needs a jar that is not on PyPI")
    lines = on_cluster.ingest(on_spark(raw), STATED, partitions=3)
    lines.write.format(form).save(str(tmp_path / "lines"))
    back = spark.read.format(form).load(str(tmp_path / "lines"))
    shop = read_with_side_tables(raw, as_config(STATED))
    assert_frame_equal(sort_canonical(collected(back)), shop.lines.collect())


def test_dates_and_an_amount_are_read_as_well(raw, on_spark, collected) -> None:
    money = (pl.col("Quantity") * pl.col("UnitPrice")).round(2).cast(pl.Decimal(18, 4))
    rows = raw.select("CustomerID", pl.col("InvoiceDate").cast(pl.Date), money.alias("Amount"))
    lines = collected(on_cluster.ingest(on_spark(rows), STATED, partitions=3))
    shop = read_with_side_tables(rows, as_config(STATED))
    assert_frame_equal(sort_canonical(lines), shop.lines.collect())
    assert lines["minute"].null_count() == lines.height


def test_what_the_data_would_have_to_prove_must_be_said(raw, on_spark) -> None:
    table = on_spark(raw)
    with pytest.raises(ConfigError, match="amount_level = 'line'"):
        on_cluster.ingest(table, {})
    with pytest.raises(ConfigError, match="percent"):
        on_cluster.ingest(table, {"cleaning": {"amount_level": "line", "discount": "rate"}})


REFUSED = {
    "keep the rows that are sales": pl.lit("complete").alias("status"),
    "take refunds off": pl.lit(1.5).alias("refund"),
    "choose the amount": pl.lit(1.5).alias("amount"),
    "to_timestamp": pl.col("InvoiceDate").dt.to_string("%d.%m.%Y"),
    "decimal": pl.col("UnitPrice").cast(pl.String),
}


@pytest.mark.parametrize("fix", REFUSED)
def test_what_a_part_would_decide_otherwise_is_refused(raw, on_spark, fix) -> None:
    with pytest.raises(ContractError, match=fix):
        on_cluster.ingest(on_spark(raw.head(40).with_columns(REFUSED[fix])), STATED)


def test_a_prefix_of_sales_and_returns_is_refused_and_one_of_sales_is_none(
    raw, on_spark, collected
) -> None:
    is_sold = pl.col("Quantity") > 0
    number = pl.col("InvoiceNo")
    nth = pl.int_range(pl.len())
    cancelled = pl.format("C{}", number)
    mixed = raw.with_columns(pl.when(is_sold & (nth % 9 == 0)).then(cancelled).otherwise(number))
    with pytest.raises(ContractError, match="cancel_prefixes"):
        on_cluster.ingest(on_spark(mixed), STATED)
    sales = raw.filter(is_sold).with_columns(InvoiceNo=cancelled)
    lines = collected(on_cluster.ingest(on_spark(sales), STATED, partitions=4))
    shop = read_with_side_tables(sales, as_config(STATED))
    assert_frame_equal(sort_canonical(lines), shop.lines.collect())


BAD_ROWS = {
    r"is empty .*Fix: ": pl.lit(None, pl.Datetime("us")).alias("InvoiceDate"),
    "or leave these rows out": -pl.col("UnitPrice"),
    "in one way in Spark": pl.format("{} ", "CustomerID").alias("CustomerID"),
}


@pytest.mark.parametrize("text", BAD_ROWS)
def test_an_error_in_a_part_says_what_to_do(raw, on_spark, text) -> None:
    rows = raw.drop_nulls("CustomerID").head(40).with_columns(BAD_ROWS[text])
    lines = on_cluster.ingest(on_spark(rows), STATED)  # Spark comes to the rows later
    with pytest.raises(Exception, match=text):
        lines.count()


def test_an_empty_table_is_refused(raw, on_spark) -> None:
    with pytest.raises(SupportError, match="no row"):
        on_cluster.ingest(on_spark(raw).limit(0), STATED)
