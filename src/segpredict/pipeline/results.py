"""The results of the stages of a run, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from segpredict import classifier
from segpredict.analytics.campaigns import CampaignCatalogue
from segpredict.analytics.customer_value import ValueModel
from segpredict.classifier import DecisionPolicy, EnsembleModel, Forecaster, TrainingResult
from segpredict.config.load import Config
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.types import JSON
from segpredict.data import side_tables
from segpredict.explain import Explanation, ForecastExplainer, ImportanceEvidence
from segpredict.segmentation import RuleGrid, Segmentation

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What reading and cleaning made."""

    transactions: Transactions  # the canonical lines, with their ledger and side tables
    config: Config  # all options, with the feature families that were chosen
    campaign_catalogue: CampaignCatalogue  # the campaigns that the run plans
    # what the manifest records of this stage
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
    """The segments, and how the shop and its segments are doing."""

    config: Config  # all options; where an algorithm was selected, they name it
    segmentation: Segmentation  # the frozen segmentation
    # the rule-based grid of recency, frequency and monetary value; ``None`` once the rest was read
    # from a run folder
    rule_grid: RuleGrid | None
    # `segment_tables.segment_tables`: ``assignments``, ``profile`` and others, by name
    segment_tables: Tables
    # one profile a segment (`segmentation.segment_profiles`)
    segment_profiles: tuple[Mapping[str, JSON], ...]
    kpis: Tables  # the metrics of the shop, by name of the table (`kpis.kpi_tables`)
    # distributions and the customer map, by name (`exploration.explore_shop`)
    exploration: Mapping[str, Any]
    observed_transitions: Tables  # `transitions.tables.observed_tables`
    # every candidate of a comparison, and the selected one; ``None`` without a comparison
    candidates: pl.DataFrame | None = None
    selection: JSON = None
    # `own_segments.compare_segmentations`; ``None`` where the shop gave no segments of its own
    own_segments: JSON = None
    notes: tuple[str, ...] = ()  # what a reader must know, as sentences

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
    """The models of a run, fitted on every origin whose outcome is complete."""

    ensemble: EnsembleModel  # the ensemble, even where a baseline was selected
    selected: Forecaster  # the selected model: the ensemble, or the baseline in its place
    policy: DecisionPolicy  # how probabilities become sets and names

    @property
    def booster(self) -> bytes:
        """The trees, as XGBoost's own JSON."""
        return str(self.ensemble.xgboost_model.to_state()["model"]).encode()

    def to_state(self) -> JSON:
        """Return everything but the trees as JSON."""
        ensemble = self.ensemble.to_state()
        del ensemble["xgboost_model"]["model"]
        is_ensemble = self.selected is self.ensemble
        return {
            "selected": self.selected.name,
            "ensemble": ensemble,
            "baseline": None if is_ensemble else self.selected.to_state(),
            "policy": self.policy.to_state(),
        }

    @classmethod
    def from_state(cls, state: JSON, booster: bytes) -> "TrainedModels":
        """Return the models of a state and of the trees that belong to it."""
        known = state["ensemble"]
        trees = {**known["xgboost_model"], "model": booster.decode()}
        ensemble = EnsembleModel.from_state({**known, "xgboost_model": trees})
        baseline = state["baseline"]
        return cls(
            ensemble=ensemble,
            selected=ensemble if baseline is None else classifier.load(baseline),
            policy=DecisionPolicy.from_state(state["policy"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The models, how good they are, and what they predict."""

    models: TrainedModels  # the models that score new data
    # the model of each test window, as trained on the data before it
    backtest_models: tuple[EnsembleModel, ...]
    # `classifier.Evaluation` as JSON: model and baselines on the test windows
    evaluation: Mapping[str, JSON]
    # every metric of the evaluation; reliability and capture of the selected model
    scorecard: pl.DataFrame
    curves: pl.DataFrame
    scores: pl.DataFrame  # `schemas.SCORES_SCHEMA` at the end of the data
    # the scores of the last test window, by the model of that day
    backtest_population: pl.DataFrame | None
    value_model: ValueModel  # the model of customer value
    # its backtest (``sums``, ``errors``) and the value of each segment (``segments``)
    customer_value: Tables
    demand: Tables  # `demand.forecast_demand`
    predicted_transitions: Tables  # `transitions.tables.predicted_tables`
    golden_rows: pl.DataFrame  # invented customers with their scores (`scoring.golden_rows`)
    leakage_demo: JSON = None  # the rows of the leakage demo; ``None`` where it was not requested
    test_set_log: JSON = None  # `TestSetLog` as JSON: the evaluations on the final test window
    # what training returned; ``None`` once the rest was read from a run folder
    training: TrainingResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why customers are forecast as they are."""

    # importance, contributions and reasons for a sample of the scored customers
    explanation: Explanation
    explainer: ForecastExplainer  # what explains any other customer
    # the cross-check of importance; ``None`` where it was left out
    evidence: ImportanceEvidence | None
    customer_reasons: pl.DataFrame  # the reasons of the customers on lists
    # importance in the ensemble, where a plainer model is selected and explained
    ensemble_importance: pl.DataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlans:
    """What stands behind each campaign."""

    plans: pl.DataFrame  # one row a campaign (`campaigns.plan_campaigns`)
    # value at stake by length of the list (`campaigns.targeting_curves`)
    targeting_curves: pl.DataFrame
    # the customers of each campaign with their arms: ``campaign`` and the columns of
    # `schemas.CAMPAIGN_LIST_SCHEMA`
    lists: pl.DataFrame
    # of all customers with a forecast, ``is_universal``: no campaign contacts them
    universal_holdout: pl.DataFrame


StageResult = Prepared | Segmented | Trained | Explained | CampaignPlans
