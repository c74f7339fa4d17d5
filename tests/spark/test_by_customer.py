"""Features, scores, transitions and samples of a Spark table are those of one machine."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import segpredict
from segpredict import features
from segpredict import spark as on_cluster
from segpredict.analytics.transitions.periods import segment_transitions, transition_periods
from segpredict.core.window import Window, as_date
from segpredict.data import store
from segpredict.errors import (
    ColumnMissingError,
    MismatchError,
    SchemaError,
    SupportError,
    TooShortHistoryError,
)


@pytest.fixture(scope="module")
def predictor(run_folder):
    return segpredict.load(run_folder)


@pytest.mark.parametrize("days_back", [0, pytest.param(91, marks=pytest.mark.slow)])
def test_scores_are_those_of_one_machine(lines, shop, predictor, collected, days_back) -> None:
    as_of = as_date(shop.end_day - days_back) if days_back else None
    lines.createOrReplaceTempView("shop_lines")
    scored = on_cluster.score("shop_lines", predictor, as_of, partitions=5)
    expected = predictor.score_table(shop, as_of)
    assert_frame_equal(collected(scored).sort("customer_id"), expected, check_exact=True)


def test_transitions_are_those_of_one_machine(lines, shop, predictor, collected) -> None:
    moved = collected(on_cluster.transitions(lines, predictor, partitions=3))
    windows, _ = transition_periods(shop.first_day, shop.end_day, predictor.time)
    expected = segment_transitions(shop, predictor.segmentation.for_shop(shop), windows)
    assert_frame_equal(moved.sort("since", "customer_id"), expected, check_exact=True)


def test_features_are_those_of_one_machine(lines, shop, collected) -> None:
    windows = [Window(shop.end_day - back, first_day=shop.first_day) for back in (91, 0)]
    made = collected(on_cluster.features(lines, windows, partitions=4))
    expected = pl.concat(
        table.frame.with_columns(cutoff=pl.lit(table.window.cutoff, pl.Int32))
        for table in features.build_features(shop, windows)
    )
    assert_frame_equal(
        made.sort("cutoff", "customer_id"), expected.select(made.columns), check_exact=True
    )


def test_a_sample_is_a_store_to_train_on(lines, shop, tmp_path: Path) -> None:
    whole = store.open_store(on_cluster.store_sample(lines, tmp_path / "all", currency="£"))
    assert whole.fingerprint == shop.fingerprint
    assert (whole.first_day, whole.end_day, whole.currency) == (shop.first_day, shop.end_day, "£")
    assert whole.ledger.adds_up
    taken = [
        store.open_store(on_cluster.store_sample(table, tmp_path / name, customers=50))
        for name, table in {"one": lines, "two": lines.repartition(3)}.items()
    ]
    ids = taken[0].lines.select("customer_id").unique().collect()
    assert ids.height == 50
    of_them = shop.lines.collect().join(ids, on="customer_id", how="semi")
    assert_frame_equal(taken[0].lines.collect(), of_them)
    assert taken[0].fingerprint == taken[1].fingerprint
    assert taken[0].end_day == shop.end_day


@pytest.mark.slow
def test_a_model_trained_on_a_sample_scores_everywhere(
    lines, shop, plain_config, tmp_path, collected
) -> None:
    folder = on_cluster.store_sample(lines, tmp_path / "store", customers=500)
    segpredict.fit(folder, plain_config, out=tmp_path / "run")
    predictor = segpredict.load(tmp_path / "run")
    scored = collected(on_cluster.score(lines, predictor)).sort("customer_id")
    assert scored.height > 500
    assert_frame_equal(scored, predictor.score_table(shop), check_exact=True)


def test_what_one_machine_refuses_is_refused_before_spark_computes(
    lines, predictor, shop, on_spark
) -> None:
    late = as_date(shop.end_day + 40)
    with pytest.raises(MismatchError, match="The data end on"):
        on_cluster.score(lines, predictor, late)
    with pytest.raises(MismatchError, match="No customer has an order before"):
        on_cluster.score(lines, predictor, as_date(shop.first_day))
    with pytest.raises(TooShortHistoryError):
        on_cluster.transitions(lines, predictor, as_date(shop.first_day + 100))
    lettered = shop.lines.with_columns(customer_id=pl.format("A-{}", "customer_id")).collect()
    with pytest.raises(MismatchError, match="customer ids were numbers and are not"):
        on_cluster.score(on_spark(lettered), predictor)
    dearer = shop.lines.with_columns(pl.col("amount") * 100).collect()
    with pytest.raises(MismatchError, match="median line"):
        on_cluster.score(on_spark(dearer), predictor)


def test_a_table_that_holds_no_canonical_lines_is_refused(lines, shop, on_spark) -> None:
    window = Window(shop.end_day)
    with pytest.raises(ColumnMissingError, match="void_day of canonical lines"):
        on_cluster.features(lines.drop("void_day"), window)
    dates = shop.lines.with_columns(pl.col("day").cast(pl.Date)).collect()
    with pytest.raises(SchemaError, match="day"):
        on_cluster.features(on_spark(dates), window)
    with pytest.raises(SupportError, match="no line"):
        on_cluster.features(lines.limit(0), window)
