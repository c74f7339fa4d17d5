"""The whole pipeline: what a run promises."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import segpredict
from pictures import without_pictures
from run_hashes import verify_hashes
from segpredict import classifier, features, pipeline, segmentation
from segpredict.analytics import kpis
from segpredict.classifier import train
from segpredict.config import load as config
from segpredict.config.load import Config
from segpredict.core.run_folder import encode_csv, encode_json, open_run
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date
from segpredict.core.wording import name_options
from segpredict.data import cleaning, readers
from segpredict.data.sample import sample
from segpredict.errors import ArtifactError, TamperedFileError, TargetBusyError, UsageError
from segpredict.pipeline import artifacts, loading, report_data, stages

STAGE = artifacts.STAGES
WITH_WARNINGS = ("evaluation", "test_set_log")  # the run logs the evaluation of its test


def test_a_run_folder_holds_what_it_promises_and_verifies(run_folder: Path) -> None:
    run = open_run(run_folder)
    verify_hashes(run)
    promised = {
        "ledger.json",
        "transactions.parquet",
        "segmentation/model.json",
        "segmentation/segments.json",
        "segmentation/rule_grid.json",
        "segmentation/assignments.parquet",
        "classifier/xgboost.json",
        "classifier/evaluation.json",
        "customer_value/value_model.json",
        "customer_value/sums.csv",
        "customer_value/errors.parquet",
        "customer_value/segments.parquet",
        "demand/levels.csv",
        "demand/forecast.parquet",
        "explain/importance.csv",
        "explain/importance.parquet",
        "explain/contributions.parquet",
        "report.html",
    }
    assert promised <= run.manifest["files"].keys()
    on_disk = {str(p.relative_to(run_folder)) for p in run_folder.rglob("*.*")}
    assert on_disk == {*run.manifest["files"], "manifest.json"}
    assert {"config", "windows", "data", "libraries", "python"} <= run.metadata.keys()


def test_the_segmenter_saw_nothing_of_any_test(run_folder: Path) -> None:
    run = open_run(run_folder)
    first = min(o["cutoff"] for o in run.read_json("classifier/evaluation.json")["windows"])
    assert run.metadata["windows"]["segmenter_saw_until"] < first


def changed(lines: pl.DataFrame, cutoff: str, how: str) -> pl.DataFrame:
    """Return the lines with another history from a day on."""
    is_after = pl.col("InvoiceDate") >= cutoff
    past, future = lines.filter(~is_after), lines.filter(is_after)
    if how == "customers shuffled":
        mixed = future["CustomerID"].sample(fraction=1, shuffle=True, seed=5)
        return pl.concat([past, future.with_columns(mixed)])
    if how == "numbers used again":
        old = past["InvoiceNo"].sample(future.height, with_replacement=True, seed=5)
        return pl.concat([past, future.with_columns(old.alias("InvoiceNo"))])
    if how == "prices tenfold":
        tenfold = pl.col("UnitPrice") + "0"
        return pl.concat([past, future.with_columns(tenfold)])
    return pl.concat([past, future.sample(fraction=0.5, seed=5)])


@pytest.mark.parametrize(
    "how",
    [
        "customers shuffled",
        pytest.param("numbers used again", marks=pytest.mark.slow),
        pytest.param("prices tenfold", marks=pytest.mark.slow),
        pytest.param("half of it gone", marks=pytest.mark.slow),
    ],
)
def test_no_future_changes_the_forecast_of_an_earlier_test(sample_file: Path, how: str) -> None:
    """Leaks L1-L5, L8, L9: whatever comes after, the first test reads the same."""
    quick = ["classifier.bootstrap_draws=100", "segmentation.n_init=2", "time.test_windows=2"]
    quick += ["classifier.families=['rfm', 'state']", "classifier.baselines=['markov']"]
    quick += ["classifier.xgboost.learning_rate=0.3", "classifier.xgboost.max_rounds=40"]
    plan = config.load_config("online_retail", quick)
    lines = pl.read_csv(sample_file, infer_schema=False)
    shop = pipeline.read_transactions([str(sample_file)], plan)
    days = classifier.schedule_folds(shop.first_day, shop.end_day, plan.time)
    cutoff = as_date(days.test_folds[0].cutoff).isoformat()
    other = cleaning.clean_lines(
        readers.from_frame(changed(lines, cutoff, how), plan.source), plan.cleaning
    )
    other = replace(other, first_day=shop.first_day, end_day=shop.end_day)
    first, second = (first_test(each, days, plan) for each in (shop, other))
    assert first.keys() == second.keys()
    for name, forecast in first.items():
        assert (forecast == second[name]).all(), name


def first_test(
    shop: Transactions, days: classifier.Schedule, plan: Config
) -> dict[str, np.ndarray]:
    spans = features.clustering_inputs(shop, days.segmentation_windows)
    frozen = segmentation.fit_segmentation(spans, plan.segmentation, horizon=plan.time.horizon)
    training = classifier.train_classifier(shop, frozen, plan.classifier, plan.time)
    return dict(training.backtests[0].probabilities)


def test_a_run_reads_back_what_it_saved(run_folder: Path) -> None:
    run = open_run(run_folder)
    shop = loading.load_transactions(run)
    assert shop.ledger.adds_up
    assert shop.ledger.total("used").rows == shop.lines.collect().height
    explanation = loading.load_explanation(run)
    assert explanation.n_customers > 0
    assert set(explanation.base_values) == {s.id for s in loading.load_segments(run)}


def test_stages_of_a_shuffled_frame_with_other_threads_give_the_values_of_the_run(
    run_folder: Path, sample_file: Path, small_config: Config
) -> None:
    run = open_run(run_folder)
    lines = pl.read_csv(sample_file, infer_schema=False)
    shuffled = lines.sample(fraction=1, shuffle=True, seed=2)
    prepared = stages.prepare(shuffled, small_config.with_seed(None, threads=1))
    segmented = stages.segment(prepared)
    trained = stages.train(prepared, segmented)
    plans = stages.plan(prepared, segmented, trained, {})
    compared = 0
    for result in (prepared, segmented, trained, plans):
        for artifact in artifacts.ARTIFACTS:
            value = artifact.value_of(result) if artifact.stage == STAGE[type(result)] else None
            content = None if value is None else artifact.encode(value)
            if content is None or artifact.name in WITH_WARNINGS:
                continue
            path = artifact.files[0]
            if path.endswith(".csv"):
                assert run.read_bytes(path) == encode_csv(content), artifact.name
            elif isinstance(content, pl.DataFrame | pl.LazyFrame):
                assert run.read_parquet(path).equals(content.lazy().collect()), artifact.name
            elif isinstance(content, bytes):
                assert run.read_bytes(path) == content, artifact.name
            else:
                assert run.read_bytes(path) == encode_json(content), artifact.name
            compared += 1
    assert compared > 40
    assert trained.scores.equals(run.read_parquet("scores.parquet"))


def test_every_value_of_a_run_reads_back_by_its_name(run_folder: Path) -> None:
    run = open_run(run_folder)
    for artifact in artifacts.ARTIFACTS:
        if artifacts.has(run, artifact.name):
            assert artifacts.read(run, artifact.name) is not None
    names = [artifact.name for artifact in artifacts.ARTIFACTS]
    assert len(names) == len(set(names))
    files = [path for artifact in artifacts.ARTIFACTS for path in artifact.files]
    assert len(files) == len(set(files))


def test_a_report_reads_and_never_scores(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a report must not score")

    monkeypatch.setattr(segpredict.SegmentPredictor, "score_table", refuse)
    request = pipeline.ExportRequest(created="then", out=tmp_path / "report.md")
    pipeline.export_report(run_folder, "md", request)
    shutil.copytree(run_folder, tmp_path / "run")
    pipeline.run_report(tmp_path / "run")


def test_a_run_keeps_the_figures_of_its_shop_and_shows_them(run_folder: Path) -> None:
    run = open_run(run_folder)
    tables = [
        artifacts.read(run, f"segment_tables.{name}") for name in ("assignments", "migration")
    ]
    books = kpis.OrderBook.from_shop(loading.load_transactions(run), 91, 364, *tables)
    assert kpis.compute_kpis(books).equals(run.read_parquet("kpis/figures.parquet"))
    page = (run_folder / "report.html").read_text(encoding="utf-8")
    assert "Business KPIs</h2>" in page
    assert "Cohorts</h2>" in page


def test_a_tampered_segmenter_is_refused_before_it_is_read(
    run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    path = tmp_path / "run" / "segmentation" / "model.json"
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(TamperedFileError, match=r"model\.json"):
        segpredict.load(tmp_path / "run")


OTHER = sample.generate_sample(400, seed=1).lines


@pytest.fixture(scope="module")
def baseline_run(
    plain_config: Config, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[tuple[str, float]]]:
    """Return a run that has selected a baseline, and what it told of its progress."""
    target = pipeline.RunTarget(tmp_path_factory.mktemp("baseline") / "run")
    told: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch, without_pictures():
        patch.setattr(train, "select_model", lambda *_: ("markov", "Selected by a test."))
        pipeline.run_pipeline(
            OTHER, plain_config, target, progress=lambda *facts: told.append(facts)
        )
    return target.folder, told


def test_a_selected_baseline_really_scores(
    baseline_run: tuple[Path, list[tuple[str, float]]],
) -> None:
    folder, _ = baseline_run
    run = open_run(folder)
    evaluation = run.read_json("classifier/evaluation.json")
    forecaster = segpredict.load(folder).model
    assert evaluation["selected"] == forecaster.name
    assert evaluation["selected"] != evaluation["model"] == "ensemble"
    assert segpredict.load(folder).score(OTHER).equals(run.read_parquet("scores.parquet"))
    # Campaigns are backtested with it too: the Markov chain knows nothing but the segment.
    tested = run.read_parquet("campaigns/backtest_population.parquet")
    differ = tested.group_by("segment_id").agg(pl.col("^p_S.*$").n_unique())
    assert differ.height > 1
    assert differ.drop("segment_id").unique().rows() == [(1,) * (differ.width - 1)]


def test_a_run_tells_its_progress_in_rising_shares(
    baseline_run: tuple[Path, list[tuple[str, float]]],
) -> None:
    _, told = baseline_run
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)


def test_a_new_model_leaves_no_reasons_of_the_old_one(
    baseline_run: tuple[Path, list[tuple[str, float]]], tmp_path: Path
) -> None:
    folder = shutil.copytree(baseline_run[0], tmp_path / "run")
    pipeline.export_report(folder, "pptx", pipeline.ExportRequest())
    pipeline.export_bi_tables(folder, pipeline.ExportRequest())
    untrue = ("report.html", "deck.pptx", "bi/orders.parquet", "explain/importance.csv")
    assert all(open_run(folder).has(name) for name in untrue)
    made = pipeline.run_training(folder, seed=99)
    assert not any(made.has(name) for name in untrue)
    assert made.has("segmentation/model.json")


@pytest.mark.slow
def test_a_second_evaluation_of_the_final_test_with_other_settings_is_marked(
    sample_file: Path, small_config, tmp_path: Path
) -> None:
    folder, few = tmp_path / "run", ["prior", "markov"]
    options = replace(small_config.classifier, baselines=tuple(few))
    config = replace(small_config, classifier=options)
    again = pipeline.RunTarget(folder, "Tuesday", replace=True)

    def notes() -> list[str]:
        found = open_run(folder).read_json("classifier/evaluation.json")["warnings"]
        return [note for note in found if "different settings" in note]

    pipeline.run_pipeline([sample_file], config, pipeline.RunTarget(folder, "Monday"))
    assert notes() == []
    pipeline.run_pipeline([sample_file], config, again)
    assert notes() == []
    pipeline.run_training(folder, "Wednesday", seed=5)
    assert "first on Monday" in notes()[0]
    page = pipeline.run_report(folder, "Thursday").folder / "report.html"
    assert "2 different settings" in page.read_text(encoding="utf-8")


def test_a_second_fit_into_a_folder_names_the_parameter_that_replaces_it(
    run_folder: Path, sample_file: Path
) -> None:
    with pytest.raises(TargetBusyError, match="force=True"):
        segpredict.fit(sample_file, "online_retail", out=run_folder)


@pytest.mark.parametrize("door", [segpredict.load, segpredict.Report])
@pytest.mark.parametrize("folder", [None, 3, b"run", ["run"]])
def test_what_is_no_path_of_a_run_is_refused_in_words(door, folder: object) -> None:
    with pytest.raises(UsageError, match="path of its folder"):
        door(folder)


@pytest.mark.parametrize("lost", ["config", "data"])
def test_a_run_whose_manifest_says_too_little_is_refused_in_words(
    run_folder: Path, tmp_path: Path, lost: str
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest[lost]
    content = {key: value for key, value in manifest.items() if key != "digest"}
    manifest["digest"] = hashlib.sha256(encode_json(content)).hexdigest()
    path.write_bytes(encode_json(manifest))
    for door in (segpredict.load, segpredict.Report):
        with pytest.raises(ArtifactError, match=r"cannot be used"):
            door(tmp_path / "run")


def test_reports_of_one_run_are_equal_and_shown_in_a_line(run_folder: Path) -> None:
    one, other = segpredict.Report(run_folder), segpredict.Report(run_folder)
    assert one == other
    assert len({one, other}) == 1
    assert repr(one) == f"Report({str(run_folder)!r})"


def test_notes_and_suggestions_name_parameters_in_python_and_options_at_the_command_line(
    sample_file: Path, run_folder: Path
) -> None:
    here = pipeline.check_data([str(sample_file)], Config())
    with name_options():
        there = pipeline.check_data([str(sample_file)], Config())
    assert any("config={'cleaning': {'currency': '€'}}" in text for text in here["suggestions"])
    assert any("--set cleaning.currency='€'" in text for text in there["suggestions"])
    assert not any("--" in text for text in (*here["suggestions"], *here["notes"]))
    files = open_run(run_folder)
    told = files.metadata | {"notes": ["If so: --set cleaning.amount_level=line."]}
    page = report_data.collect_report_input(report_data.values_of_run(files), told, ())
    assert page.warnings == ("If so: config={'cleaning': {'amount_level': 'line'}}.",)
