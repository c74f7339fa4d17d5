"""What each stage of a run took, as `benchmarks/run.py` adds it up."""

from pathlib import Path
from runpy import run_path

import pytest

from segpredict import pipeline
from segpredict.config.load import Config
from segpredict.core.types import ProgressCallback

ROOT = Path(__file__).parents[2]


def test_a_stage_that_is_reported_twice_took_both_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = run_path(str(ROOT / "benchmarks" / "run.py"))
    ticks = iter([0.0, 1.0, 3.0, 6.0, 10.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))

    def report_stages(*_: object, progress: ProgressCallback) -> None:
        for what in ("reading", "training", "reading", "done"):
            progress(what, 0.5)

    monkeypatch.setattr(pipeline, "run_pipeline", report_stages)
    found = script["stages"]([], Config(), tmp_path)
    assert {stage: spent.wall for stage, spent in found.items()} == {
        "reading": 1 + 3,
        "training": 2,
        "publishing": 4,
    }
