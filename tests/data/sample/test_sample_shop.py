from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from segpredict.data.readers import read_raw_lines
from segpredict.data.sample import sample
from segpredict.data.sample.customers import CLASS_SHARES
from segpredict.errors import UsageError

COLUMNS = [
    *("InvoiceNo", "StockCode", "Description", "Quantity"),
    *("InvoiceDate", "UnitPrice", "CustomerID", "Country", "Discount"),
]
FIRST = pl.lit("2022-01-03").str.to_date("%Y-%m-%d")
DAY = (pl.col("InvoiceDate").dt.date() - FIRST).dt.total_days()


@pytest.fixture(scope="module")
def shop() -> sample.SampleShop:
    return sample.generate_sample(1500, seed=3)


def test_the_lines_have_the_columns_of_online_retail_and_money_off(shop: sample.SampleShop) -> None:
    assert shop.lines.columns == COLUMNS
    assert shop.lines.schema["CustomerID"] == pl.String
    assert shop.lines.drop("CustomerID").null_count().sum_horizontal().item() == 0


def test_a_seed_gives_the_same_shop_and_another_seed_another() -> None:
    one, same, other = (sample.generate_sample(60, seed=seed) for seed in (1, 1, 2))
    assert one.lines.equals(same.lines)
    assert one.truth.equals(same.truth)
    assert not one.lines.equals(other.lines)


def test_all_known_customers_have_a_truth_and_at_least_one_order(
    shop: sample.SampleShop,
) -> None:
    known = set(shop.lines["CustomerID"].drop_nulls())
    assert known == set(shop.truth["customer_id"])
    assert shop.truth["orders"].min() >= 1


def test_the_latent_classes_come_in_their_shares_and_differ_in_what_they_do(
    shop: sample.SampleShop,
) -> None:
    by_class = shop.truth.group_by("latent_class").agg(
        share=pl.len() / shop.truth.height,
        orders=pl.col("orders").mean(),
        spend=pl.col("spend_mean").mean(),
    )
    share, orders, spend = (
        dict(by_class.select("latent_class", name).rows()) for name in ("share", "orders", "spend")
    )
    for name, expected in zip(
        ("Core", "Regular", "Occasional", "One-timer"),
        CLASS_SHARES,
        strict=True,
    ):
        assert share[name] == pytest.approx(expected, abs=0.04)
    ladder = ("One-timer", "Occasional", "Regular", "Core")
    assert all(orders[a] < orders[b] for a, b in pairwise(ladder))
    assert all(spend[a] < spend[b] for a, b in pairwise(ladder))


def test_orders_come_to_about_their_planted_value(shop: sample.SampleShop) -> None:
    sales = shop.lines.filter(
        (pl.col("Quantity") > 0) & ~pl.col("StockCode").is_in(["POST", "M"])
    ).drop_nulls("CustomerID")
    value = sales.group_by("CustomerID", "InvoiceNo").agg(
        (pl.col("Quantity") * pl.col("UnitPrice")).sum()
    )
    planted = value.join(shop.truth, left_on="CustomerID", right_on="customer_id", how="left")
    ratio = planted["Quantity"].sum() / planted["spend_mean"].sum()
    assert ratio == pytest.approx(1.0, abs=0.1)


def test_the_weeks_before_christmas_are_busier(shop: sample.SampleShop) -> None:
    sales = shop.lines.filter(pl.col("Quantity") > 0).unique("InvoiceNo")
    month = sales["InvoiceDate"].dt.month()
    assert (month == 11).sum() > 1.3 * (month == 8).sum()


def test_the_export_is_as_dirty_as_life(shop: sample.SampleShop) -> None:
    lines = shop.lines
    assert 0.02 < lines["CustomerID"].is_null().mean() < 0.3
    assert {"POST", "M"} <= set(lines["StockCode"])
    assert lines.is_duplicated().any()
    assert (lines["UnitPrice"] == 0).any()
    assert lines["Country"].n_unique() > 3
    back = lines.filter(pl.col("Quantity") < 0)
    assert back["InvoiceNo"].str.starts_with("C").all()
    assert back.height > 50


def test_order_numbers_rise_with_time(shop: sample.SampleShop) -> None:
    number = shop.lines["InvoiceNo"].str.strip_prefix("C").cast(pl.Int64)
    assert number.is_sorted()
    assert shop.lines["InvoiceDate"].is_sorted()


def test_no_line_lies_outside_the_days_asked_for() -> None:
    lines = sample.generate_sample(400, seed=5, days=200).lines
    days = lines.select(DAY).to_series()
    assert 0 <= days.min() <= days.max() < 200


def test_writing_puts_the_truth_beside_the_transactions(tmp_path: Path) -> None:
    shop = sample.generate_sample(40, seed=1)
    csv, *_, truth = sample.write_sample(shop, tmp_path / "shop")
    assert (csv.name, truth.name) == ("transactions.csv", "truth.parquet")
    assert pl.read_parquet(truth).equals(shop.truth)
    assert read_raw_lines([str(csv)]).frame.height == shop.lines.height


def test_a_shop_without_customers_is_refused() -> None:
    with pytest.raises(UsageError, match="too small"):
        sample.generate_sample(0)


def test_some_products_are_popular_and_tiers_are_thirds_of_a_category() -> None:
    shop = sample.generate_sample(800, seed=6)
    counts = shop.lines["StockCode"].value_counts().join(shop.products, on="StockCode")
    ranked = counts.group_by("Category", "Tier").agg(pl.col("count").sort(descending=True))
    best, third = (ranked["count"].list.get(place) for place in (0, 2))
    assert (best > 2 * third).all()
    tiers = shop.products.group_by("Category", "Tier").agg(
        pl.len(), low=pl.col("ListPrice").min(), high=pl.col("ListPrice").max()
    )
    assert set(tiers["len"]) == {13}
    assert (shop.products["Cost"] < shop.products["ListPrice"]).all()
