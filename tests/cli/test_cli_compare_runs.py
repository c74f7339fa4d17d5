"""``segpredict compare`` from outside: the verdict, and the link that it moves."""

import json
from pathlib import Path

import polars as pl
import pytest
from door import Door

from segpredict import pipeline
from segpredict.explain.run_comparison import IMPORTANCE_COMPARISON_SCHEMA, MOVE_REASONS_SCHEMA
from segpredict.pipeline.compare import FIGURES_SCHEMA, RunComparison, Verdict
from segpredict.pipeline.compare_tables import PAIRS_SCHEMA

FIGURE = ("2024-01-01", "log_loss", 90, 0.81, 0.79, -0.02, -0.03, -0.01, 0.001)
MOVE = ("S1", "A segment with a very long name", "S2", "Core", 7)
DRIVER = ("recency_days", 1, 2, 0.3, 0.1, 0.2, 0.4, 1, -1, True, True)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two runs and a link to the first; their comparison is invented."""
    for name in ("may", "june"):
        (tmp_path / name).mkdir()
    (tmp_path / "current").symlink_to("may")
    verdicts = {"june": Verdict("promote", "It is better."), "may": Verdict("keep", "It is not.")}

    def compare_runs(champion: Path, challenger: Path, *_: object, **__: object) -> RunComparison:
        return RunComparison(
            str(champion),
            str(challenger),
            "the next segment",
            "the runs as they are",
            ("2024-01-01",),
            verdicts[challenger.name],
            pl.DataFrame([FIGURE], FIGURES_SCHEMA, orient="row"),
            pl.DataFrame(schema=PAIRS_SCHEMA),
            ("S1 (Core) is still itself (Jaccard 0.98).",),
            pl.DataFrame([MOVE], PAIRS_SCHEMA, orient="row"),
            pl.DataFrame(
                [("S1", "S2", "aov", 7, 0.2, 0.1, 0.3)], MOVE_REASONS_SCHEMA, orient="row"
            ),
            pl.DataFrame([DRIVER], IMPORTANCE_COMPARISON_SCHEMA, orient="row"),
            0.8,
            ("One date.",),
        )

    monkeypatch.setattr(pipeline, "compare_runs", compare_runs, raising=False)
    return tmp_path


def test_a_better_run_gets_the_link(segpredict: Door, places: Path) -> None:
    link = places / "current"
    asked = ("compare", link, places / "june", "--data", "x.csv")
    code, out, _ = segpredict(*asked)
    assert (code, link.readlink()) == (0, Path("may"))  # nothing moves unless it is asked
    assert out.startswith("VERDICT  promote: It is better.")
    assert {"FIGURES", "MOVES", "REASONS", "DRIVERS"} <= {n.split(" ")[0] for n in out.splitlines()}
    assert "recency_days*" in out
    assert max(map(len, out.splitlines())) <= 80
    _, out, _ = segpredict(*asked, "--promote", link, "--json")
    found = json.loads(out)
    assert (found["promoted"], found["verdict"]["action"]) == (True, "promote")
    assert link.readlink() == Path("june")


def test_a_worse_run_gets_it_by_force_alone(segpredict: Door, places: Path) -> None:
    link = places / "link"
    link.symlink_to("june")
    asked = ("compare", link, places / "may", "--data", "x.csv", "--promote", link)
    assert segpredict(*asked)[0] == 0
    assert link.readlink() == Path("june")
    assert segpredict(*asked, "--force")[0] == 0
    assert link.readlink() == Path("may")


def test_force_without_a_link_is_refused(segpredict: Door, places: Path) -> None:
    code, _, err = segpredict("compare", places / "may", places / "june", "--data", "x", "--force")
    assert code == 2
    assert "--promote" in err
