"""What leaves a run: tables for BI, and what the page says as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from segpredict import archive, bi, metrics
from segpredict.artifacts import Draft, Files, as_json, drafting, open_run
from segpredict.bi import Star
from segpredict.disk import write_file
from segpredict.errors import BusyError
from segpredict.pipeline._runs import continued
from segpredict.pseudonyms import Pseudonyms
from segpredict.report import ReportInput, contexts

TABLES = "bi"
FACTS = "report.json"


@dataclass(frozen=True, slots=True)
class Export:
    """Where something shall go, and under which names.

    Parameters
    ----------
    out
        A place outside of the run; ``None`` for its own folder.
    replace
        Whether what stands there may be replaced.
    pseudonyms
        Names in the place of ids.
    created
        The time of day, as text.
    """

    out: Path | None = None
    replace: bool = False
    pseudonyms: Pseudonyms | None = None
    created: str = ""


def star_of(files: Files, pseudonyms: Pseudonyms | None = None) -> Star:
    """Return all that the tables of a run are made from."""
    shop, config = archive.transactions_of(files), archive.config_of(files)
    has = {
        name: files.parquet(path)
        for name, path in {
            "profile": "segments/profile.parquet",
            "migration": "segments/migration.parquet",
            "scores": "scores.parquet",
        }.items()
        if files.has(path)
    }
    return Star(
        shop=shop,
        window=config.time.window(shop.end_day, shop.first_day),
        segments=archive.segments_of(files),
        assignments=files.parquet("segments/assignments.parquet"),
        figures=metrics.kept(files).get("figures"),
        pseudonyms=pseudonyms,
        **has,
    )


def tables(folder: str | Path, export: Export = Export()) -> tuple[Path, Mapping[str, int]]:
    """Write a run as a star schema; return where, and the rows of each table.

    Parameters
    ----------
    folder
        The run.
    export
        Where to; by default ``bi`` in the run itself.

    Raises
    ------
    BusyError
        When the place exists and may not be replaced.
    """
    run = open_run(folder)
    if export.out is None:
        with continued(folder, run.facts["created"]) as draft:
            rows = _stored(draft, star_of(draft, export.pseudonyms), TABLES + "/")
            draft.publish()
        return Path(folder) / TABLES, rows
    with drafting(export.out, replace=export.replace) as draft:
        draft.facts = {
            "tables": TABLES,
            "of": run.manifest["digest"],
            "created": export.created,
            "hashed": export.pseudonyms is not None,
        }
        rows = _stored(draft, star_of(run, export.pseudonyms), "")
        draft.publish()
    return export.out, rows
