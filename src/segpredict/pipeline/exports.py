"""What a run exports: the page in several forms, and tables for BI."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from segpredict.analytics.customer_value import expected_total
from segpredict.core.disk import write_file
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.run_folder import (
    MANIFEST_NAME,
    RunDraft,
    RunFiles,
    RunFolder,
    continue_run,
    draft_run,
    encode_json,
    open_run,
)
from segpredict.core.types import JSON, DateLike
from segpredict.core.window import as_date, day_number
from segpredict.core.write_errors import translate_write_errors
from segpredict.pipeline import loading
from segpredict.pipeline.artifacts import (
    BI_FOLDER,
    MONITOR_FIGURES,
    NOT_WRITTEN_KEY,
    REPORT_PATHS,
)
from segpredict.pipeline.report_data import report_input_of_run, transition_tables_of_run
from segpredict.pipeline.runs import plan_missing_campaigns, write_customer_lists
from segpredict.report import ReportInput, bi, render_html, render_markdown, section_contexts
from segpredict.report.bi import StarSchema
from segpredict.report.deck import render_deck
from segpredict.report.segment_query import LINES_TABLE, SegmentQuery

TABLES_OF_KEY = "tables_of"  # in the manifest of tables: the digest of the run they are of
REPORT_FORMATS: Mapping[str, Callable[[ReportInput], bytes]] = {
    "html": lambda bundle: render_html(bundle).encode(),
    "json": lambda bundle: encode_json(section_contexts(bundle)),
    "md": lambda bundle: render_markdown(section_contexts(bundle)).encode(),
    "pptx": render_deck,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Where an export is written, and with which customer ids.

    >>> ExportRequest(created="2024-01-01", customers=False).out is None
    True
    """

    created: str = ""  # when it is made, as text
    out: Path | None = None  # a place outside of the run; ``None`` for the run itself
    replace: bool = False  # whether a folder of tables at `out` may be replaced
    pseudonyms: Pseudonymizer | None = None  # pseudonyms that replace customer ids
    # whether single customers are shown; ``None``: as the run's config says
    customers: bool | None = None


@loading.of_run
def export_report(folder: str | Path, form: str, export: ExportRequest) -> Path:
    """Write the content of the page in a form of `REPORT_FORMATS`; return the path.

    * `folder`, `form`: the run; ``html`` (the page), ``pptx``, ``json`` (its facts) or ``md`` (its
      key tables).
    * `export`: where to; by default the file of `artifacts.REPORT_PATHS` in the run.

    Raises `ExtraMissingError` when slides are requested and python-pptx is not installed.
    """
    shown = {"customers": export.customers}
    if export.out is not None:
        bundle = report_input(open_run(folder), export.pseudonyms, **shown)
        write_file(
            export.out, REPORT_FORMATS[form](replace(bundle, created=export.created, lists=()))
        )
        return export.out
    name = REPORT_PATHS[form]
    with continue_run(folder) as draft:
        draft.metadata["created"] = export.created
        plan_missing_campaigns(draft)
        if form == "html":
            write_customer_lists(draft)
        draft.write(name, REPORT_FORMATS[form](report_input(draft, export.pseudonyms, **shown)))
        if form == "html":
            draft.metadata.pop(NOT_WRITTEN_KEY, None)
        draft.publish()
    return Path(folder) / name


def report_input(
    files: RunFiles, pseudonyms: Pseudonymizer | None = None, *, customers: bool | None = None
) -> ReportInput:
    """Return all that the page is made from, with pseudonyms where they are given."""
    bundle = report_input_of_run(files, customers=customers)
    if pseudonyms is None:
        return bundle
    profiles = tuple(
        {**profile, "examples": _renamed(profile["examples"], pseudonyms)}
        for profile in bundle.segment_profiles
    )
    return replace(
        bundle,
        segment_profiles=profiles,
        example_customers=_renamed(bundle.example_customers, pseudonyms),
        shortlist=_renamed(bundle.shortlist, pseudonyms),
        lists=(),
    )


def _renamed(
    rows: Sequence[Mapping[str, JSON]], pseudonyms: Pseudonymizer
) -> tuple[dict[str, JSON], ...]:
    return tuple({**row, "customer_id": pseudonyms.hash_id(row["customer_id"])} for row in rows)


@loading.of_run
def export_bi_tables(folder: str | Path, export: ExportRequest) -> tuple[Path, Mapping[str, int]]:
    """Write a run as a star schema; return the folder, and the rows of each table.

    * `folder`, `export`: the run, and where to; by default ``bi`` in the run.

    Raises `TargetBusyError` when the place exists and may not be replaced, or holds something else.
    """
    if export.out is None:
        with continue_run(folder) as draft:
            rows = _written(draft, load_star_schema(draft, export.pseudonyms), f"{BI_FOLDER}/")
            draft.publish()
        return Path(folder) / BI_FOLDER, rows
    run = open_run(folder)
    with draft_run(export.out, replace=_holds_tables if export.replace else False) as draft:
        draft.metadata |= {
            TABLES_OF_KEY: run.manifest["digest"],
            "created": export.created,
            "has_hashed_ids": export.pseudonyms is not None,
        }
        rows = _written(draft, load_star_schema(run, export.pseudonyms), "")
        draft.publish()
    return export.out, rows


