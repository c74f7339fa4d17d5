"""What pages are made from, bundles of plain values and frames; what a section is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from segpredict.core.ledger import Ledger
from segpredict.core.panel import Feature
from segpredict.core.segment import Segment
from segpredict.core.transactions import InputFile
from segpredict.core.window import Window
from segpredict.explain import ImportanceEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """What a run found; optional parts may be missing and their sections say so.

    Parameters
    ----------
    title
        Heading of the page.
    created
        When it was made, as text; given by the door, since no room reads the clock.
    first_day, end_day
        The data cover ``[first_day, end_day)`` (day numbers).
    window
        The question: features before its cutoff, segments in its outcome.
    segments
        All segments, INACTIVE first, then in rising order of value.
    ledger, currency, files
        What cleaning did, the sign of its money, and what was read.
    profile
        `segments.segment_profile_table`: one row a segment, ``id`` or ``segment`` (code) and the
        columns that exist; unknown ones are shown under their own names.
    kpis
        `metrics.load_kpis`: figures of the shop, its months and its Lorenz curve, by name.
    exploration
        `exploration.load_exploration`: what the data look like, as counts.
    segment_profiles
        `segments.profile_cards`: all there is to say of each segment.
    candidates
        One row a number of segments that was tried; ``is_chosen`` marks the one taken.
    comparison
        `segments.comparison_table`: one row a way to segment, if ways were compared.
    selection
        The content of ``selection.json``: which way the rule takes, and why.
    segment_notes
        Facts about the segments, by topic: algorithm, grade, window …
    current_mix, expected_mix
        Customers per segment id: counted now, expected in the outcome.
    observed_transitions
        `movement.observed_matrix`: ``from_id``, ``to_id``, ``n`` and, if known, ``low`` and
        ``high``; a start that is no segment (NEW) is a row of its own.
    transitions_note
        Between which windows the moves were counted.
    transitions
        Tables of `flows`, by name, as far as they were made: ``observed``,
        ``predicted``, ``mobility``, ``order``, ``compared``.
    evaluation
        The content of ``verdict.json`` (`classifier.verdict.Verdict.to_json`).
    test_set_log
        The content of ``test_set_log.json``: with what the last test was evaluated.
    scorecard
        `classifier.build_scorecard.SCHEMA`: every figure of the contest.
    curves
        `classifier.evaluate_policies.CURVES`: reliability and capture of what ships.
    customer_value
        ``sums``, ``errors`` and ``segments`` (tables of `customer_value`) and ``valuer``, the
        content of ``valuer.json``; empty where nobody was valued.
    campaigns
        ``campaigns`` and ``curves`` (tables of `actions`); empty where none were weighed.
    experiments
        Records of the lists that were drawn, oldest first (`actions.campaign_record`).
    demand
        `demand.DemandSection.tables`; empty where none was measured.
    leakage_demo
        The content of ``canary.json``: wrong tests and the honest one, if asked for.
    importance
        `contracts.IMPORTANCE_SCHEMA`.
    plots
        Pictures by name, SVG or PNG: ``bar``, ``beeswarm_<segment id>``.
    n_explained
        Number of customers behind `importance`.
    group_importance, transition_drivers
        `contracts.GROUP_IMPORTANCE_SCHEMA`, and what sets movers apart (`explain.contrast.moves`).
    evidence
        `explain.ImportanceEvidence`: how importance was cross-checked, if it was.
    example_customers
        A few customers with their forecast and reasons (`explained.pick_example_customers`).
    base_values
        Margin of each segment before anything is known, by segment id.
    shortlist
        Those to look at first, with forecast and reasons (`shortlist.shortlist_with_reasons`);
        empty where single customers must not be shown.
    reasons_note
        What a reader must know of what is explained.
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
    plots: Mapping[str, bytes] = field(default_factory=dict)
    n_explained: int = 0
    group_importance: pl.DataFrame | None = None
    transition_drivers: pl.DataFrame | None = None
    evidence: ImportanceEvidence | None = None
    example_customers: tuple[Mapping[str, Any], ...] = ()
    base_values: Mapping[str, float] = field(default_factory=dict)
    shortlist: tuple[Mapping[str, Any], ...] = ()
    reasons_note: str = ""
    glossary: tuple[Feature, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """What reading and cleaning found.

    Parameters
    ----------
    title, created
        Heading, and when the page was made.
    first_day, end_day
        The data cover ``[first_day, end_day)`` (day numbers).
    ledger, currency, files
        What cleaning did, the sign of its money, and what was read.
    side_tables
        The tables that were read beside them.
    detected
        The tables and sentences of `overview.shop_overview`, with ``problem``.
    plots
        None; the page draws its own.
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
    plots: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One section of a page: its name and title, and the context worked out for it.

    Parameters
    ----------
    name, title
        Its place in links and in JSON, and its heading.
    build
        Works out the context, a frozen dataclass, from the page's input (`ReportInput`
        or `CheckInput`); ``None`` leaves the section out.

    Notes
    -----
    The template beside the module of `build` places the context as ``it``: its block of
    the section's name, or else the whole of it. Without a template the fields are
    placed one under another.
    """

    name: str
    title: str
    build: Callable[[Any], Any]
