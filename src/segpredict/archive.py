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

from segpredict import classifier, companions, explained, metrics
from segpredict.artifacts import (
    Draft,
    Files,
    Run,
    as_csv,
    as_json,
    as_parquet,
    open_run,
)
from segpredict.classifier import Blend, Booster, Forecaster, Training, Usage
from segpredict.config import Config, build
from segpredict.errors import ArtifactError, ConfigError
from segpredict.explain import crowds
from segpredict.overview import glossary
from segpredict.predictor import SegmentPredictor
from segpredict.report import ReportInput
from segpredict.segments import Grid, Segmentation
from segpredict.tables import (
    JSON,
    Companions,
    Count,
    Entry,
    FileFact,
    Ledger,
    Segment,
    Transactions,
)
from segpredict.valuation import valuer_of, worth_of
from segpredict.window import as_date, day_number

TEST_SET_LOG = "classifier/test_set_log.json"


def keep_transactions(draft: Draft, shop: Transactions) -> None:
    """Write the canonical lines, the ledger and the rejects of a shop."""
    draft.write("transactions.parquet", as_parquet(shop.lines.collect()))
    draft.write("ledger.json", as_json(ledger_state(shop.ledger)))
    if shop.rejects is not None and shop.rejects.height:
        draft.write("rejects.parquet", as_parquet(shop.rejects))
    draft.facts["data"] = {
        "first_day": as_date(shop.first_day).isoformat(),
        "last_day": as_date(shop.end_day - 1).isoformat(),
        "fingerprint": shop.fingerprint,
        "currency": shop.currency,
        "files": [asdict(fact) for fact in shop.files],
        "notes": list(shop.notes),
    }


def transactions_of(files: Files) -> Transactions:
    """Return the shop of a run; its lines stay on disk until they are asked for."""
    data = files.facts["data"]
    return Transactions(
        pl.scan_parquet(files.path("transactions.parquet")),
        day_number(data["first_day"]),
        day_number(data["last_day"]) + 1,
        data["fingerprint"],
        ledger_of(files.json("ledger.json")),
        data["currency"],
        tuple(FileFact.from_state(fact) for fact in data["files"]),
        companions=companions_of(files),
        notes=tuple(data.get("notes", ())),
    )


def keep_companions(draft: Draft, beside: Companions) -> None:
    """Write the tables that stand beside the lines, and what was frozen of them."""
    frames = companions.frames(beside)
    for name, frame in frames.items():
        draft.write(f"companions/{name}.parquet", as_parquet(frame))
    state = {**companions.state(beside), "tables": sorted(frames)}
    draft.write("companions/companions.json", as_json(state))


def companions_of(files: Files) -> Companions:
    """Return the tables that stand beside the lines of a run."""
    if not files.has("companions/companions.json"):
        return Companions()
    state = files.json("companions/companions.json")
    frames = {
        name: files.parquet(f"companions/{name}.parquet") for name in state["tables"]
    }
    return companions.from_state(state, frames)


def ledger_state(ledger: Ledger) -> JSON:
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


def ledger_of(state: JSON) -> Ledger:
    """Return the ledger of its JSON."""
    return Ledger(
        tuple(
            Entry(e["stage"], e["rule"], e["meaning"], Count(**e["count"]))
            for e in state["entries"]
        )
    )


def keep_segments(
    draft: Draft,
    segmentation: Segmentation,
    grid: Grid,
    tables: Mapping[str, pl.DataFrame],
    cards: Sequence[Mapping[str, JSON]] = (),
) -> None:
    """Write the frozen segmenter, the segments, the rule grid, tables, and cards."""
    draft.write("segments/grid.json", as_json(grid.state()))
    draft.write("segments/codes.csv", as_csv(grid.table()))
    draft.write("segments/segmenter.json", as_json(segmentation.state()))
    named = [asdict(segment) for segment in segmentation.segments]
    draft.write("segments/segments.json", as_json(named))
    draft.write("segments/cards.json", as_json(list(cards)))
    draft.write("segments/events.json", as_json(segmentation.identity.told()))
    for name, table in tables.items():
        draft.write(f"segments/{name}.parquet", as_parquet(table))


def keep_comparison(draft: Draft, table: pl.DataFrame, verdict: JSON) -> None:
    """Write how every way to segment fared, and which the rule takes."""
    draft.write("segments/comparison.parquet", as_parquet(table))
    draft.write("segments/comparison.csv", as_csv(table))
    draft.write("segments/selection.json", as_json(verdict))