def _holds_tables(folder: Path) -> bool:
    """Whether tables stand there, and not a run, which nothing here may replace."""
    return (folder / MANIFEST_NAME).is_file() and TABLES_OF_KEY in open_run(folder).metadata


@loading.of_run
def export_query(
    folder: str | Path, dialect: str, table: str = LINES_TABLE, as_of: DateLike = None
) -> str:
    """Return the query for each customer's segment, for a database that holds the lines.

    * `folder`, `dialect`: the run, and one of `report.segment_query.DIALECTS`.
    * `table`, `as_of`: the table of lines, and the cutoff; by default the end of the run's data.

    Raises `UsageError` when the segments cannot be written as a query, or the table's name is none;
    `ExtraMissingError` when sqlglot is not installed.
    """
    run = open_run(folder)
    segmentation = loading.load(run, "segmentation")
    cutoff = loading.load_transactions(run).end_day if as_of is None else day_number(as_of)
    return SegmentQuery(segmentation, as_date(cutoff), table).in_dialect(dialect)


def load_star_schema(files: RunFiles, pseudonyms: Pseudonymizer | None = None) -> StarSchema:
    """Return all that the tables of a run are made from."""
    shop, config = loading.load_transactions(files), loading.load_config(files)
    tables = loading.load(files, "segment_tables")
    values = loading.load(files, "customer_value")
    return StarSchema(
        shop=shop,
        window=config.time.window_at(shop.end_day, shop.first_day),
        segments=loading.load_segments(files),
        assignments=tables["assignments"],
        profile=tables.get("profile"),
        scores=loading.load_optional(files, "scores"),
        transitions=transition_tables_of_run(files),
        figures=loading.load(files, "kpis").get("figures"),
        checks=files.read_parquet(MONITOR_FIGURES) if files.has(MONITOR_FIGURES) else None,
        expected_total=expected_total(values["segments"], values["totals"]) if values else None,
        pseudonyms=pseudonyms,
    )


def _written(draft: RunDraft, star: StarSchema, prefix: str) -> Mapping[str, int]:
    """Write the tables into a folder of their own, then move each into the draft."""
    folder = draft.folder / ".tables"
    with translate_write_errors(draft.target):
        rows = bi.write_star_schema(star, folder)
    for made in sorted(folder.iterdir()):
        draft.write(prefix + made.name, partial(_move, made))
    folder.rmdir()
    return rows


def _move(made: Path, path: Path) -> None:
    made.replace(path)


class Report:
    """A run to read: in a notebook, as a page, as Markdown, as JSON.

    * `run`: the folder of a run.
    * `pseudonyms`: pseudonyms that replace customer ids, if these must not be shown.

    Raises `ArtifactError` when the folder holds no run, or a file is missing or changed.

    Only `to_bi` writes files. In Jupyter the page stands in a frame without
    scripts, forms or an origin, so it can touch nothing of the notebook.

    >>> report = segpredict.Report("artifacts/run")  # doctest: +SKIP
    >>> report  # the page, in Jupyter  # doctest: +SKIP
    >>> report.to_json()["sections"]["headline"]["sentence"]  # doctest: +SKIP
    """

    def __init__(self, run: str | Path, *, pseudonyms: Pseudonymizer | None = None) -> None:
        with loading.translate_load_errors(run):
            self.run: RunFolder = open_run(run)
            self.pseudonyms = pseudonyms
            self._bundle = report_input(self.run, pseudonyms)

    def to_html(self) -> str:
        """Return the page: one text that needs no network."""
        return render_html(self._bundle)

    def to_markdown(self) -> str:
        """Return the key tables as Markdown."""
        return render_markdown(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the content of the page; `docs/reference/report-json.md` describes each field."""
        return section_contexts(self._bundle)

    def to_bi(self, out: str | Path) -> Path:
        """Write the star schema into a new folder; `docs/reference/bi.md` describes it."""
        created, out = self.run.metadata["created"], Path(out)
        export = ExportRequest(created=created, out=out, pseudonyms=self.pseudonyms)
        return export_bi_tables(self.run.folder, export)[0]

    def __repr__(self) -> str:
        return f"Report({str(self.run.folder)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        """What decides every word of the report: the content of the run, and whose ids show."""
        return (self.run.manifest["digest"], self.pseudonyms)

    def _repr_html_(self) -> str:
        page = escape(self.to_html(), quote=True)
        return (
            f'<iframe sandbox="" srcdoc="{page}" title="{escape(self._bundle.title)}" '
            'style="width:100%;height:80vh;border:0"></iframe>'
        )
