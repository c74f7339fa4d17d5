"""Too little or too unusual to model: rows M01 to M16 of the catalogue of bad input."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from catalogue import row
from raw_shop import cleaned, sale

from segpredict import pipeline
from segpredict.classifier import BASELINES
from segpredict.classifier.models import xgboost
from segpredict.classifier.splits import Fold
from segpredict.classifier.training_data import TrainingData, training_data_of_fold
from segpredict.config.classifier import ClassifierOptions
from segpredict.config.load import load_config
from segpredict.core.panel import Panel
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import Window
from segpredict.data.cleaning import require_support
from segpredict.errors import SingleClassError, SupportError
from segpredict.explain.explanation import stratified_sample
from segpredict.segmentation import fit_segmentation
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.selection.choose_k import SizeGates, choose_segment_count


def shop(customers: int, orders: int = 8, span: int = 700, lines: int = 1):
    """Return a frame of random orders."""
    rng = np.random.default_rng(3)
    first = date(2010, 1, 1)
    rows = [
        (
            f"c{c:04d}",
            f"o{c}-{k}",
            (first + timedelta(int(rng.integers(0, span)))).isoformat(),
            f"{rng.gamma(2, 20):.2f}",
        )
        for c in range(customers)
        for k in range(orders)
        for _ in range(lines)
    ]
    names = ["customer_id", "order_id", "date", "amount"]
    return pl.DataFrame(rows, schema=names, orient="row")


def refused(frame: pl.DataFrame, folder: Path, *settings: str) -> SupportError:
    with pytest.raises(SupportError) as caught:
        pipeline.run_clustering(
            frame, load_config(overrides=settings), pipeline.RunTarget(folder / "r")
        )
    assert caught.value.exit_code == 6
    assert not (folder / "r").exists()
    return caught.value


@pytest.mark.parametrize("n", [row("M01", 3)])
def test_nobody_left_names_the_rules_and_their_rows(n) -> None:
    rows = [sale(str(i), who=None) for i in range(1)]
    rows += [sale(str(i), product="POST", who="a") for i in range(n)]
    with pytest.raises(SupportError) as caught:
        require_support(cleaned(rows))
    assert "of 4 rows, removed by no_customer 1, non_product 3" in caught.value.message


@pytest.mark.parametrize(
    ("customers", "settings", "message"),
    [
        row("M02", 1, (), "needs at least 3 customers and found 1"),
        row("M03", 2, ("segmentation.k=5",), "needs at least 5 customers and found 2"),
    ],
)
def test_too_few_customers_are_counted(tmp_path, customers, settings, message) -> None:
    assert message in refused(shop(customers), tmp_path, *settings).message


@pytest.mark.parametrize("k", [row("M04", 3)])
def test_more_segments_than_distinct_customers_are_refused(k) -> None:
    points = WeightedPoints.from_matrix(np.array([[0.0, 0.0]] * 5 + [[1.0, 0.0]]))
    with pytest.raises(SupportError, match="hold only 2 distinct"):
        CLUSTERERS.get("kmeans").fit(points, k, seed=0, n_init=2)


@pytest.mark.parametrize("lines", [row("M05", 2)])
def test_a_shop_where_everybody_bought_once_is_segmented(tmp_path, lines) -> None:
    frame = shop(300, orders=1, lines=lines)
    made = pipeline.run_clustering(frame, load_config(), pipeline.RunTarget(tmp_path / "run"))
    assert made.read_json("ledger.json")["adds_up"]


@pytest.mark.parametrize("spend", [row("M07", 5 * MONEY_SCALE)])
def test_customers_without_any_difference_are_refused(spend) -> None:
    rows = [(f"c{i}", 91, 2, spend) for i in range(50)]
    names = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32}
    frame = pl.DataFrame(rows, schema={**names, "spend": pl.Int64}, orient="row")
    with pytest.raises(SupportError, match="only 1 distinct points"):
        fit_segmentation(frame)


def lopsided() -> WeightedPoints:
    rng = np.random.default_rng(5)
    spots = [((-3.0, 0.0), 300), ((3.0, 0.0), 290), ((9.0, 9.0), 1)]
    parts = [np.array(at) + rng.normal(0, 0.1, (n, 2)) for at, n in spots]
    return WeightedPoints.from_matrix(np.concatenate(parts))


@pytest.mark.parametrize("k", [row("M09", 3)])
def test_a_segment_of_one_customer_closes_its_gate(k) -> None:
    gates = SizeGates(min_share=0.02)
    choice = choose_segment_count(
        CLUSTERERS.get("kmeans"), lopsided(), (2, k), gates, seed=0, n_init=5
    )
    assert choice.clusters.k == 2
    assert "min_share" in choice.candidates[1].failed_gates


@pytest.mark.parametrize("k", [row("M10", 5)])
def test_no_group_is_left_empty(k) -> None:
    clusters = CLUSTERERS.get("kmeans").fit(lopsided(), k, seed=0, n_init=2)
    assert len(clusters.centres) == k


@pytest.mark.parametrize("label", [row("M12", 2), row("M13", 0)])
def test_one_class_is_refused_by_name(label) -> None:
    rows = pl.DataFrame(
        {
            "customer_id": ["a", "b"],
            "cutoff": [400, 400],
            "state_now": [1, 1],
            "state_before": [1, 1],
            "label": [label, label],
            "x": [1.0, 2.0],
        },
        schema_overrides={
            "cutoff": pl.Int32,
            "state_now": pl.Int8,
            "state_before": pl.Int8,
            "label": pl.Int8,
        },
    )
    panel = Panel(rows, ("x",), Window(400))
    fold = Fold(500, (400,), (400,), ())
    with pytest.raises(SingleClassError, match=f'All 2 .* "S{label}"'):
        training_data_of_fold(panel, fold, 3, ClassifierOptions())


@pytest.mark.parametrize("huge", [row("M14", 10**12)])
def test_a_skew_of_a_million_stays_finite(huge) -> None:
    rows = [(f"c{i:04d}", 91, 1 + i % 7, 0) for i in range(999)]
    rows.append(("whale", 91, 80, huge))
    names = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32}
    frame = pl.DataFrame(rows, schema={**names, "spend": pl.Int64}, orient="row")
    found = fit_segmentation(frame)
    assert found.assign(frame)["segment"].is_between(1, found.k).all()


@pytest.mark.parametrize("wanted", [row("M16", 1), row("M16-many", 10**7)])
def test_any_number_of_rows_can_be_explained(wanted) -> None:
    rows = pl.DataFrame(
        {"customer_id": [f"c{i}" for i in range(50)], "state_now": [0, 1] * 25},
        schema_overrides={"state_now": pl.Int8},
    )
    assert stratified_sample(rows, wanted).height == min(wanted, 50)


@pytest.mark.parametrize(
    ("span", "message"),
    [row("T24", 1, "found 1"), row("T26", 60, "found 60"), row("T27", 30, "found 30")],
)
def test_a_history_too_short_is_refused_with_the_days_it_needs(tmp_path, span, message) -> None:
    frame = shop(60, orders=6, span=span)
    error = refused(frame, tmp_path)
    assert "needs" in error.message
    assert "days" in error.message
    assert message in error.message


STANDING = ("state_now", "state_before")


def training_data(given: pl.DataFrame) -> TrainingData:
    names = tuple(c for c in given.columns if c not in {"customer_id", "label"})
    return TrainingData(given, names, 2)


def learnable() -> pl.DataFrame:
    """Return training rows in which x tells the label three times out of four."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=600)
    label = (x + rng.normal(size=600) > 0).astype(np.int8)
    states = {name: pl.Series([1] * 600, dtype=pl.Int8) for name in STANDING}
    ids = [f"c{i:03d}" for i in range(600)]
    origin = pl.Series([0, 90] * 300, dtype=pl.Int32)
    columns = {"customer_id": ids, "cutoff": origin, "label": label, "x": x}
    return pl.DataFrame({**columns, **states})


@pytest.mark.parametrize("name", ["logit", "trees"])
@pytest.mark.parametrize("extra", [row("M06", pl.lit(7.0)), row("M08", 2 * pl.col("x"))])
def test_a_column_that_tells_nothing_new_changes_little(name, extra) -> None:
    plain = learnable()
    more = plain.with_columns(more=extra)
    fitted = xgboost.fit if name == "trees" else BASELINES.get("logit").fit
    before = fitted(training_data(plain)).predict_proba(plain)
    after = fitted(training_data(more)).predict_proba(more)
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() < 0.06


@pytest.mark.parametrize("floor", [row("M11", 0.35)])
def test_the_silhouette_of_noise_is_that_of_a_real_shop(floor) -> None:
    noise = WeightedPoints.from_matrix(np.random.default_rng(0).uniform(size=(500, 2)))
    gates = SizeGates()
    choice = choose_segment_count(CLUSTERERS.get("kmeans"), noise, (3, 4), gates, seed=0, n_init=5)
    assert min(c.silhouette for c in choice.candidates) > floor  # CDNOW has 0.40
