"""The whole way: what a run promises whoever calls it."""

import shutil
from pathlib import Path

import polars as pl
import pytest

import segpredict
from segpredict import archive, classifier, pipeline
from segpredict.artifacts import open_run
from segpredict.config import Config
from segpredict.errors import TamperedFileError
from segpredict.sources import sample
from segpredict.window import as_date

KEPT = ("segments/assignments.parquet", "scores.parquet")


def assert_same(one: Path, two: Path) -> None:
    for name in KEPT:
        assert open_run(one).parquet(name).equals(open_run(two).parquet(name)), name


def test_a_run_folder_holds_what_it_promises_and_verifies(run_folder: Path) -> None:
    run = open_run(run_folder)
    run.verify()
    promised = {
        "ledger.json",
        "transactions.parquet",
        "segments/segmenter.json",
        "segments/segments.json",
        "segments/assignments.parquet",
        "classifier/booster.json",
        "classifier/verdict.json",
        "explanation/importance.csv",
        "explanation/importance.parquet",
        "explanation/contributions.parquet",
        "report.html",
    }
    assert promised <= run.manifest["files"].keys()
    on_disk = {str(p.relative_to(run_folder)) for p in run_folder.rglob("*.*")}
    assert on_disk == {*run.manifest["files"], "manifest.json"}
    assert {"config", "windows", "data", "libraries", "python"} <= run.facts.keys()


def test_shuffled_rows_and_other_threads_change_nothing(
    sample_file: Path, small_config: Config, run_folder: Path, tmp_path: Path
) -> None:
    lines = pl.read_csv(sample_file, infer_schema=False)
    lines.sample(fraction=1, shuffle=True, seed=2).write_csv(tmp_path / "shuffled.csv")
    target = pipeline.Target(tmp_path / "run")
    config = small_config.seeded(None, threads=1)
    pipeline.run([tmp_path / "shuffled.csv"], config, target)
    assert_same(tmp_path / "run", run_folder)


def test_python_and_command_line_give_the_same_run(
    sample_file: Path, small_config: Config, run_folder: Path, tmp_path: Path
) -> None:
    frame = pl.read_csv(sample_file, infer_schema=False)
    told: list[tuple[str, float]] = []
    predictor = segpredict.fit(
        frame,
        small_config,
        out=tmp_path / "run",
        progress=lambda what, share: told.append((what, share)),
    )
    assert_same(tmp_path / "run", run_folder)
    assert predictor.segments[0].name == "Inactive"
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)


def test_the_segmenter_saw_nothing_of_any_test(run_folder: Path) -> None:
    run = open_run(run_folder)
    first = min(o["cutoff"] for o in run.json("classifier/verdict.json")["origins"])
    assert run.facts["windows"]["segmenter_saw_until"] < first


def test_the_future_of_a_test_cannot_change_its_forecast(
    sample_file: Path, small_config: Config, tmp_path: Path
) -> None:
    """Leak L1-L3: whatever happens after the first test, its forecast stays."""
    shop = pipeline.read([str(sample_file)], small_config)
    days = classifier.schedule(shop.first_day, shop.end_day, small_config.time)
    cutoff = days.outer[0].cutoff
    lines = pl.read_csv(sample_file, infer_schema=False)
    is_after = pl.col("InvoiceDate") >= as_date(cutoff).isoformat()
    changed = lines.with_columns(
        Quantity=pl.when(is_after).then(pl.lit("7")).otherwise("Quantity")
    )
    forecasts = []
    for version in (lines, changed):
        one = pipeline.Target(tmp_path / f"run{len(forecasts)}")
        pipeline.cluster(version, small_config, one)
        run = open_run(one.folder)
        training = classifier.train(
            archive.transactions_of(run),
            archive.segmentation_of(run),
            small_config.classifier,
            small_config.time,
        )
        forecasts.append(training.trials[0].chances["xgboost"])
    assert (forecasts[0] == forecasts[1]).all()


def test_a_run_reads_back_what_it_kept(run_folder: Path) -> None:
    run = open_run(run_folder)
    shop = archive.transactions_of(run)
    assert shop.ledger.adds_up
    assert shop.ledger.total("used").rows == shop.lines.collect().height
    explanation = archive.explanation_of(run)
    assert explanation.customers > 0
    assert set(explanation.base) == {s.id for s in archive.segments_of(run)}


def test_a_tampered_booster_is_refused_before_it_is_read(
    run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    path = tmp_path / "run" / "classifier" / "booster.json"
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(TamperedFileError, match=r"booster\.json"):
        segpredict.load(tmp_path / "run")


def test_a_fallback_that_ships_really_scores(
    small_config: Config, tmp_path: Path
) -> None:
    """In a world without structure the best baseline ships, is stored, and scores."""
    noise = sample.generate(400, seed=1, world="noise").lines
    target = pipeline.Target(tmp_path / "run")
    pipeline.run(noise, small_config, target)
    run = open_run(target.folder)
    verdict = run.json("classifier/verdict.json")
    forecaster = segpredict.load(target.folder).forecaster
    assert verdict["shipped"] == forecaster.name
    assert verdict["shipped"] != "xgboost"
    assert verdict["skill"][verdict["shipped"]] <= 0
    again = segpredict.load(target.folder).score(noise)
    assert again.equals(run.parquet("scores.parquet"))
