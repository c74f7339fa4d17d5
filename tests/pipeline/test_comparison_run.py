"""``cluster --compare`` and ``--select``: resumed, with progress, and cleaned up."""

from dataclasses import replace

import pytest

from segpredict import pipeline
from segpredict.config.segmentation import OverrideOptions, SegmentRuleOptions, SelectionOptions
from segpredict.core.run_folder import open_run
from segpredict.pipeline import selection
from segpredict.segmentation.selection.compare import SelectionRun

COMPARE = SelectionOptions(
    algorithms=("rules", "kmeans"),
    inputs=("fm", "rfm"),
    k_min=3,
    k_max=4,
    sample_rows=200,
    bootstrap_draws=2,
    strength_splits=2,
    seed_runs=2,
    null_samples=2,
)


@pytest.fixture(scope="module")
def config(small_config):
    return replace(
        small_config,
        segmentation=replace(small_config.segmentation, selection=COMPARE),
        threads=1,
    )


@pytest.fixture(scope="module")
def few(config):
    """Return a config that compares two candidates."""
    asked = replace(COMPARE, algorithms=("rules", "kmeans"), inputs=("rfm",), k_max=3)
    return replace(config, segmentation=replace(config.segmentation, selection=asked))


def made(data, config, folder, mode="compare", **options):
    target = pipeline.RunTarget(folder, "then")
    return pipeline.run_clustering(
        [data],
        config,
        target,
        search=pipeline.SegmentationSearch(pipeline.SelectionMode(mode)),
        **options,
    )


@pytest.fixture(scope="module")
def told():
    """What the comparison told of its progress."""
    return []


@pytest.fixture(scope="module")
def compared(sample_file, config, told, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared") / "run"
    return made(sample_file, config, folder, progress=lambda *facts: told.append(facts))


def test_comparing_leaves_a_table_and_changes_no_segment(compared, run_folder):
    run = compared
    table = run.read_parquet("segmentation/candidates.parquet")
    assert table.select("inputs", "algorithm", "k_requested").unique().height == 8
    assert table["information_gain"].null_count() == table["note"].ne("").sum()
    assert run.read_bytes("segmentation/candidates.csv").startswith(b"inputs,algorithm")
    plain = open_run(run_folder).read_bytes("segmentation/assignments.parquet")
    assert run.read_bytes("segmentation/assignments.parquet") == plain


def test_selecting_freezes_what_the_rule_takes(sample_file, few, tmp_path):
    run = made(sample_file, few, tmp_path / "run", "select")
    told = run.read_json("segmentation/selection.json")
    state = run.read_json("segmentation/model.json")
    expected = "rules" if told["selected"] is None else told["selected"]["algorithm"]
    assert state["algorithm"] == expected
    assert run.metadata["config"]["segmentation"]["algorithm"] == expected
    assert any(note.startswith("Segments are ") for note in run.metadata["notes"])


def test_a_comparison_leaves_out_customers_of_segment_rules(sample_file, few, tmp_path):
    rule = {"Key accounts": SegmentRuleOptions(top_share=0.02)}
    refine = OverrideOptions(rules=rule)
    asked = replace(few, segmentation=replace(few.segmentation, overrides=refine))
    run = made(sample_file, asked, tmp_path / "run", "select")
    state = run.read_json("segmentation/model.json")
    assert [rule["name"] for rule in state["segment_rules"]] == ["Key accounts"]
    table = run.read_parquet("segmentation/candidates.parquet")
    assert table["information_gain"].null_count() == table["note"].ne("").sum()


def test_an_interrupted_comparison_goes_on_where_it_stopped(
    sample_file, config, compared, tmp_path, monkeypatch
):
    run, ran = SelectionRun.run_task, []

    def cut(self, task):
        if len(ran) == 2:
            raise KeyboardInterrupt
        ran.append(task)
        return run(self, task)

    folder = tmp_path / "run"
    monkeypatch.setattr(SelectionRun, "run_task", cut)
    with pytest.raises(KeyboardInterrupt):
        made(sample_file, config, folder)
    assert not folder.exists()
    first = list(ran)

    ran.clear()
    monkeypatch.setattr(
        SelectionRun, "run_task", lambda self, task: (ran.append(task), run(self, task))[1]
    )
    resumed = made(sample_file, config, folder)
    assert len(ran) == 2
    assert not set(first) & set(ran)
    assert not selection.selection_cache_folder(folder).exists()

    name = "segmentation/candidates.parquet"
    assert resumed.read_parquet(name).equals(compared.read_parquet(name))


@pytest.mark.usefixtures("compared")
def test_progress_never_goes_back_and_names_what_is_done(told):
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert [what for what, _ in told if what.startswith("comparing")] == [
        "comparing (0 of 4 done)",
        "comparing (1 of 4 done, last rules on fm)",
        "comparing (2 of 4 done, last kmeans on fm)",
        "comparing (3 of 4 done, last rules on rfm)",
        "comparing (4 of 4 done, last kmeans on rfm)",
    ]


@pytest.mark.slow
def test_several_processes_find_what_one_finds(sample_file, config, tmp_path):
    alone = made(sample_file, config, tmp_path / "alone")
    beside = made(sample_file, replace(config, threads=2), tmp_path / "beside")
    name = "segmentation/candidates.parquet"
    assert beside.read_parquet(name).equals(alone.read_parquet(name))
