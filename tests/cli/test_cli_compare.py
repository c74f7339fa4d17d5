"""``segpredict cluster --compare`` from outside."""

from pathlib import Path

from door import Door

from segpredict.core.run_folder import open_run

QUICK = (
    *("--set", "segmentation.n_init=3"),
    *("--set", "segmentation.selection.sample_rows=200"),
    *("--set", "segmentation.selection.bootstrap_draws=2"),
    *("--set", "segmentation.selection.strength_splits=2"),
    *("--set", "segmentation.selection.seed_runs=2"),
    *("--set", "segmentation.selection.null_samples=2"),
)


def test_comparing_prints_every_candidate_and_the_selected_one(
    segpredict: Door, sample_file: Path, tmp_path: Path
) -> None:
    asked = ("--compare", "--algorithm", "kmeans", "--inputs", "fm", "--k", "3-4")
    folder = tmp_path / "run"
    code, out, err = segpredict("cluster", "--data", sample_file, "--out", folder, *asked, *QUICK)
    assert (code, err) == (0, "")
    told = " ".join(out.split())
    assert "SELECTED" in told
    assert "2 candidates pass every gate" in told
    assert "not the selection; see --select" in told
    table = open_run(folder).read_parquet("segmentation/candidates.parquet")
    assert table.select("inputs", "algorithm", "k_requested").rows() == [
        ("fm", "kmeans", 3),
        ("fm", "kmeans", 4),
    ]


def test_a_range_that_is_none_is_refused_with_an_example(
    segpredict: Door, sample_file: Path, tmp_path: Path
) -> None:
    code, _, err = segpredict(
        *("cluster", "--data", sample_file, "--out", tmp_path / "run"),
        *("--compare", "--k", "few"),
    )
    assert code == 2
    assert "--k 3-5" in err


def test_an_algorithm_that_is_none_names_the_nearest(
    segpredict: Door, sample_file: Path, tmp_path: Path
) -> None:
    code, _, err = segpredict(
        *("cluster", "--data", sample_file, "--out", tmp_path / "run"),
        *("--compare", "--algorithm", "kmean"),
    )
    assert code == 3
    assert "kmeans" in err
