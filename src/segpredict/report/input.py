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

    Parameters
    ----------
    title
        Heading of the page.
    created
        When it was created, as text; passed in, since this room does not read the clock.
    first_day, end_day
        The data cover ``[first_day, end_day)`` (day numbers).
    window
        The question: features before its cutoff, segments in its outcome.
    segments
        All segments, INACTIVE first, then in rising order of value.
    ledger, currency, files
        The data ledger, the currency sign, and the files read.
    product_names
        The commonest description of each product code.
    profile
        `segmentation.segment_profile_table`: one row per segment, ``id`` or ``segment``
        (code) and more columns; unknown ones are shown under their own names.
    kpis
        `kpis.load_kpis`: KPIs of the shop, its months and its Lorenz curve, by name.
    exploration
        `exploration.load_exploration`: what the data look like, as counts.
    segment_profiles
        `segmentation.profile_cards`: the profile of each segment.
    candidates
        One row per number of segments; ``is_selected`` marks the selected one.
    comparison
        `segmentation.selection.comparison_table`: one row per candidate, if compared.
    selection
        The content of ``selection.json``: the selected candidate, and why.
    segment_notes
        Facts about the segments, by topic: algorithm, grade, window …
    current_mix, expected_mix
        Customers per segment id: counted now, expected in the outcome.
    observed_transitions
        `transitions.observed_matrix`: ``from_id``, ``to_id``, ``n`` and, if known, ``low`` and
        ``high``; a start that is no segment (NEW) is a row of its own.
    transitions_note
        Between which windows transitions were counted.
    transitions
        Tables of `analytics.transitions`, by name, as far as they exist: ``observed``,
        ``predicted``, ``mobility``, ``markov_order``, ``comparison``.
    evaluation
        The content of ``evaluation.json`` (`classifier.Evaluation.to_json`).
    test_set_log
        The content of ``test_log.json``: evaluations of the last test.
    scorecard
        `scorecard.SCORECARD_SCHEMA`: every score of the evaluation.
    curves
        `decisions.CURVES_SCHEMA`: reliability and capture of the selected model.
    customer_value
        ``sums``, ``errors`` and ``segments`` (tables of `customer_value`) and ``value_model``, the
        content of ``value_model.json``; empty where no customer was valued.
    campaigns
        ``plans`` and ``targeting_curves`` (`analytics.campaigns`); empty without campaigns.
    experiments
        Records of the campaign lists, oldest first (`campaigns.campaign_record`).
    demand
        `demand.forecast_demand`; empty where none was forecast.
    leakage_demo
        The content of ``leakage_demo.json``, if requested.
    importance
        `schemas.IMPORTANCE_SCHEMA`.
    contribution_points
        `explain.contribution_points`: contributions of a sample of customers.
    n_explained
        Number of customers behind `importance`.
    group_importance, transition_drivers
        `schemas.GROUP_IMPORTANCE_SCHEMA`, and the drivers of transitions.
    evidence
        `explain.ImportanceEvidence`: the cross-check of importance, if it was made.
    example_customers
        A few customers with their forecast and reasons.
    base_values
        Margin of each segment without any feature, by segment id.
    shortlist
        Customers to contact first, with reasons (`shortlist.shortlist_with_reasons`);
        empty where single customers must not be shown.
    lists
        Names of the customer lists next to the page, ``campaign_`` or ``segment_`` and a name;
        empty where the page stands elsewhere.
    reasons_note
        A note on which model is explained.
    glossary
        Declarations of all features.
    manifest
        Facts to print in the appendix, by topic; may be nested.
    warnings
        What a reader must know, as sentences.
    """

    title: str
    created: str
    first_day: int
    end_day: int
    window: Window
    segments: tuple[Segment, ...]
    ledger: Ledger
    currency: str = ""
    files: tuple[InputFile, ...] = ()
    product_names: Mapping[str, str] = field(default_factory=dict)
    profile: pl.DataFrame | None = None
    kpis: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    exploration: Mapping[str, Any] = field(default_factory=dict)
    segment_profiles: tuple[Mapping[str, Any], ...] = ()
    candidates: pl.DataFrame | None = None
    comparison: pl.DataFrame | None = None
    selection: Mapping[str, Any] | None = None
    segment_notes: Mapping[str, Any] = field(default_factory=dict)
    current_mix: Mapping[str, float] = field(default_factory=dict)
    expected_mix: Mapping[str, float] = field(default_factory=dict)
    observed_transitions: pl.DataFrame | None = None
    transitions_note: str = ""
    transitions: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    evaluation: Mapping[str, Any] | None = None
    test_set_log: Mapping[str, Any] = field(default_factory=dict)
    scorecard: pl.DataFrame | None = None
    curves: pl.DataFrame | None = None
    customer_value: Mapping[str, Any] = field(default_factory=dict)
    campaigns: Mapping[str, Any] = field(default_factory=dict)
    experiments: tuple[Mapping[str, Any], ...] = ()
    demand: Mapping[str, Any] = field(default_factory=dict)
    leakage_demo: tuple[Mapping[str, Any], ...] = ()
    importance: pl.DataFrame | None = None
    contribution_points: pl.DataFrame | None = None
    n_explained: int = 0
    group_importance: pl.DataFrame | None = None
    transition_drivers: pl.DataFrame | None = None
    evidence: ImportanceEvidence | None = None
    example_customers: tuple[Mapping[str, Any], ...] = ()
    base_values: Mapping[str, float] = field(default_factory=dict)
    shortlist: tuple[Mapping[str, Any], ...] = ()
    lists: tuple[str, ...] = ()
    reasons_note: str = ""
    glossary: tuple[Feature, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Sections know one sign of a figure that is not defined: null.
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, dict):
                found: Any = {key: _without_nan(part) for key, part in value.items()}
            else:
                found = _without_nan(value)
            object.__setattr__(self, each.name, found)


def _without_nan(value: Any) -> Any:
    if not isinstance(value, pl.DataFrame):
        return value
    number = selectors.float()
    return value.with_columns(pl.when(number.is_finite()).then(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """The results of reading and cleaning.

    Parameters
    ----------
    title, created
        Heading, and when the page was created.
    first_day, end_day
        The data cover ``[first_day, end_day)`` (day numbers).
    ledger, currency, files
        The data ledger, the currency sign, and the files read.
    side_tables
        The side tables.
    detected
        The tables and sentences of `classifier.shop_overview`, with ``problem``.

    Examples
    --------
    >>> CheckInput(
    ...     title="Shop", created="", first_day=0, end_day=9, ledger=Ledger(()), detected={}
    ... ).currency
    ''
    """

    title: str
    created: str
    first_day: int
    end_day: int
    ledger: Ledger
    detected: Mapping[str, Any]
    currency: str = ""
    files: tuple[InputFile, ...] = ()
    side_tables: tuple[InputFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One section of a page: its name and title, and how its parts are built.

    Parameters
    ----------
    name, title
        Its anchor and its heading.
    parts
        Functions that build the context of a part, a frozen dataclass, from the page's input
        (`ReportInput` or `CheckInput`), by JSON key; ``None`` leaves the part out, and a
        section without parts is left out.

    Notes
    -----
    The template named like the module of a function receives the context as ``it``: its block of
    the part's name, or else the whole template. Without a template the fields are listed.

    Examples
    --------
    >>> parts = {"days": lambda bundle: bundle.end_day - bundle.first_day}
    >>> ReportSection("days", "Days", parts).title
    'Days'
    """

    name: str
    title: str
    parts: Mapping[str, Callable[[Any], Any]]
