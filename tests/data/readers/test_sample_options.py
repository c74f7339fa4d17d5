"""What the sample shop's options plant is there to be found."""

from pathlib import Path

import polars as pl
import pytest

from segpredict.data.sample import sample
from segpredict.data.sample.sample import SampleShopOptions
from segpredict.errors import UsageError

START = pl.date(2022, 1, 3)


def orders(shop: sample.SampleShop) -> pl.DataFrame:
    """Return the known customers' orders with the truth."""
    first = shop.lines.filter(pl.col("Quantity") > 0).unique("InvoiceNo")
    day = (pl.col("InvoiceDate").dt.date() - START).dt.total_days()
    known = first.with_columns(day=day).drop_nulls("CustomerID")
    return known.join(shop.truth, left_on="CustomerID", right_on="customer_id")


def test_sensitive_customers_buy_in_promotions_and_pay_less() -> None:
    shop = sample.generate_sample(4000, seed=1, options=SampleShopOptions(promotions=1.0))
    is_promoted = pl.col("day") % 61 < 7
    by_level = orders(shop).group_by("promo_sensitivity").agg(is_promoted.mean())
    share = dict(by_level.rows())
    assert share[0] < share[1] < share[2]
    assert share[2] > 1.6 * share[0]
    listed = shop.lines.join(shop.products, on="StockCode")
    day = (pl.col("InvoiceDate").dt.date() - START).dt.total_days()
    sold = listed.filter((pl.col("Quantity") > 0) & (pl.col("UnitPrice") > 0))
    off = sold.group_by(day % 61 < 7).agg((pl.col("UnitPrice") / pl.col("ListPrice")).median())
    ratio = dict(off.rows())
    assert ratio[False] == 1.0
    assert ratio[True] == pytest.approx(0.8, abs=0.01)


def test_a_treatment_has_its_known_effect_and_not_on_those_most_at_risk() -> None:
    options = SampleShopOptions(treated_day=364, uplift=1.0)
    shop = sample.generate_sample(6000, seed=2, options=options)
    old = orders(shop).filter(pl.col("start") < START + pl.duration(days=200))
    by_group = old.group_by("latent_class", "is_treated").agg(
        (pl.col("day") >= 364).sum() / pl.col("CustomerID").n_unique()
    )
    rate = {row[:2]: row[2] for row in by_group.rows()}
    lift = {
        name: rate[name, True] / rate[name, False] for name in ("Core", "Occasional", "One-timer")
    }
    assert lift["Core"] == pytest.approx(1.0, abs=0.15)
    assert lift["Occasional"] > 1.3
    assert lift["One-timer"] < lift["Occasional"]
    effect = shop.truth.filter("is_treated").group_by("latent_class")
    effects = dict(effect.agg(pl.col("effect").unique().first()).rows())
    assert effects == {"Core": 0, "Regular": 0.5, "Occasional": 1, "One-timer": -0.5}


def test_without_a_treatment_nobody_is_treated() -> None:
    truth = sample.generate_sample(50).truth
    assert not truth["is_treated"].any()
    assert (truth["effect"] == 0).all()


def test_after_a_drift_other_customers_come() -> None:
    truth = sample.generate_sample(4000, seed=3, options=SampleShopOptions(drift_day=300)).truth
    is_late = pl.col("start") >= START + pl.duration(days=300)
    share = truth.group_by(is_late).agg((pl.col("latent_class") == "One-timer").mean())
    assert dict(share.rows())[True] > 1.6 * dict(share.rows())[False]


@pytest.mark.parametrize(("informative", "low", "high"), [(0.0, -2, 2), (1.0, 14, 20)])
def test_demographics_tell_of_the_class_as_much_as_asked(
    informative: float, low: float, high: float
) -> None:
    shop = sample.generate_sample(4000, seed=4, options=SampleShopOptions(informative=informative))
    both = shop.customers.join(
        shop.truth, left_on="CustomerID", right_on="customer_id", maintain_order="left"
    )
    assert both.height == 4000
    age = dict(both.group_by("latent_class").agg(pl.col("age").mean()).rows())
    assert low < age["Core"] - age["One-timer"] < high


