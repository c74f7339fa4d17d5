"""The input of pages, as plain values and frames, and what a section is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import polars as pl
from polars import selectors

from segpredict.core.ledger import Ledger
from segpredict.core.panel import Feature
from segpredict.core.segment import Segment
from segpredict.core.transactions import InputFile
from segpredict.core.window import Window
from segpredict.explain import ImportanceEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """The results of a run; optional parts may be missing, and their sections say so.

    Figures of tables that are no finite numbers are not defined, and become null.
    """

    title: str  # heading of the page
    created: str  # when it was created, as text; passed in, since this room reads no clock
    # the data cover ``[first_day, end_day)`` (day numbers)
    first_day: int
    end_day: int
    window: Window  # the question: features before its cutoff, segments in its outcome
    segments: tuple[Segment, ...]  # INACTIVE first, then in rising order of value
    ledger: Ledger
    currency: str = ""
    files: tuple[InputFile, ...] = ()
    dates: pl.DataFrame | None = None  # `SideTables.dates`: days that the shop plans
    product_names: Mapping[str, str] = field(default_factory=dict)  # by product code
    profile: pl.DataFrame | None = None  # `segmentation.segment_profile_table`
    kpis: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # `kpis.kpi_tables`
    # `exploration.explore_shop`: what the data look like, as counts
    exploration: Mapping[str, Any] = field(default_factory=dict)
    segment_profiles: tuple[Mapping[str, Any], ...] = ()  # `segmentation.segment_profiles`
    candidates: pl.DataFrame | None = None  # one row per number of segments
    # `segmentation.selection.comparison_table` and ``selection.json``, if candidates were compared
    comparison: pl.DataFrame | None = None
    selection: Mapping[str, Any] | None = None
    # `own_segments.compare_segmentations`, where the shop gave segments of its own
    own_segments: Mapping[str, Any] | None = None
    segment_notes: Mapping[str, Any] = field(default_factory=dict)  # algorithm, grade, window …
    # customers per segment id: counted now, expected in the outcome
    current_mix: Mapping[str, float] = field(default_factory=dict)
    expected_mix: Mapping[str, float] = field(default_factory=dict)
    # `transitions.observed_matrix` of the last two windows, and between which windows that is
    observed_transitions: pl.DataFrame | None = None
    transitions_note: str = ""
    transitions: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # tables, by name
    evaluation: Mapping[str, Any] | None = None  # `classifier.Evaluation.to_json`
    test_set_log: Mapping[str, Any] = field(default_factory=dict)  # evaluations of the last test
    scorecard: pl.DataFrame | None = None  # `scorecard.SCORECARD_SCHEMA`
    curves: pl.DataFrame | None = None  # `decisions.CURVES_SCHEMA`
    # tables of `customer_value` and ``value_model.json``; empty where no customer was valued
    customer_value: Mapping[str, Any] = field(default_factory=dict)
    campaigns: Mapping[str, Any] = field(default_factory=dict)  # ``plans``, ``targeting_curves``
    experiments: tuple[Mapping[str, Any], ...] = ()  # `campaigns.campaign_record`, oldest first
    demand: Mapping[str, Any] = field(default_factory=dict)  # `demand.DemandForecast.tables`
    leakage_demo: tuple[Mapping[str, Any], ...] = ()  # if requested
    importance: pl.DataFrame | None = None  # `schemas.IMPORTANCE_SCHEMA`
    # the same of the ensemble, where a plainer model is explained
    ensemble_importance: pl.DataFrame | None = None
    contribution_points: pl.DataFrame | None = None  # contributions of a sample of customers
    n_explained: int = 0  # customers behind `importance`
    group_importance: pl.DataFrame | None = None  # `schemas.GROUP_IMPORTANCE_SCHEMA`
    transition_drivers: pl.DataFrame | None = None
    evidence: ImportanceEvidence | None = None  # the cross-check of importance, if it was made
    example_customers: tuple[Mapping[str, Any], ...] = ()  # with forecast and reasons
    base_values: Mapping[str, float] = field(default_factory=dict)  # margins, by segment id
    # `shortlist.shortlist_with_reasons`; empty where single customers must not be shown
    shortlist: tuple[Mapping[str, Any], ...] = ()
    # names of the customer lists next to the page; empty where the page stands elsewhere
    lists: tuple[str, ...] = ()
    reasons_note: str = ""  # which model is explained
    glossary: tuple[Feature, ...] = ()  # declarations of all features
    manifest: Mapping[str, Any] = field(default_factory=dict)  # facts of the run; may be nested
    warnings: tuple[str, ...] = ()  # what a reader must know, as sentences

    def __post_init__(self) -> None:
        # Sections know one sign of a figure that is not defined: null.
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, dict):
                found: Any = {key: _without_nan(part) for key, part in value.items()}
            else:
                found = _without_nan(value)
            object.__setattr__(self, each.name, found)

    def next_transitions(self) -> pl.DataFrame | None:
        """Return the predicted transitions of the next window; ``None`` without a forecast."""
        predicted = self.transitions.get("predicted")
        return None if predicted is None else predicted.filter(since=predicted["since"].max())


def _without_nan(value: Any) -> Any:
    if not isinstance(value, pl.DataFrame):
        return value
    number = selectors.float()
    return value.with_columns(pl.when(number.is_finite()).then(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """The results of reading and cleaning.

    Examples
    --------
    >>> CheckInput(
    ...     title="Shop", created="", first_day=0, end_day=9, ledger=Ledger(()), detected={}
    ... ).currency
    ''
    """

    title: str
    created: str  # when the page was created
    # the data cover ``[first_day, end_day)`` (day numbers)
    first_day: int
    end_day: int
    ledger: Ledger
    detected: Mapping[str, Any]  # `classifier.shop_overview`, with ``problem``
    currency: str = ""
    files: tuple[InputFile, ...] = ()
    side_tables: tuple[InputFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorInput:
    """What became of the forecasts of a run, and of the campaigns on record.

    Examples
    --------
    >>> MonitorInput(title="Shop", created="", first_day=0, end_day=9, result={}).readouts
    ()
    """

    title: str
    created: str  # when the page was created
    # the new data cover ``[first_day, end_day)`` (day numbers)
    first_day: int
    end_day: int
    result: Mapping[str, Any]  # `pipeline.monitor.MonitorResult.to_json`
    readouts: tuple[Mapping[str, Any], ...] = ()  # `ExperimentLog.with_results`
    currency: str = ""


class ReportSection:
    """One section of a page: its anchor, its heading, and the functions that build its parts.

    Notes
    -----
    A function takes the page's input (`ReportInput`, `CheckInput` or `MonitorInput`) and returns
    the context of a part, or ``None`` to leave it out; a section without parts is left out. The
    function's name without ``_section`` is the name of the part and its key in JSON. The template
    named like the function's module receives the context as ``it``: its block of the part's name,
    or else all of it. Without a template the fields are listed.

    Examples
    --------
    >>> def days_section(bundle):
    ...     return bundle.end_day - bundle.first_day
    >>> list(ReportSection("time", "Time", days_section).parts)
    ['days']
    """

    def __init__(self, name: str, title: str, *builders: Callable[[Any], Any]) -> None:
        self.name, self.title = name, title
        self.parts = {build.__name__.removesuffix("_section"): build for build in builders}
