"""The files of a run folder, and the values they hold: each written and read here.

::

    transactions.parquet  ledger.json  rejects.parquet   what was read and cleaned
    companions/           tables beside the transactions, and what was frozen of them
    segments/             segmenter.json, segments.json, events.json, cards.json …
                          comparison.*, selection.json if ways were compared
    metrics/              figures, months, lorenz (.parquet)
    classifier/           booster.json, forecaster.json, verdict.json, scorecard.*,
                          tested.json, test_set_log.json
    worth/  explanation/  actions/     see `valuation`, `explained`, `planning`
    scores.parquet        the forecast for the day after the data
    report.html           the page, and deck.pptx, if asked for
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from segpredict import classifier
from segpredict.analytics import kpis
from segpredict.analytics.customer_value.files import load_customer_value, load_value_model
from segpredict.analytics.segment_tables import classifier_glossary
from segpredict.classifier import (
    BlendedModel,
    DecisionPolicy,
    Forecaster,
    TrainingResult,
    XgboostModel,
)
from segpredict.config.load import Config, build_config
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.run_folder import (
    RunDraft,
    RunFiles,
    RunFolder,
    encode_csv,
    encode_json,
    open_run,
    parquet_writer,
)
from segpredict.core.segment import Segment
from segpredict.core.transactions import InputFile, SideTables, Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date, day_number
from segpredict.data import side_tables as companions
from segpredict.errors import ArtifactError, ConfigError
from segpredict.explain import customer_plots
from segpredict.explain import files as explained
from segpredict.report import ReportInput
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import RuleGrid, Segmentation

TEST_SET_LOG = "classifier/test_set_log.json"


def save_transactions(draft: RunDraft, shop: Transactions) -> None:
    """Write the canonical lines, the ledger and the rejects of a shop."""
    draft.write("transactions.parquet", parquet_writer(shop.lines.collect()))
    draft.write("ledger.json", encode_json(ledger_to_state(shop.ledger)))
    if shop.rejects is not None and shop.rejects.height:
        draft.write("rejects.parquet", parquet_writer(shop.rejects))
    draft.metadata["data"] = {
        "first_day": as_date(shop.first_day).isoformat(),
        "last_day": as_date(shop.end_day - 1).isoformat(),
        "fingerprint": shop.fingerprint,
        "currency": shop.currency,
        "files": [asdict(fact) for fact in shop.files],
        "notes": list(shop.notes),
    }


def load_transactions(files: RunFiles) -> Transactions:
    """Return the shop of a run; its lines stay on disk until they are asked for."""
    data = files.metadata["data"]
    return Transactions(
        pl.scan_parquet(files.path("transactions.parquet")),
        day_number(data["first_day"]),
        day_number(data["last_day"]) + 1,
        data["fingerprint"],
        ledger_from_state(files.read_json("ledger.json")),
        data["currency"],
        tuple(InputFile.from_state(fact) for fact in data["files"]),
        side_tables=load_side_tables(files),
        notes=tuple(data.get("notes", ())),
    )


def save_side_tables(draft: RunDraft, side_tables: SideTables) -> None:
    """Write the tables that stand beside the lines, and what was frozen of them."""
    frames = companions.side_table_frames(side_tables)
    for name, frame in frames.items():
        draft.write(f"side_tables/{name}.parquet", parquet_writer(frame))
    state = {**companions.side_tables_to_state(side_tables), "tables": sorted(frames)}
    draft.write("side_tables/side_tables.json", encode_json(state))


def load_side_tables(files: RunFiles) -> SideTables:
    """Return the tables that stand beside the lines of a run."""
    if not files.has("side_tables/side_tables.json"):
        return SideTables()
    state = files.read_json("side_tables/side_tables.json")
    frames = {name: files.read_parquet(f"side_tables/{name}.parquet") for name in state["tables"]}
    return companions.side_tables_from_state(state, frames)


def ledger_to_state(ledger: Ledger) -> JSON:
    """Return a ledger as JSON, money in units of 10⁻⁴.

    Examples
    --------
    >>> ledger = Ledger((Entry("in", "read", "Rows read.", Count(2, 1, 1, 50)),))
    >>> ledger_of(ledger_state(ledger)) == ledger
    True
    """
    return {
        "money_unit": 1e-4,
        "adds_up": ledger.adds_up,
        "entries": [asdict(entry) for entry in ledger.entries],
    }


def ledger_from_state(state: JSON) -> Ledger:
    """Return the ledger of its JSON."""
    return Ledger(
        tuple(
            LedgerEntry(e["stage"], e["rule"], e["meaning"], LedgerCount(**e["count"]))
            for e in state["entries"]
        )
    )


def save_segmentation(
    draft: RunDraft,
    segmentation: Segmentation,
    grid: RuleGrid,
    tables: Mapping[str, pl.DataFrame],
    segment_profiles: Sequence[Mapping[str, JSON]] = (),
) -> None:
    """Write the frozen segmenter, the segments, the rule grid, tables, and cards."""
    draft.write("segmentation/rule_grid.json", encode_json(grid.to_state()))
    draft.write("segmentation/rfm_codes.csv", encode_csv(grid.to_frame()))
    draft.write("segmentation/model.json", encode_json(segmentation.to_state()))
    named = [asdict(segment) for segment in segmentation.segments]
    draft.write("segmentation/segments.json", encode_json(named))
    draft.write("segmentation/profiles.json", encode_json(list(segment_profiles)))
    draft.write("segmentation/events.json", encode_json(segmentation.identity.event_rows()))
    for name, table in tables.items():
        draft.write(f"segmentation/{name}.parquet", parquet_writer(table))


def save_algorithm_comparison(draft: RunDraft, table: pl.DataFrame, selection: JSON) -> None:
    """Write how every way to segment fared, and which the rule takes."""
    draft.write("segmentation/candidates.parquet", parquet_writer(table))
    draft.write("segmentation/candidates.csv", encode_csv(table))
    draft.write("segmentation/selection.json", encode_json(selection))


def load_segmentation(files: RunFiles) -> Segmentation:
    """Return the frozen segmenter of a run."""
    return Segmentation.from_state(files.read_json("segmentation/model.json"))


def load_segments(files: RunFiles) -> tuple[Segment, ...]:
    """Return the segments of a run, in code order."""
    return tuple(Segment(**s) for s in files.read_json("segmentation/segments.json"))


def save_training(draft: RunDraft, training: TrainingResult, scores: pl.DataFrame) -> None:
    """Write the booster, the forecaster that ships, the verdict and the scores."""
    model = training.xgboost_model.to_state()
    draft.write("classifier/xgboost.json", model.pop("model").encode())
    shipped = training.selected_model
    is_booster = shipped is training.xgboost_model
    state = {
        "selected": shipped.name,
        "xgboost": model,
        "baseline": None if is_booster else shipped.to_state(),
        "segment_values": list(training.segment_values),
        "policy": training.policy.to_state(),
    }
    draft.write("classifier/model.json", encode_json(state))
    draft.write("classifier/evaluation.json", encode_json(training.evaluation.to_json()))
    draft.write("classifier/scorecard.parquet", parquet_writer(training.scorecard))
    draft.write("classifier/scorecard.csv", encode_csv(training.scorecard))
    draft.write("classifier/curves.parquet", parquet_writer(training.curves))
    tested = [model.to_state() for model in training.backtest_models]
    draft.write("classifier/backtest_models.json", encode_json(tested))
    draft.write("scores.parquet", parquet_writer(scores))


def test_set_log_at(folder: Path) -> JSON:
    """Return the test-set log of a run that stands there, if any."""
    try:
        return test_set_log_of(open_run(folder))
    except ArtifactError:
        return None


def test_set_log_of(files: RunFiles) -> JSON:
    """Return the log of evaluations on the final test; ``None`` if there were none."""
    return files.read_json(TEST_SET_LOG) if files.has(TEST_SET_LOG) else None


def keep_test_set_log(draft: RunDraft, log: JSON) -> None:
    """Keep the test-set log, also when everything else is made anew."""
    if log is not None:
        draft.write(TEST_SET_LOG, encode_json(log))


def load_xgboost_model(files: RunFiles) -> XgboostModel:
    """Return the trees of a run, whether or not they are what ships."""
    state = files.read_json("classifier/model.json")["xgboost"]
    model = files.path("classifier/xgboost.json").read_text(encoding="utf-8")
    return XgboostModel.from_state({**state, "model": model})


def load_selected_model(files: RunFiles) -> Forecaster:
    """Return what ships: the trees, or the baseline that beat them."""
    fallback = files.read_json("classifier/model.json")["baseline"]
    return load_xgboost_model(files) if fallback is None else classifier.load(fallback)


def load_predictor(files: RunFiles) -> SegmentPredictor:
    """Return the predictor of a run."""
    config, trees, beside = (
        load_run_config(files),
        load_xgboost_model(files),
        load_side_tables(files),
    )
    shipped, usage = load_selected_model(files), load_decision_policy(files)
    return SegmentPredictor(
        load_segmentation(files),
        shipped,
        config.time,
        tuple(files.read_json("classifier/model.json")["segment_values"]),
        config.classifier.families,
        companions.layout_without_price(config.source, config.side_tables),
        config.cleaning,
        beside,
        usage,
        load_value_model(files),
        explained.load_explainer(
            files,
            shipped,
            trees,
            load_segments(files),
            classifier_glossary(config.classifier.families, beside),
            usage,
        ),
    )


def load_decision_policy(files: RunFiles) -> DecisionPolicy:
    """Return how the probabilities of a run are used."""
    return DecisionPolicy.from_state(files.read_json("classifier/model.json")["policy"])


def load_run_config(files: RunFiles) -> Config:
    """Return the config a run was made with."""
    try:
        return build_config(files.metadata["config"])
    except (KeyError, ConfigError) as error:
        raise ArtifactError(
            f"The run's config cannot be used by this segpredict: {error}.",
            fix="make the run again with this version.",
        ) from None


def load_backtest_models(files: RunFiles) -> tuple[BlendedModel, ...]:
    """Return the model of each test, as it knew the world that day."""
    return tuple(
        BlendedModel.from_state(s) for s in files.read_json("classifier/backtest_models.json")
    )


def load_report_input(files: RunFiles) -> ReportInput:
    """Return all that a run's page is made from; parts not made yet are missing."""
    shop, config = load_transactions(files), load_run_config(files)
    told = (
        explained.load_explanation(files, load_segments(files))
        if explained.has_explanation(files)
        else None
    )
    scores = files.read_parquet("scores.parquet") if files.has("scores.parquet") else None
    verdict, canary = "classifier/evaluation.json", "classifier/leakage_demo.json"
    return ReportInput(
        title="Customer segments and where they are heading",
        created=files.metadata["created"],
        first_day=shop.first_day,
        end_day=shop.end_day,
        window=config.time.window_at(shop.end_day, shop.first_day),
        segments=load_segments(files),
        ledger=shop.ledger,
        currency=shop.currency,
        files=shop.files,
        profile=_table(files, "profile"),
        kpis=kpis.load_kpis(files),
        segment_profiles=tuple(_json(files, "segmentation/profiles.json") or ()),
        candidates=_table(files, "candidates"),
        comparison=_table(files, "comparison"),
        selection=_json(files, "segmentation/selection.json"),
        segment_notes=_segment_notes(files),
        current_mix=_mix_now(scores),
        expected_mix=_mix_expected(scores),
        observed_transitions=_table(files, "migration"),
        transitions_note=_migration_note(shop, config),
        evaluation=files.read_json(verdict) if files.has(verdict) else None,
        test_set_log=_json(files, TEST_SET_LOG) or {},
        scorecard=_classified(files, "scorecard"),
        curves=_classified(files, "curves"),
        customer_value=load_customer_value(files),
        leakage_demo=tuple(files.read_json(canary)) if files.has(canary) else (),
        importance=None if told is None else told.importance,
        plots={} if told is None else customer_plots(told),
        n_explained=0 if told is None else told.n_customers,
        group_importance=None if told is None else told.group_importance,
        transition_drivers=None if told is None else told.transition_drivers,
        evidence=explained.load_evidence(files),
        example_customers=() if told is None else explained.pick_example_customers(told, scores),
        base_values={} if told is None else told.base_values,
        reasons_note="" if told is None else told.model_note,
        glossary=classifier_glossary(config.classifier.families, shop.side_tables),
        manifest=files.metadata,
        warnings=tuple(files.metadata.get("notes", ())),
    )