def test_customers_keep_to_their_price_tier() -> None:
    def share_of_main_tier(tiers: float) -> float:
        shop = sample.generate_sample(500, seed=5, options=SampleShopOptions(tiers=tiers))
        sold = shop.lines.drop_nulls("CustomerID").join(shop.products, on="StockCode")
        counts = sold.group_by("CustomerID", "Tier").agg(pl.len().alias("n"))
        main = counts.group_by("CustomerID").agg(pl.col("n").max())["n"].sum()
        return main / sold.height

    assert share_of_main_tier(1.0) > 0.99
    assert share_of_main_tier(0.0) < 0.8


def test_popular_products_follow_zipf_and_tiers_are_thirds_of_a_category() -> None:
    shop = sample.generate_sample(800, seed=6)
    counts = shop.lines["StockCode"].value_counts(sort=True)["count"]
    assert counts[0] > 5 * counts[20] > 0
    tiers = shop.products.group_by("Category", "Tier").agg(
        pl.len(), low=pl.col("ListPrice").min(), high=pl.col("ListPrice").max()
    )
    assert set(tiers["len"]) <= {13, 14}
    assert (shop.products["Cost"] < shop.products["ListPrice"]).all()


def test_sessions_gather_before_orders() -> None:
    shop = sample.generate_sample(600, seed=7, options=SampleShopOptions(sessions=True))
    assert shop.sessions is not None
    bought = orders(shop).select("CustomerID", "day")
    day = (pl.col("SessionStart").dt.date() - START).dt.total_days()
    visits = shop.sessions.select("CustomerID", visit=day)
    gap = visits.join(bought, on="CustomerID").select(pl.col("day") - pl.col("visit"))
    days = gap.to_series()
    assert days.is_between(1, 7).sum() > 1.5 * days.is_between(-7, -1).sum()
    assert sample.generate_sample(50).sessions is None


def test_contamination_can_be_switched_off() -> None:
    clean = SampleShopOptions(cancelled=0, duplicates=0, free=0, guests=0)
    lines = sample.generate_sample(400, seed=8, options=clean).lines
    assert lines["CustomerID"].null_count() == 0
    assert (lines["UnitPrice"] > 0).all()
    dirty = sample.generate_sample(
        400, seed=8, options=SampleShopOptions(duplicates=0.2, guests=1.0)
    )
    assert dirty.lines["CustomerID"].is_null().mean() > 0.3
    assert dirty.lines.is_duplicated().mean() > 0.2


def test_returns_come_as_late_as_asked() -> None:
    def delay(days: float) -> float:
        options = SampleShopOptions(return_days=days, cancelled=0)
        lines = sample.generate_sample(1500, seed=9, options=options).lines
        back = lines.filter(pl.col("Quantity") < 0)
        sold = lines.filter(pl.col("Quantity") > 0)
        keys = ["CustomerID", "StockCode", "UnitPrice"]
        pairs = back.join_asof(sold.sort("InvoiceDate"), on="InvoiceDate", by=keys, coalesce=False)
        wait = pairs["InvoiceDate"] - pairs["InvoiceDate_right"]
        return wait.dt.total_days().mean()

    assert delay(2.0) < 4 < delay(30.0)


def test_a_stream_gives_the_same_customers_whatever_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "CUSTOMERS_PER_BLOCK", 100)
    small = list(sample.stream_sample(200, tmp_path / "small", seed=1))
    large = list(sample.stream_sample(350, tmp_path / "large", seed=1))
    assert [path.name[-9:] for path in small] == ["0.parquet", "1.parquet"]
    for one, other in zip(small, large[:2], strict=True):
        assert pl.read_parquet(one).equals(pl.read_parquet(other))
    lines = pl.read_parquet(large)
    truth = pl.read_parquet(tmp_path / "large" / "truth-*.parquet")
    assert truth["customer_id"].n_unique() == 350
    assert set(lines["CustomerID"].drop_nulls()) == set(truth["customer_id"])
    whose = lines.group_by("InvoiceNo").agg(pl.col("CustomerID").n_unique())
    assert (whose["CustomerID"] == 1).all()


@pytest.mark.parametrize(
    "wrong",
    [{"informative": 1.5}, {"promotions": -1.0}, {"regularity": (0.5, 0.1, 0.1)}],
    ids=str,
)
def test_options_that_mean_nothing_are_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        SampleShopOptions(**wrong)
