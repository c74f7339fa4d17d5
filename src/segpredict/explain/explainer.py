"""The fitted explainer of a run's forecasts, ready for any customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from segpredict.classifier.decisions.policy import DecisionPolicy
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.training_data import HISTORY_COLUMNS, Forecaster, segment_codes
from segpredict.config.outputs import ExplainOptions
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.panel import Feature
from segpredict.core.schemas import CONTRIBUTIONS_SCHEMA, validate_schema
from segpredict.core.segment import Segment
from segpredict.core.types import JSON
from segpredict.errors import ColumnMissingError, MismatchError, TamperedFileError
from segpredict.explain import importance
from segpredict.explain.additive_model import (
    AdditiveModel,
    additive_model,
    additive_model_from_state,
)
from segpredict.explain.explanation import Explanation, stratified_sample
from segpredict.explain.groups import FeatureGroup, correlated_groups, group_features
from segpredict.explain.importance import feature_importance, importance_by_group
from segpredict.explain.reasons import (
    REASONS_SCHEMA,
    ContrastContributions,
    ReasonLexicon,
    reason_texts,
)

SEGMENT = "segment"  # the unit of columns that hold the code of one
GROUPING_ROWS = 500  # customers whose contributions decide which column names its group


@dataclass(frozen=True, slots=True, eq=False)
class ForecastExplainer:
    """The selected model as a sum, the groups of its columns, and the texts of reasons."""

    model: AdditiveModel  # what is explained
    classes: tuple[Segment, ...]  # the future segments, in the order of the model's outputs
    groups: tuple[FeatureGroup, ...]  # groups of columns
    lexicon: ReasonLexicon  # what the texts of reasons are made from
    # pairs of groups that move together and share credit
    correlated_groups: tuple[tuple[str, str, float], ...] = field(default=())
    policy: DecisionPolicy | None = None  # names the predicted segment; ``None``: the likeliest one

    def explain(
        self,
        customers: pl.DataFrame,
        options: ExplainOptions | None = None,
        population: int | None = None,
    ) -> Explanation:
        """Return why the forecast says what it says, for a sample of customers.

        * `customers`: one row a customer: ``customer_id``, ``state_now`` (code of the current
          segment) and the columns of the model, in any order.
        * `options`: size of the sample.
        * `population`: how many customers these stand for; ``None`` where they are all.

        Raises `ColumnMissingError` when the frame lacks a column; `MismatchError` when the season
        matters and customers have several cutoffs.
        """
        _require(customers, self.model.required_columns)
        day = self._day(customers)
        chosen = stratified_sample(customers, (options or ExplainOptions()).sample_rows)
        cube = self.model.shap_values(chosen)
        states, probabilities = segment_codes(chosen, "state_now"), self.model.predict_proba(chosen)
        names, ids = self.model.feature_names, [s.id for s in self.classes]
        contrasts = self._contrasts(chosen, cube, probabilities)
        table = self._long(contrasts, cube)
        everyone = customers.height if population is None else population
        each = everyone / max(1, chosen.height)
        return Explanation(
            contributions=table,
            importance=self._importance(table),
            group_importance=importance_by_group(cube, names, self.groups, states, self.classes),
            transition_drivers=importance.transition_drivers(
                cube,
                names,
                self.groups,
                self.classes,
                states=states,
                probabilities=probabilities,
                weight=each,
            ),
            reasons=self._reasons(chosen, contrasts),
            base_values=dict(zip(ids, self.model.base_values(day).tolist(), strict=True)),
            feature_names=names,
            classes=self.classes,
            groups=self.groups,
            population=everyone,
            model_note=self.model.note,
        )

    def column_importance(
        self, customers: pl.DataFrame, options: ExplainOptions | None = None
    ) -> pl.DataFrame:
        """Return the importance of single columns alone, as `explain` does.

        * `customers`, `options`: as with `explain`.
        """
        chosen = stratified_sample(customers, (options or ExplainOptions()).sample_rows)
        cube = self.model.shap_values(chosen)
        contrasts = self._contrasts(chosen, cube, self.model.predict_proba(chosen))
        return self._importance(self._long(contrasts, cube))

    def _importance(self, table: pl.DataFrame) -> pl.DataFrame:
        margins = table.filter(pl.col("against_id").is_null())
        families = {f.name: f.family for f in self.lexicon.glossary.values()}
        ids = [segment.id for segment in self.classes]
        return feature_importance(margins, self.model.feature_names, families, ids)

    def explain_reasons(
        self, customers: pl.DataFrame, threads: int = 1, probabilities: FloatArray | None = None
    ) -> pl.DataFrame:
        """Return the reasons of all customers, in chunks, without other tables.

        * `customers`: one row a customer: ``customer_id``, ``state_now`` and the columns.
        * `threads`: threads; the words do not depend on them.
        * `probabilities`: those of the scores, where they are known.
        """
        found, done = [], 0
        for some, cube in self.model.shap_chunks(customers, threads=threads):
            p = None if probabilities is None else probabilities[done:][: some.height]
            p = self.model.predict_proba(some) if p is None else p
            found.append(self._reasons(some, self._contrasts(some, cube, p)))
            done += some.height
        return pl.concat(found) if found else pl.DataFrame(schema=REASONS_SCHEMA)

    def with_threshold(self, threshold: Mapping[str, float]) -> "ForecastExplainer":
        """Return the explainer without reasons whose sign is not stable.

        * `threshold`: `ImportanceEvidence.min_reliable_contribution`: by group, the least stable
          size.
        """
        return replace(self, lexicon=replace(self.lexicon, min_contribution=dict(threshold)))

    def with_policy(self, policy: DecisionPolicy | None) -> "ForecastExplainer":
        """Return the explainer of the segments that a decision policy names.

        * `policy`: how the forecast becomes one segment; ``None``: the likeliest.
        """
        return replace(self, policy=policy)

    def _day(self, customers: pl.DataFrame) -> int | None:
        """Return the cutoff of all customers, where it matters."""
        if "cutoff" not in self.model.required_columns or customers.is_empty():
            return None
        days = customers["cutoff"].unique().sort().to_list()
        if len(days) > 1:
            raise MismatchError(
                f"The customers have {len(days)} cutoffs, and each has a season of its own.",
                fix="explain the customers of one cutoff at a time.",
            )
        return int(days[0])

    def _contrasts(
        self, customers: pl.DataFrame, contributions: FloatArray, probabilities: FloatArray
    ) -> ContrastContributions:
        states = segment_codes(customers, "state_now")
        named = None if self.policy is None else self.policy.predict(probabilities)
        towards, against = importance.target_and_reference(probabilities, states, named)
        ids, values = customers["customer_id"].to_list(), self.model.feature_values(customers)
        differences = importance.contrast_contributions(contributions, towards, against)
        rows = np.arange(len(towards))
        start = np.exp(self.model.base_values(self._day(customers)))
        return ContrastContributions(
            customers=ids,
            states=states,
            targets=towards,
            references=against,
            values=values,
            contributions=differences,
            start=(start / start.sum())[towards],
            end=probabilities[rows, towards],
        )

    def _reasons(self, customers: pl.DataFrame, contrasts: ContrastContributions) -> pl.DataFrame:
        """Return the reasons of customers, each checked by moving its column to the reference."""

        def move(moves: Mapping[str, IntArray]) -> dict[str, FloatArray]:
            changes = self.model.moved_margins(customers, moves, self.lexicon.references)
            effects = {}
            for column, rows in moves.items():
                change, each = changes[column], np.arange(len(rows))
                towards, against = contrasts.targets[rows], contrasts.references[rows]
                effects[column] = change[each, towards] - change[each, against]
            return effects

        return reason_texts(contrasts, self.model.feature_names, self.groups, self.lexicon, move)

    def _long(self, contrasts: ContrastContributions, contributions: FloatArray) -> pl.DataFrame:
        n, k, f = contributions.shape
        group = {name: g.name for g in self.groups for name in g.features}
        names, ids = self.model.feature_names, [s.id for s in self.classes]
        both = np.concatenate([contributions, contrasts.contributions[:, None, :]], axis=1)
        towards = np.column_stack([np.tile(np.arange(k), (n, 1)), contrasts.targets])
        against = np.column_stack([np.full((n, k), k), contrasts.references])
        values = np.repeat(contrasts.values[:, None, :].astype(np.float64), k + 1, axis=1)
        rows, column = (np.repeat(np.arange(n), (k + 1) * f), np.tile(np.arange(f), n * (k + 1)))
        table = pl.DataFrame(
            {
                "customer_id": _taken(contrasts.customers, rows),
                "segment_id": _taken(ids, contrasts.states[rows]),
                "class_id": _taken(ids, np.repeat(towards.ravel(), f)),
                "against_id": _taken([*ids, None], np.repeat(against.ravel(), f)),
                "feature": _taken(names, column),
                "group": _taken([group[name] for name in names], column),
                "value": pl.Series(values.ravel()).fill_nan(None),
                "contribution": both.ravel(),
            }
        )
        return validate_schema(table, CONTRIBUTIONS_SCHEMA)

    def to_state(self) -> JSON:
        """Return all that `from_state` needs in addition to the model, as JSON."""
        return {
            "model": self.model.to_state(),
            "groups": [group.to_state() for group in self.groups],
            "references": dict(self.lexicon.references),
            "least": dict(self.lexicon.min_contribution),
            "currency": self.lexicon.currency,
            "correlated_groups": [list(pair) for pair in self.correlated_groups],
        }

    @classmethod
    def from_state(
        cls,
        state: JSON,
        forecaster: Forecaster,
        ensemble: EnsembleModel,
        classes: tuple[Segment, ...],
        glossary: Sequence[Feature],
    ) -> "ForecastExplainer":
        """Return the explainer that gave a state."""
        known = {feature.name: feature for feature in glossary}
        model = additive_model_from_state(forecaster, ensemble, state["model"])
        groups = tuple(FeatureGroup.from_state(group) for group in state["groups"])
        _require_sound(state, groups, model.feature_names)
        own = (state["references"], state["least"], state["currency"])
        lexicon = ReasonLexicon(known, classes, *own)
        return cls(
            model,
            classes,
            groups,
            lexicon,
            tuple((one, other, size) for one, other, size in state["correlated_groups"]),
        )


def _require_sound(state: JSON, groups: Sequence[FeatureGroup], names: Sequence[str]) -> None:
    """Refuse a state that no explainer of these columns gives."""
    grouped = sorted(name for group in groups for name in group.features)
    texts = [state["currency"], *(t for g in groups for t in (g.name, g.family, g.headline))]
    sizes = [*state["references"].values(), *state["least"].values()]
    if (
        grouped != sorted(names)
        or not set(names) <= state["references"].keys()
        or not all(isinstance(text, str) for text in texts)
        or not all(size is None or type(size) in (int, float) for size in sizes)
        or None in state["least"].values()
    ):
        raise TamperedFileError("explainer.json", "is not of these columns")


def build_explainer(
    forecaster: Forecaster,
    ensemble: EnsembleModel | None,
    customers: pl.DataFrame,
    classes: tuple[Segment, ...],
    glossary: Sequence[Feature] = (),
    currency: str = "",
) -> ForecastExplainer:
    """Return the explainer of the selected model, with groups and medians of these customers.

    * `forecaster`: the selected model.
    * `ensemble`: the ensemble of the run; not needed where the selected model has contributions.
    * `customers`: one row a customer: ``state_now`` and the columns of the model.
    * `classes`: the segments, in code order.
    * `glossary`: declarations of the columns.
    * `currency`: currency sign.

    Raises `ColumnMissingError` when the frame lacks a column of the explained model;
    `MismatchError` when the model predicts another number of segments, or the selected model has no
    contributions and no ensemble is given.
    """
    _require(customers, ())
    model = additive_model(forecaster, ensemble, customers)
    _agree(model, classes)
    _require(customers, model.required_columns)
    cells = model.feature_values(customers)
    cube = model.shap_values(stratified_sample(customers, GROUPING_ROWS))
    sizes = np.abs(cube - cube.mean(axis=1, keepdims=True)).sum(axis=(0, 1))
    found = group_features(cells, model.feature_names, glossary, sizes)
    known = {f.name: f for f in glossary}
    references = _references(customers, cells, model.feature_names, known)
    lexicon = ReasonLexicon(known, classes, references, {}, currency)
    correlated = correlated_groups(cells, found, model.feature_names)
    return ForecastExplainer(model, classes, found, lexicon, correlated)


def _agree(model: AdditiveModel, classes: Sequence[Segment]) -> None:
    trees = model.xgboost_model
    trained = None if trees is None else trees.booster.feature_names
    if trees is not None and trained and list(trained) != list(trees.feature_names):
        raise MismatchError(
            "The columns named are not those that the booster was trained on.",
            fix="pass the names that were saved with the booster, in their order.",
        )
    if model.n_classes != len(classes):
        raise MismatchError(
            f"The model predicts {model.n_classes} segments and {len(classes)} were named.",
            fix="pass the segments that were saved with the booster.",
        )


def _require(customers: pl.DataFrame, columns: Sequence[str]) -> None:
    for name in ("customer_id", "state_now", *columns):
        if name not in customers.columns:
            raise ColumnMissingError(name, customers.columns)


def _taken(words: Sequence[str | None], places: IntArray) -> pl.Series:
    return pl.Series(words, dtype=pl.String).gather(places)


def _references(
    customers: pl.DataFrame,
    cells: FloatArray,
    names: Sequence[str],
    glossary: Mapping[str, Feature],
) -> Mapping[str, float | None]:
    """Return what values are compared with: medians, and the commonest segment."""
    history = [name for name in HISTORY_COLUMNS if name in customers.columns]
    frame = pl.DataFrame(cells.astype(np.float64), schema=list(names)).with_columns(
        customers[name].cast(pl.Float64) for name in history if name not in names
    )
    codes = [name for name in frame.columns if name in glossary and glossary[name].unit == SEGMENT]
    known = pl.all().fill_nan(None)
    found = frame.select(known.median()).row(0, named=True)
    return found | {name: frame[name].drop_nans().mode().min() for name in codes}
