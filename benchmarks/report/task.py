"""Make one form of what a run found, and tell what that took (see ``run.py``)."""

import json
import resource
import shutil
import sys
import time
from importlib import import_module
from pathlib import Path

from segpredict import pipeline
from segpredict.core.run_folder import open_run
from segpredict.pipeline.report_data import collect_report_input
from segpredict.report.deck import render_deck


def made(run: Path, form: str, place: Path) -> Path:
    """Make a form outside of the run; return the file or folder."""
    out = place / f"report.{form}"
    if form == "pptx":
        out.write_bytes(render_deck(collect_report_input(open_run(run))))
        return out
    export = pipeline.ExportRequest(created="for measuring times", out=out)
    if form == "bi":
        shutil.rmtree(out, ignore_errors=True)
        return pipeline.export_bi_tables(run, export)[0]
    return pipeline.export_report(run, form, export)


def main() -> None:
    run, form, place = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    import_module("segpredict.report.deck.draw")  # loaded before the clock runs
    began, before = time.perf_counter(), time.process_time()
    out = made(run, form, place)
    wall, cpu = time.perf_counter() - began, time.process_time() - before
    files = [path for path in (out, *out.rglob("*")) if path.is_file()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(path.stat().st_size for path in files)
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "bytes": size}))


if __name__ == "__main__":
    main()
