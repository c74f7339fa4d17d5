"""The results of the stages of a run, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from segpredict import classifier
from segpredict.analytics.campaigns import CampaignCatalogue
from segpredict.analytics.customer_value import ValueModel
from segpredict.classifier import (
    BlendedModel,
    DecisionPolicy,
    Forecaster,
    TrainingResult,
    XgboostModel,
)
from segpredict.config.load import Config
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.types import JSON
from segpredict.data import side_tables
from segpredict.explain import Explanation, ForecastExplainer, ImportanceEvidence
from segpredict.segmentation import RuleGrid, Segmentation

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What reading and cleaning made.

    Parameters
    ----------
    transactions
        The canonical lines, with their ledger and side tables.
    config
        All options, with the feature families that were chosen.
    campaign_catalogue
        The campaigns that the run plans.
    facts
        What the manifest records of this stage.
    """

    transactions: Transactions
    config: Config
    campaign_catalogue: CampaignCatalogue
    facts: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def side_tables(self) -> SideTables:
        """The tables next to the transactions."""
        return self.transactions.side_tables

    @property
    def side_table_frames(self) -> Tables:
        """The side tables that exist, by name."""
        return side_tables.side_table_frames(self.side_tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmented:
    """The segments, and how the shop and its segments are doing.

    Parameters
    ----------
    config
        All options; where an algorithm was selected, they name it.
    segmentation
        The frozen segmentation.
    rule_grid
        The rule-based grid of recency, frequency and monetary value; ``None`` once the rest
        was read from a run folder.
    segment_tables
        `segment_tables.segment_tables`: ``assignments``, ``profile`` and others, by name.
    segment_profiles
        One profile a segment (`segmentation.gallery.segment_profiles`).
    kpis
        The metrics of the shop, by name of the table (`kpis.kpi_tables`).
    exploration
        Distributions and the customer map, by name (`exploration.explore_shop`).
    observed_transitions
        `transitions.tables.observed_tables`.
    candidates, selection
        Every candidate of a comparison, and the selected one; ``None`` without a comparison.
    notes
        What a reader must know, as sentences.
    """

    config: Config
    segmentation: Segmentation
    rule_grid: RuleGrid | None
    segment_tables: Tables
    segment_profiles: tuple[Mapping[str, JSON], ...]
    kpis: Tables
    exploration: Mapping[str, Any]
    observed_transitions: Tables
    candidates: pl.DataFrame | None = None
    selection: JSON = None
    notes: tuple[str, ...] = ()

    @property
    def rfm_codes(self) -> pl.DataFrame | None:
        """The rule grid as a table."""
        return None if self.rule_grid is None else self.rule_grid.to_frame()

    @property
    def segment_events(self) -> JSON:
        """How segments were born, split, merged and renamed, one row an event."""
        return self.segmentation.identity.event_rows()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModels:
    """The models of a run, fitted on every origin whose outcome is complete.

    Parameters
    ----------
    xgboost
        The boosted trees, even where a baseline was selected.
    selected
        The selected model: the boosted trees, or the baseline that beat them.
    segment_values
        Mean spend in the outcome window by segment, in code order, in currency.
    policy
        How probabilities become sets and names.
    """

    xgboost: XgboostModel
    selected: Forecaster
    segment_values: tuple[float, ...]
    policy: DecisionPolicy

    @property
    def booster(self) -> bytes:
        """The trees, as XGBoost's own JSON."""
        return str(self.xgboost.to_state()["model"]).encode()

    def to_state(self) -> JSON:
        """Return everything but the trees as JSON."""
        trees = self.xgboost.to_state()
        del trees["model"]
        is_xgboost = self.selected is self.xgboost
        return {
            "selected": self.selected.name,
            "xgboost": trees,
            "baseline": None if is_xgboost else self.selected.to_state(),
            "segment_values": list(self.segment_values),
            "policy": self.policy.to_state(),
        }

    @classmethod
    def from_state(cls, state: JSON, booster: bytes) -> "TrainedModels":
        """Return the models of a state and of the trees that belong to it."""
        trees = XgboostModel.from_state({**state["xgboost"], "model": booster.decode()})
        baseline = state["baseline"]
        return cls(
            xgboost=trees,
            selected=trees if baseline is None else classifier.load(baseline),
            segment_values=tuple(state["segment_values"]),
            policy=DecisionPolicy.from_state(state["policy"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The models, how good they are, and what they predict.

    Parameters
    ----------
    models
        The models that score new data.
    backtest_models
        The model of each test window, as trained on the data before it.
    evaluation
        `classifier.Evaluation` as JSON: model and baselines on the test windows.
    scorecard, curves
        Every metric of the evaluation; reliability and capture of the selected model.
    scores
        `schemas.SCORES_SCHEMA` at the end of the data.
    backtest_population
        The scores of the last test window, by the model of that day.
    value_model
        The model of customer value.
    customer_value
        Its backtest (``sums``, ``errors``) and the value of each segment (``segments``).
    demand
        The tables of `demand.DemandForecast`.
    predicted_transitions
        `transitions.tables.predicted_tables`.
    leakage_demo
        The rows of the leakage demo; ``None`` where it was not requested.
    test_set_log
        `TestSetLog` as JSON: the evaluations on the final test window.
    training
        What training returned; ``None`` once the rest was read from a run folder.
    """

    models: TrainedModels
    backtest_models: tuple[BlendedModel, ...]
    evaluation: Mapping[str, JSON]
    scorecard: pl.DataFrame
    curves: pl.DataFrame
    scores: pl.DataFrame
    backtest_population: pl.DataFrame | None
    value_model: ValueModel
    customer_value: Tables
    demand: Tables
    predicted_transitions: Tables
    leakage_demo: JSON = None
    test_set_log: JSON = None
    training: TrainingResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why customers are forecast as they are.

    Parameters
    ----------
    explanation
        Importance, contributions and reasons for a sample of the scored customers.
    explainer
        What explains any other customer.
    evidence
        The cross-check of importance; ``None`` where it was left out.
    shortlist_reasons
        The reasons of the customers to look at first.
    """

    explanation: Explanation
    explainer: ForecastExplainer
    evidence: ImportanceEvidence | None
    shortlist_reasons: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlans:
    """What stands behind each campaign.

    Parameters
    ----------
    plans
        One row a campaign (`campaigns.plan_campaigns`).
    targeting_curves
        Value at stake by length of the list (`campaigns.targeting_curves`).
    """

    plans: pl.DataFrame
    targeting_curves: pl.DataFrame


StageResult = Prepared | Segmented | Trained | Explained | CampaignPlans
