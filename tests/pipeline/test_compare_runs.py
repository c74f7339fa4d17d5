"""Two runs are compared on the same customers and dates."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segpredict import pipeline
from segpredict.core.run_folder import open_run
from segpredict.core.window import as_date
from segpredict.errors import MismatchError
from segpredict.pipeline import compare, compare_tables, loading
from segpredict.pipeline.compare import KEEP, PROMOTE, UNCLEAR, RunComparison
from segpredict.pipeline.compare_tables import BUYS, WHOLE, Contender, PairedForecasts
from segpredict.scoring.new_data import NewData


@pytest.fixture(scope="module")
def earlier_run(sample_file: Path, plain_config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a plain run on the same shop, half a year before the other."""
    folder = tmp_path_factory.mktemp("compare") / "earlier"
    target = pipeline.RunTarget(folder)
    run = pipeline.run_clustering([str(sample_file)], plain_config, target, as_of="2023-07-01")
    return pipeline.run_training(run.folder).folder


@pytest.fixture(scope="module")
def found(earlier_run: Path, run_folder: Path, sample_file: Path) -> RunComparison:
    return pipeline.compare_runs(earlier_run, run_folder, NewData([str(sample_file)]))


def forecasts(p: np.ndarray, q: np.ndarray, labels: np.ndarray) -> PairedForecasts:
    ids = np.array([f"c{i}" for i in range(len(labels))])
    return PairedForecasts(19_000, ids, labels, p, labels, q, 0)


def towards(labels: np.ndarray, share: float, classes: int = 3) -> np.ndarray:
    """Return forecasts that give the actual segment this probability."""
    rest = (1 - share) / (classes - 1)
    return np.where(np.eye(classes)[labels] == 1, share, rest)


def test_only_dates_after_what_the_models_learned_from_are_judged(found: RunComparison) -> None:
    assert found.judged_by == compare_tables.BACKTESTS
    assert all("2023-07-01" <= date < "2024-01-01" for date in found.dates)


def test_pairs_are_the_scores_of_that_day_and_the_segments_that_came(
    earlier_run: Path, run_folder: Path, sample_file: Path
) -> None:
    new, runs = NewData([str(sample_file)]), (open_run(earlier_run), open_run(run_folder))
    one, other = (Contender.of(files, new, None) for files in runs)
    (day, *_), judged_by = compare_tables.common_dates(one, other)
    found = compare_tables.pair_forecasts(one, other, day, judged_by)
    then = one.predictor.score(str(sample_file), as_of=as_date(day)).filter("is_eligible")
    later = one.predictor.score(str(sample_file), as_of=as_date(day + one.time.horizon))
    both = then.join(later, on="customer_id", how="left", suffix="_later")
    ids = [segment.id for segment in one.predictor.segments]
    assert found.customers.tolist() == then["customer_id"].to_list()
    assert [ids[code] for code in found.labels] == both["segment_id_later"].to_list()
    assert found.champion == pytest.approx(then.select([f"p_{i}" for i in ids]).to_numpy())


def test_segments_are_matched_by_their_customers(found: RunComparison) -> None:
    shared = found.segments.filter(pl.col("champion_id") == pl.col("challenger_id"))
    assert shared["customers"].sum() > 0.5 * found.segments["customers"].sum()
    assert any("still itself" in text for text in found.events)


def test_a_run_is_like_itself(run_folder: Path, sample_file: Path) -> None:
    found = pipeline.compare_runs(run_folder, run_folder, NewData([str(sample_file)]))
    assert found.verdict.action == UNCLEAR
    assert found.outcome == WHOLE
    assert found.figures["difference"].abs().max() == 0
    assert found.events == ()
    assert found.reasons.is_empty()
    assert found.rank_agreement == pytest.approx(1.0)
    assert not found.importance["is_outside"].any()
    assert not found.importance["sign_differs"].any()
    assert found.moves.filter(pl.col("champion_id") != pl.col("challenger_id")).is_empty()


def test_a_better_forecast_is_promoted_and_a_worse_one_is_not(run_folder: Path) -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 400)
    good, bad = towards(labels, 0.7), towards(labels, 0.5)
    noise = rng.dirichlet([30, 30, 30], 400)
    verdicts = {}
    contender = _contender(run_folder)
    for name, p, q in (("better", bad, good), ("worse", good, bad)):
        figures = compare._figures([forecasts(p, q, labels)], contender)
        verdicts[name] = compare._verdict(figures, 1).action
    mixed = forecasts(noise, rng.permutation(noise), labels)
    verdicts["alike"] = compare._verdict(compare._figures([mixed], contender), 1).action
    assert verdicts == {"better": PROMOTE, "worse": KEEP, "alike": UNCLEAR}
    assert compare._verdict(compare._figures([], contender), 0).action == UNCLEAR


def test_segments_of_one_match_each_are_brought_into_one_order() -> None:
    labels = np.array([0, 1, 2] * 20)
    order = (0, 2, 1)  # the challenger's code of each segment
    given = forecasts(towards(labels, 0.7), towards(labels, 0.6)[:, [0, 2, 1]], labels)
    given = replace(given, own_labels=np.array(order)[labels])
    (kept,), outcome = compare_tables.comparable_outcome([given], order)
    assert outcome == WHOLE
    assert len(kept.labels) == 60
    assert kept.challenger[np.arange(60), labels] == pytest.approx(0.6)


@pytest.mark.parametrize("order", [None, (0, 1, 2)])
def test_segments_that_differ_are_compared_by_purchase(order: tuple[int, ...] | None) -> None:
    labels = np.array([0, 1, 2] * 20)
    given = forecasts(towards(labels, 0.7), towards(labels, 0.6), labels)
    given = replace(given, own_labels=np.array([0, 2, 2] * 20))  # a third came to be elsewhere
    (kept,), outcome = compare_tables.comparable_outcome([given], order)
    assert outcome == BUYS
    assert kept.labels.tolist() == [0, 1, 1] * 20
    assert kept.champion[0] == pytest.approx([0.7, 0.3])


def test_runs_over_other_windows_are_refused(run_folder: Path) -> None:
    one = _contender(run_folder)
    time = replace(one.config.time, horizon=28)
    other = replace(one, config=replace(one.config, time=time))
    with pytest.raises(MismatchError, match="28"):
        compare._require_same_windows(one, other)


def _contender(run: Path) -> Contender:
    files = open_run(run)
    predictor, config = loading.load_predictor(files), loading.load_config(files)
    shop = loading.load_transactions(files)
    return Contender(config, predictor, predictor.model_version, 0, shop, {})