def run_summary(run: RunFolder) -> dict[str, JSON]:
    """Return what a program wants to know of a run: its facts and its verdict."""
    told: dict[str, JSON] = {"run": str(run.folder), **run.metadata}
    for name in (
        "ledger.json",
        "segmentation/segments.json",
        "segmentation/events.json",
        "classifier/evaluation.json",
    ):
        if run.has(name):
            told[Path(name).stem] = run.read_json(name)
    if run.has("report.html"):
        told["page"] = str((run.folder / "report.html").resolve())
    return told


def _table(files: RunFiles, name: str) -> pl.DataFrame | None:
    path = f"segmentation/{name}.parquet"
    return files.read_parquet(path) if files.has(path) else None


def _classified(files: RunFiles, name: str) -> pl.DataFrame | None:
    path = f"classifier/{name}.parquet"
    return files.read_parquet(path) if files.has(path) else None


def _json(files: RunFiles, name: str) -> JSON:
    return files.read_json(name) if files.has(name) else None


def _segment_notes(files: RunFiles) -> dict[str, JSON]:
    state = files.read_json("segmentation/model.json")
    version = state["identity"]["version"]
    events = _json(files, "segmentation/events.json") or []
    told = [event["text"] for event in events if event["version"] == version]
    return {
        "fit": f"number {version}" if version > 1 else "the first",
        "algorithm": state["algorithm"],
        "measured on": f"{_columns(state)} in windows of {state['horizon']} days",
        "fitted on data until": files.metadata["windows"]["segmenter_saw_until"],
        **({"what became of the segments": " ".join(told)} if told else {}),
        "warnings": " ".join(state["warnings"]),
    }


def _columns(state: Mapping[str, JSON]) -> str:
    names = {"days": "purchase days", "recency": "recency", "units": "pieces"}
    *most, last = [names.get(a["column"], a["column"]) for a in state["axes"]]
    return f"{', '.join(most)} and {last}" if most else last


def _mix_now(scores: pl.DataFrame | None) -> dict[str, float]:
    if scores is None:
        return {}
    counts = scores.filter("is_eligible").group_by("segment_id").len().sort("segment_id")
    return {str(name): float(n) for name, n in counts.iter_rows()}


def _mix_expected(scores: pl.DataFrame | None) -> dict[str, float]:
    if scores is None:
        return {}
    sums = scores.select(pl.col("^p_S[0-9]+$").sum()).row(0, named=True)
    return {name.removeprefix("p_"): float(total or 0) for name, total in sums.items()}


def _migration_note(shop: Transactions, config: Config) -> str:
    time = config.time
    day = f"{as_date(shop.end_day - time.days_to_outcome):%-d %b %Y}"
    return (
        f"From the {time.horizon} days before {day} to the {time.horizon} days from "
        "that day on, among customers with an order in the "
        f"{time.lookback} days before {day}."
    )