def segmentation_of(files: Files) -> Segmentation:
    """Return the frozen segmenter of a run."""
    return Segmentation.from_state(files.json("segments/segmenter.json"))


def segments_of(files: Files) -> tuple[Segment, ...]:
    """Return the segments of a run, in code order."""
    return tuple(Segment(**s) for s in files.json("segments/segments.json"))


def keep_training(draft: Draft, training: Training, scores: pl.DataFrame) -> None:
    """Write the booster, the forecaster that ships, the verdict and the scores."""
    model = training.booster.state()
    draft.write("classifier/booster.json", model.pop("model").encode())
    shipped = training.forecaster
    is_booster = shipped is training.booster
    state = {
        "shipped": shipped.name,
        "booster": model,
        "fallback": None if is_booster else shipped.state(),
        "values": list(training.values),
        "usage": training.usage.state(),
    }
    draft.write("classifier/forecaster.json", as_json(state))
    draft.write("classifier/verdict.json", as_json(training.verdict.to_json()))
    draft.write("classifier/scorecard.parquet", as_parquet(training.scorecard))
    draft.write("classifier/scorecard.csv", as_csv(training.scorecard))
    draft.write("classifier/curves.parquet", as_parquet(training.curves))
    tested = [model.state() for model in training.tested]
    draft.write("classifier/tested.json", as_json(tested))
    draft.write("scores.parquet", as_parquet(scores))


def test_set_log_at(folder: Path) -> JSON:
    """Return the test-set log of a run that stands there, if any."""
    try:
        return test_set_log_of(open_run(folder))
    except ArtifactError:
        return None


def test_set_log_of(files: Files) -> JSON:
    """Return the log of evaluations on the final test; ``None`` if there were none."""
    return files.json(TEST_SET_LOG) if files.has(TEST_SET_LOG) else None


def keep_test_set_log(draft: Draft, log: JSON) -> None:
    """Keep the test-set log, also when everything else is made anew."""
    if log is not None:
        draft.write(TEST_SET_LOG, as_json(log))


def booster_of(files: Files) -> Booster:
    """Return the trees of a run, whether or not they are what ships."""
    state = files.json("classifier/forecaster.json")["booster"]
    model = files.path("classifier/booster.json").read_text(encoding="utf-8")
    return Booster.from_state({**state, "model": model})


def forecaster_of(files: Files) -> Forecaster:
    """Return what ships: the trees, or the baseline that beat them."""
    fallback = files.json("classifier/forecaster.json")["fallback"]
    return booster_of(files) if fallback is None else classifier.load(fallback)


def predictor_of(files: Files) -> SegmentPredictor:
    """Return the predictor of a run."""
    config, trees, beside = config_of(files), booster_of(files), companions_of(files)
    shipped, usage = forecaster_of(files), usage_of(files)
    return SegmentPredictor(
        segmentation_of(files),
        shipped,
        config.time,
        tuple(files.json("classifier/forecaster.json")["values"]),
        config.classifier.families,
        companions.expecting(config.source, config.companions),
        config.cleaning,
        beside,
        usage,
        valuer_of(files),
        explained.explainer(
            files,
            shipped,
            trees,
            segments_of(files),
            glossary(config.classifier.families, beside),
            usage,
        ),
    )


def usage_of(files: Files) -> Usage:
    """Return how the probabilities of a run are used."""
    return Usage.from_state(files.json("classifier/forecaster.json")["usage"])


def config_of(files: Files) -> Config:
    """Return the config a run was made with."""
    try:
        return build(files.facts["config"])
    except (KeyError, ConfigError) as error:
        raise ArtifactError(
            f"The run's config cannot be used by this segpredict: {error}.",
            fix="make the run again with this version.",
        ) from None


def tested_of(files: Files) -> tuple[Blend, ...]:
    """Return the model of each test, as it knew the world that day."""
    return tuple(Blend.from_state(s) for s in files.json("classifier/tested.json"))


