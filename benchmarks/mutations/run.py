"""What happens to mutated files of a run or a store.

    python benchmarks/mutations/run.py --run RUN --cases 10000 --of model
    python benchmarks/mutations/run.py --run RUN --cases 2000 --of run
    python benchmarks/mutations/run.py --store STORE --cases 2000 --of store

Each case changes one file by bytes, by one number or by one part of its JSON (`mutate.py`), and
reads it again: ``model`` the files that decide a score, ``run`` any file, by the commands that
read it, ``store`` any file of a store. In a tenth of the cases the manifest keeps the old hash; in
the others the hash of the file and of the manifest are those of the change, as who can write a
folder can make them. Cases run in processes of their own, with limits of time and memory, so a
process that is ended by a signal is counted.

``refused``: an error of the package. ``same``: read, and all scores are as before. ``changed``:
read, and scores differ without a word; ``rows alone`` counts, in every fifth case, what the
golden scores alone, without the digest beside them, would have let pass. ``raw``: an exception of
Python or of a library.
"""

import argparse
import collections
import dataclasses
import hashlib
import json
import os
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mutate import mutate

from segpredict.errors import SegpredictError

MODEL_FILES = (
    *("classifier/xgboost.json",) * 6,
    *("classifier/model.json", "segmentation/model.json", "customer_value/value_model.json"),
    *("classifier/golden_rows.parquet", "segmentation/segments.json"),
)
CASE_SECONDS = 20
MEMORY_BYTES = 8 << 30
SHARE_OF_OLD_HASHES = 0.1
SHARE_OF_ROWS_ALONE = 5  # every fifth case is also judged by golden scores alone


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--run", type=Path)
    asked.add_argument("--store", type=Path)
    asked.add_argument("--of", choices=("model", "run", "store"), default="model")
    asked.add_argument("--cases", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.child:
        _run_cases(given)
        return
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for what, outcome, note in _outcomes(given):
        counts[what, outcome] += 1
        if outcome not in ("refused", "same"):
            print(f"{outcome}: {what}: {note}", flush=True)
        if counts.total() % 500 == 0:
            print(f"{counts.total():,} cases", flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    for (what, outcome), count in sorted(counts.items()):
        print(f"{count:7,} {outcome:12} {what}")
    total: collections.Counter[str] = collections.Counter()
    for (_, outcome), count in counts.items():
        total[outcome] += count
    print(dict(total), f"CPU {used.ru_utime + used.ru_stime:.0f} s")


def _outcomes(given: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Yield what each case came to; where a child ends, another goes on with the next case."""
    case, last = given.first, given.first + given.cases
    while case < last:
        own = [*sys.argv, "--child", "--first", str(case), "--cases", str(last - case)]
        child = subprocess.Popen([sys.executable, *own], stdout=subprocess.PIPE, text=True)
        what = ""
        for line in _lines_of(child):
            case, kind, text = json.loads(line)
            if kind == "begin":
                what = text
            else:
                yield what, kind, text
        code = child.wait()
        if not what:
            sys.exit(f"The child ended with {code} before the first case.")
        if code:
            is_time = code in (-signal.SIGPROF, -signal.SIGKILL)
            yield what, "hang" if is_time else "crash", f"case {case}, ended with {code}"
        case += 1


def _lines_of(child: "subprocess.Popen[str]") -> Iterator[str]:
    """Yield what a child prints; one that is silent for too long is ended."""
    assert child.stdout is not None
    while select.select([child.stdout], [], [], CASE_SECONDS * 9)[0]:
        line = child.stdout.readline()
        if not line:
            return
        yield line
    child.kill()


def _run_cases(given: argparse.Namespace) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as place:
        folder = shutil.copytree(given.store or given.run, Path(place, "copy"))
        reader = {"model": _Model, "run": _Run, "store": _Store}[given.of](folder)
        for case in range(given.first, given.first + given.cases):
            rng = random.Random(f"{given.seed} {case}")
            reader.case = case
            name = rng.choice(reader.names)
            path = folder / name
            whole = path.read_bytes()
            kind, changed = mutate(whole, rng, is_json=path.suffix == ".json")
            is_old = rng.random() < SHARE_OF_OLD_HASHES
            label = f"{_kind_of(name)}, {kind}, {'old' if is_old else 'new'} hash"
            print(json.dumps([case, "begin", label]), flush=True)
            signal.setitimer(signal.ITIMER_PROF, CASE_SECONDS)  # of CPU: others may be busy
            with _Replaced(folder, reader, name, changed, is_old=is_old):
                try:
                    outcome, note = reader.read()
                except SegpredictError as error:
                    outcome, note = "refused", str(error)
                except BaseException as error:
                    outcome, note = "raw", f"case {case}, {name}: {type(error).__name__}: {error}"
            signal.setitimer(signal.ITIMER_PROF, 0)
            print(json.dumps([case, outcome, note[:300]]), flush=True)


def _kind_of(name: str) -> str:
    return name if name.startswith(("classifier/", "segmentation/model")) else Path(name).suffix


class _Replaced:
    """A file of a folder in another form, for a while."""

    def __init__(
        self, folder: Path, reader: Any, name: str, changed: bytes, *, is_old: bool
    ) -> None:
        self.kept = {p: p.read_bytes() for p in (folder / name, folder / reader.manifest)}
        (folder / name).write_bytes(changed)
        if is_old or name == reader.manifest:
            return
        path = folder / reader.manifest
        facts = json.loads(path.read_bytes())
        facts["files"][name] = {
            "sha256": hashlib.sha256(changed).hexdigest(),
            "bytes": len(changed),
        }
        facts["digest"] = reader.digest(facts)
        path.write_bytes(json.dumps(facts).encode())

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for path, content in self.kept.items():
            path.write_bytes(content)


class _Run:
    """Any file of a run, read by the commands that read runs."""

    manifest = "manifest.json"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        facts = json.loads((folder / self.manifest).read_bytes())
        self.names = [*facts["files"], self.manifest]
        self.read()

    @staticmethod
    def digest(facts: dict[str, Any]) -> str:
        from segpredict.core.run_folder import _digest

        return _digest(facts)

    def read(self) -> tuple[str, str]:
        """Load it, tell one customer's forecast, and write its report and its tables."""
        import segpredict
        from segpredict import pipeline
        from segpredict.core.run_folder import open_run
        from segpredict.pipeline import ExportRequest
        from segpredict.service.live_run import LiveRun

        run = open_run(self.folder)
        for name in run.manifest["files"]:
            run.read_bytes(name)
        with tempfile.TemporaryDirectory() as out:
            steps: list[Callable[[], object]] = [
                lambda: segpredict.load(self.folder),
                lambda: LiveRun.load(self.folder),
                lambda: pipeline.export_report(
                    self.folder, "json", ExportRequest(out=Path(out, "report.json"))
                ),
                lambda: pipeline.export_bi_tables(self.folder, ExportRequest(out=Path(out, "bi"))),
                lambda: pipeline.run_transitions(self.folder),
            ]
            for step in steps:
                step()
        return "same", ""


class _Model(_Run):
    """A file that decides a score; scores of the run's own customers are compared."""

    def __init__(self, folder: Path) -> None:
        from segpredict.core.run_folder import open_run
        from segpredict.pipeline import loading

        self.folder, self.names = folder, list(MODEL_FILES)
        files = open_run(folder)
        self.predictor, shop = loading.load_predictor(files), loading.load_transactions(files)
        self.rows = self.predictor.customer_rows(shop, self.predictor.score_window(shop))
        self.points = _points(self.predictor.segmentation)
        self.before = self._scores(self.predictor)

    def _scores(self, predictor: Any) -> Any:
        import polars as pl

        names = pl.exclude("segment", "next_segment", "segment_set")
        scores = predictor.score_rows(self.rows).select(names)
        return scores, predictor.segmentation.assign(self.points)

    def read(self) -> tuple[str, str]:
        """Load as `loading.load_predictor` does, but only the files that are mutated here."""
        from segpredict.core.run_folder import open_run
        from segpredict.pipeline import loading
        from segpredict.scoring import golden_rows

        with loading.translate_load_errors(self.folder):
            files = open_run(self.folder)
            loading.load_segments(files)
            models = loading.load_models(files)
            predictor = dataclasses.replace(
                self.predictor,
                segmentation=loading.load(files, "segmentation"),
                model=models.selected,
                policy=models.policy,
                value_model=loading.load(files, "value_model"),
            )
            golden = loading.load(files, "golden_rows")
            try:
                golden_rows.require_golden_scores(predictor, golden)
            except SegpredictError:
                if self._would_pass(predictor, golden):
                    return "rows alone", "the digest differs, golden scores do not"
                raise
        return ("same" if self._is_as_before(predictor) else "changed"), "scores differ"

    def _would_pass(self, predictor: Any, golden: Any) -> bool:
        """Return whether golden scores alone would let other scores pass, in a fifth of cases."""
        from segpredict.scoring import golden_rows

        if self.case % SHARE_OF_ROWS_ALONE:
            return False
        signal.signal(signal.SIGPROF, _interrupt)
        try:
            is_same = not golden_rows.differing_scores(predictor, golden)
            return is_same and not self._is_as_before(predictor)
        except Exception:
            return False
        finally:
            signal.signal(signal.SIGPROF, signal.SIG_DFL)

    def _is_as_before(self, predictor: Any) -> bool:
        import numpy as np

        for before, now in zip(self.before, self._scores(predictor), strict=True):
            for column in before:
                other = now[column.name]
                if column.dtype.is_float():
                    if not np.allclose(column, other, rtol=1e-9, atol=1e-12, equal_nan=True):
                        return False
                elif not column.equals(other):
                    return False
        return True


def _interrupt(*_: object) -> None:
    raise TimeoutError


def _points(segmentation: Any) -> Any:
    """Return clustering inputs all over the plane."""
    import numpy as np
    import polars as pl

    rng, n = np.random.default_rng(5), 2000
    frame = {
        "customer_id": [f"c{i:05}" for i in range(n)],
        "end": pl.Series(np.full(n, 19000), dtype=pl.Int32),
        "days": pl.Series(rng.integers(1, 15, n), dtype=pl.Int32),
        "spend": np.exp(rng.normal(13, 2, n)).astype(np.int64),
    }
    for name in segmentation.extra_inputs:
        kind = pl.Int32 if name == "recency" else pl.Int64
        frame[name] = pl.Series(rng.integers(0, 90, n), dtype=kind)
    return pl.DataFrame(frame)


class _Store:
    """Any file of a store, read as transactions, also anew from what was read."""

    manifest = "store.json"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = [*json.loads((folder / self.manifest).read_bytes())["files"], self.manifest]
        self.before = self._lines()

    @staticmethod
    def digest(facts: dict[str, Any]) -> str:
        from segpredict.data.store.parts import _digest

        return _digest(facts)

    def _lines(self) -> Any:
        import polars as pl

        from segpredict.data.ingest import read_transactions, store_settings
        from segpredict.data.store import open_store

        shop = open_store(self.folder)
        plan = store_settings(str(self.folder))
        read_transactions([str(self.folder)], plan)
        cut = read_transactions([str(self.folder)], plan, "2023-06-01")
        return (
            shop.lines.collect(),
            shop.order_days().lines.collect().sort(pl.all()),
            cut.lines.select("customer_id", "day", "amount").collect(),
            shop.product_names,
        )

    def read(self) -> tuple[str, str]:
        now = self._lines()
        is_same = all(a.equals(b) for a, b in zip(self.before, now, strict=True))
        return ("same" if is_same else "changed"), "lines differ"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    began = time.monotonic()
    main()
    if "--child" not in sys.argv:
        print(f"{time.monotonic() - began:.0f} s")
