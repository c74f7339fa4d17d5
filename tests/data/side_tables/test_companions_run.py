"""A whole run with side tables, from files to scores, and scoring without them."""

import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import shop
from pictures import without_pictures
from segpredict import pipeline
from segpredict.config import load
from segpredict.config.load import Config
from segpredict.core.run_folder import RunFolder, open_run
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date
from segpredict.errors import ConfigError, UnknownNameError
from segpredict.pipeline import loading
from segpredict.scoring.new_data import NewData
from segpredict.scoring.what_if import what_if
from segpredict.service.live_run import LiveRun

SETTINGS = (
    "classifier.families=['default', 'demographics', 'country', 'price_tier']",
    "classifier.baselines=['markov']",
    "classifier.bootstrap_draws=100",
    "segmentation.k=2",
    "segmentation.min_customers=5",
    "time.test_windows=1",
    "explain.sample_rows=20",
    "customers={data='people.csv', time_invariant=['tier', 'income'], columns={customer_id='id'}}",
    "products={data='products.csv', time_invariant=['group', 'list'], "
    "columns={product_id='sku', category='group', price='list'}}",
    "events={data='visits.csv', columns={sessions='sessions'}}",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Files of a small shop whose lines have no price, with three side tables."""
    place = tmp_path_factory.mktemp("files")
    lines = shop.world(250).lines.collect().filter(~pl.col("is_return"))
    date = pl.col("day").cast(pl.Date).dt.to_string("%Y-%m-%d")
    whole = (pl.col("quantity") // MONEY_SCALE).alias("quantity")
    lines.select("customer_id", "order_id", "product_id", date.alias("date"), whole).write_csv(
        place / "sales.csv"
    )
    customers = lines["customer_id"].unique().sort()
    people = pl.DataFrame({"id": customers}).with_row_index("n")
    tier = pl.when(pl.col("n") % 3 == 0).then(pl.lit("gold")).otherwise(pl.lit("tin"))
    income = pl.format("${},000 ", pl.col("n") % 90 + 10)
    people.select("id", tier.alias("tier"), income.alias("income")).write_csv(place / "people.csv")
    products = lines.select(sku=pl.col("product_id").unique().sort())
    number = pl.col("sku").str.slice(1).cast(pl.Int64)
    products.with_columns(group=pl.format("g{}", number % 4), list=number + 1).write_csv(
        place / "products.csv"
    )
    lines.select("customer_id", date.alias("time"), sessions=pl.lit(1)).write_csv(
        place / "visits.csv"
    )
    return place


@pytest.fixture(scope="module")
def plan() -> Config:
    return load.load_config(overrides=SETTINGS)


@pytest.fixture(scope="module")
def run(folder, plan) -> RunFolder:
    out = pipeline.RunTarget(folder / "run", "now")
    with without_pictures():
        return pipeline.run_pipeline([str(folder / "sales.csv")], plan, out)


def test_the_manifest_says_what_was_used_vouched_for_and_left_out(run):
    used = run.metadata["families"]["used"]
    assert {"assortment", "category", "price_tier", "web", "demographics"} < set(used)
    left = " ".join(run.metadata["families"]["left_out"])
    assert "contacts" in left
    assert "returns" in left
    assert "no countries" in left
    assert run.metadata["config"]["customers"]["time_invariant"] == ["tier", "income"]
    assert any("time-invariant" in note for note in run.metadata["notes"])


def test_the_model_has_the_columns_of_the_side_tables(run):
    names = run.read_json("classifier/model.json")["ensemble"]["xgboost_model"]["feature_names"]
    wanted = {"who_income", "who_tier_gold", "category_entropy", "price_percentile"}
    assert wanted < set(names)
    assert "web_sessions_91" in names


def test_the_run_explains_and_reports_them(run):
    features = run.read_parquet("explain/importance.parquet")["feature"]
    assert "who_income" in features
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "Whether tier is gold." in page


def test_an_order_from_another_category_is_tried_where_one_is_left(run):
    predictor, kept = pipeline.load(run.folder), loading.load_transactions(run)
    groups = kept.side_tables.products
    bought = (
        kept.lines.collect()
        .join(groups, on="product_id")
        .group_by("customer_id")
        .agg(pl.col("category").n_unique(), pl.col("day").max())
        .sort("customer_id")
    )
    recent = bought.filter(pl.col("day") > kept.end_day - 60)
    some = recent.filter(pl.col("category") < 4)["customer_id"][0]
    every = recent.filter(pl.col("category") == 4)["customer_id"][0]
    cases = what_if(predictor, kept, some)
    assert cases["case"].to_list() == ["as_is", "usual", "double", "category"]
    assert "category" not in what_if(predictor, kept, every)["case"].to_list()
    # The live page has her own lines alone, and what the whole shop sold best.
    shown = LiveRun.load(run.folder).view(some, None, with_what_if=True)
    assert shown is not None
    assert shown.what_if == cases.to_dicts()


def test_a_frame_without_any_side_table_is_scored(run, folder):
    predictor = pipeline.load(run.folder)
    frame = pl.read_csv(folder / "sales.csv")
    scores = predictor.score(frame)
    made = run.read_parquet("scores.parquet")
    assert scores["customer_id"].equals(made["customer_id"])
    assert scores.filter("is_eligible")["p_S0"].is_not_null().all()


def test_tables_given_with_the_transactions_are_used(run, folder, plan):
    predictor = pipeline.load(run.folder)
    given = pipeline.read_transactions([str(folder / "sales.csv")], plan)
    assert predictor.score(given).equals(run.read_parquet("scores.parquet"))
    none = replace(given, side_tables=replace(given.side_tables, events=None))
    bare = predictor.customer_rows(predictor.read_transactions(none), predictor.score_window(given))
    assert bare.eligible["web_sessions_91"].null_count() == bare.eligible.height
    assert bare.eligible["who_income"].null_count() == 0


def test_an_unseen_level_is_scored_as_other(run, folder, plan):
    predictor = pipeline.load(run.folder)
    given = pipeline.read_transactions([str(folder / "sales.csv")], plan)
    new = given.side_tables.customers.with_columns(tier=pl.lit("platinum"))
    shops = replace(given, side_tables=replace(given.side_tables, customers=new))
    rows = predictor.customer_rows(
        predictor.read_transactions(shops), predictor.score_window(given)
    ).eligible
    assert rows["who_tier_other"].sum() == rows.height
    assert predictor.score(shops).filter("is_eligible")["p_S0"].is_not_null().all()


@pytest.mark.usefixtures("_no_pictures")
def test_a_run_starts_again_from_its_folder(run, tmp_path):
    again = pipeline.run_explanation(run.folder, "later", rows=10, refits=0)
    assert open_run(again.folder).has("side_tables/side_tables.json")
    first = as_date(0)
    assert again.metadata["data"]["first_day"] >= first.isoformat()
    assert math.isfinite(again.read_parquet("scores.parquet")["p_S0"].drop_nulls().sum())


def test_new_side_tables_may_be_given_for_scoring(run, folder):
    sales = [str(folder / "sales.csv")]
    all_of_them = {"customers": "people.csv", "events": "visits.csv"}
    made = run.read_parquet("scores.parquet")
    assert pipeline.score_into_history(None, run.folder, NewData(sales, {}, all_of_them))[0].equals(
        made
    )
    assert pipeline.score_into_history(None, run.folder, sales)[0].height == made.height
    unknown = NewData(sales, {}, {"event": "visits.csv"})
    with pytest.raises(UnknownNameError, match="events"):
        pipeline.score_into_history(None, run.folder, unknown)
    never = NewData(sales, {}, {"contacts": "visits.csv"})
    with pytest.raises(ConfigError, match="no table of contacts"):
        pipeline.score_into_history(None, run.folder, never)