def bundle_of(files: Files) -> ReportInput:
    """Return all that a run's page is made from; parts not made yet are missing."""
    shop, config = transactions_of(files), config_of(files)
    told = explained.read(files, segments_of(files)) if explained.has(files) else None
    scores = files.parquet("scores.parquet") if files.has("scores.parquet") else None
    verdict, canary = "classifier/verdict.json", "classifier/canary.json"
    return ReportInput(
        title="Customer segments and where they are heading",
        created=files.facts["created"],
        first_day=shop.first_day,
        end_day=shop.end_day,
        window=config.time.window(shop.end_day, shop.first_day),
        segments=segments_of(files),
        ledger=shop.ledger,
        currency=shop.currency,
        files=shop.files,
        profile=_table(files, "profile"),
        metrics=metrics.kept(files),
        cards=tuple(_json(files, "segments/cards.json") or ()),
        candidates=_table(files, "candidates"),
        comparison=_table(files, "comparison"),
        selection=_json(files, "segments/selection.json"),
        segment_notes=_segment_notes(files),
        mix_now=_mix_now(scores),
        mix_expected=_mix_expected(scores),
        migration=_table(files, "migration"),
        migration_note=_migration_note(shop, config),
        verdict=files.json(verdict) if files.has(verdict) else None,
        test_set_log=_json(files, TEST_SET_LOG) or {},
        scorecard=_classified(files, "scorecard"),
        curves=_classified(files, "curves"),
        worth=worth_of(files),
        canary=tuple(files.json(canary)) if files.has(canary) else (),
        importance=None if told is None else told.importance,
        plots={} if told is None else crowds(told),
        explained=0 if told is None else told.customers,
        topics=None if told is None else told.topics,
        moves=None if told is None else told.moves,
        evidence=explained.evidence(files),
        people=() if told is None else explained.people(told, scores),
        base={} if told is None else told.base,
        reasons_note="" if told is None else told.note,
        glossary=glossary(config.classifier.families, shop.companions),
        manifest=files.facts,
        warnings=tuple(files.facts.get("notes", ())),
    )


def summary(made: Run) -> dict[str, JSON]:
    """Return what a program wants to know of a run: its facts and its verdict."""
    told: dict[str, JSON] = {"run": str(made.folder), **made.facts}
    for name in (
        "ledger.json",
        "segments/segments.json",
        "segments/events.json",
        "classifier/verdict.json",
    ):
        if made.has(name):
            told[Path(name).stem] = made.json(name)
    if made.has("report.html"):
        told["page"] = str((made.folder / "report.html").resolve())
    return told


def _table(files: Files, name: str) -> pl.DataFrame | None:
    path = f"segments/{name}.parquet"
    return files.parquet(path) if files.has(path) else None


def _classified(files: Files, name: str) -> pl.DataFrame | None:
    path = f"classifier/{name}.parquet"
    return files.parquet(path) if files.has(path) else None


def _json(files: Files, name: str) -> JSON:
    return files.json(name) if files.has(name) else None


def _segment_notes(files: Files) -> dict[str, JSON]:
    state = files.json("segments/segmenter.json")
    version = state["identity"]["version"]
    events = _json(files, "segments/events.json") or []
    told = [event["told"] for event in events if event["version"] == version]
    return {
        "fit": f"number {version}" if version > 1 else "the first",
        "algorithm": state["algorithm"],
        "measured on": f"{_columns(state)} in windows of {state['horizon']} days",
        "fitted on data until": files.facts["windows"]["segmenter_saw_until"],
        **({"what became of the segments": " ".join(told)} if told else {}),
        "notices": " ".join(state["notices"]),
    }


def _columns(state: Mapping[str, JSON]) -> str:
    names = {"days": "purchase days", "recency": "recency", "units": "pieces"}
    *most, last = [names.get(a["column"], a["column"]) for a in state["axes"]]
    return f"{', '.join(most)} and {last}" if most else last


def _mix_now(scores: pl.DataFrame | None) -> dict[str, float]:
    if scores is None:
        return {}
    counts = (
        scores.filter("is_eligible").group_by("segment_id").len().sort("segment_id")
    )
    return {str(name): float(n) for name, n in counts.iter_rows()}


def _mix_expected(scores: pl.DataFrame | None) -> dict[str, float]:
    if scores is None:
        return {}
    sums = scores.select(pl.col("^p_S[0-9]+$").sum()).row(0, named=True)
    return {name.removeprefix("p_"): float(total or 0) for name, total in sums.items()}


def _migration_note(shop: Transactions, config: Config) -> str:
    time = config.time
    day = f"{as_date(shop.end_day - time.outcome):%-d %b %Y}"
    return (
        f"From the {time.horizon} days before {day} to the {time.horizon} days from "
        "that day on, among customers with an order in the "
        f"{time.lookback} days before {day}."
    )
