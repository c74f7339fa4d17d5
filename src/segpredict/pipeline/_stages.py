"""What each stage of a run reads from its folder, and what it leaves there."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import polars as pl

from segpredict import (
    archive,
    classifier,
    cleaning,
    companions,
    demand,
    explained,
    exploration,
    features,
    flows,
    gallery,
    metrics,
    overview,
    planning,
    segments,
    shortlist,
    supply,
    valuation,
    worth,
)
from segpredict import explain as explanations
from segpredict._version import __version__
from segpredict.artifacts import Draft, Files, as_json, as_parquet
from segpredict.classifier import TestSetLog, Training, test_set_log
from segpredict.config import Config
from segpredict.core.types import Day, Progress
from segpredict.errors import TooShortHistoryError
from segpredict.intake import opened
from segpredict.pipeline import _comparison as comparison
from segpredict.pipeline import _plays as plays
from segpredict.pipeline._target import Ways
from segpredict.predictor import SegmentPredictor
from segpredict.report import ReportInput, render
from segpredict.segments import Segmentation
from segpredict.segments.comparison import taken
from segpredict.tables import JSON, Transactions
from segpredict.window import as_date, origins

# What is written of the rest, and untrue with a new stage.
TOLD = ("report.", "bi/", "deck.pptx")
LISTED = "explanation/listed.parquet"  # reasons of the customers to look at first
LIBRARIES = ("polars", "scikit-learn", "xgboost", "shap", "numpy", "pandera")


def begin(
    draft: Draft,
    data: object,
    config: Config,
    created: str,
    as_of: Day,
    progress: Progress,
) -> None:
    """Read and clean; note what made the run."""
    progress("reading and cleaning", 0.0)
    shop = opened(data, config, as_of)
    # Columns are chosen, and levels fixed, on what the segmenter, too, may see.
    until = max(end for _, end in blind_spans(shop, config)[0])
    shop = replace(shop, companions=companions.freeze(shop, until))
    choice = features.choose(shop, config.classifier.families, until)
    config = replace(
        config, classifier=replace(config.classifier, families=choice.names)
    )
    draft.facts.update(
        segpredict=__version__,
        created=created,
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        config=config.state(),
        families={"used": list(choice.names), "left_out": list(choice.notes)},
    )
    cleaning.supported(shop, config.cleaning)
    archive.keep_transactions(draft, shop)
    archive.keep_companions(draft, shop.companions)
    playbook = plays.choose(config.actions, shop.companions)
    planning.keep_playbook(draft, playbook)


def cluster(
    draft: Draft,
    progress: Progress,
    before: Segmentation | None = None,
    ways: Ways = Ways.ONE,
) -> None:
    """Fit the segmenter on windows that no test will see, freeze and describe it."""
    config, shop = archive.config_of(draft), archive.transactions_of(draft)
    spans, notes = blind_spans(shop, config)
    if ways is not Ways.ONE:
        trials, found = comparison.compare(
            draft, shop, config, spans, lambda what, done: progress(what, 0.9 * done)
        )
        is_applied = ways is Ways.SELECT
        comparison.keep(draft, trials, found, is_applied=is_applied)
        if is_applied:
            won = taken(config.segments, trials, found)
            config = replace(config, segments=won)
            draft.facts["config"] = config.state()
            notes = [*notes, f"Segments are {found.grade}: {found.reason}"]
    progress("making segments", 0.15 if ways is Ways.ONE else 0.9)
    options = replace(config.segments, seed=config.seed)
    further = {*segments.asked(options), *(before.further if before else ())}
    segmentation = segments.fit(
        features.instrument(shop, spans, sorted(further)),
        options,
        horizon=config.time.horizon,
        before=before,
    )
    grid = overview.grid(shop, config.time, options.codes)
    tables = overview.segments(shop, segmentation, grid, config.time)
    window = config.time.window(shop.end_day, shop.first_day)
    told = gallery.cards(shop, segmentation, window, tables, options.likes)
    archive.keep_segments(draft, segmentation, grid, tables, told)
    homes = _measure(draft, shop, config, tables)
    _follow(draft, shop, segmentation, config, homes)
    draft.facts["notes"] = [*shop.notes, *notes, *shop.companions.notes]
    draft.facts["windows"] = {
        "segmenter_saw_until": as_date(segmentation.fit_end - 1).isoformat(),
        "horizon": config.time.horizon,
        "lookback": config.time.lookback,
        "gap": config.time.gap,
        "forecast_from": as_date(shop.end_day).isoformat(),
    }


def _measure(
    draft: Draft, shop: Transactions, config: Config, tables: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """Write how the shop is doing, and what its data look like; and who lives where."""
    horizon, lookback = config.time.horizon, config.time.lookback
    members, moves = tables["assignments"], tables.get("migration")
    books = metrics.Books.read(shop, horizon, lookback, members, moves)
    for path, table in metrics.tables(books).items():
        draft.write(path, as_parquet(table))
    ids = [segment.id for segment in archive.segments_of(draft)]
    seen = exploration.explore(shop, members, ids, config.time.horizon)
    for name in ("cells", "map", "homes"):
        draft.write(f"exploration/{name}.parquet", as_parquet(seen[name]))
    draft.write("exploration/facts.json", as_json(seen["facts"]))
    homes: pl.DataFrame = seen["homes"]
    return homes


def _follow(
    draft: Draft,
    shop: Transactions,
    segmentation: Segmentation,
    config: Config,
    homes: pl.DataFrame,
) -> None:
    """Write who moved from segment to segment, period by period, and by country."""
    draws = flows.Draws(config.classifier.draws, config.seed)
    flows.keep(draft, flows.counted(shop, segmentation, config.time, draws, homes))


def blind_spans(
    shop: Transactions, config: Config
) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the windows the segmenter may see: none that ends after a first test."""
    time = config.time
    try:
        days = classifier.schedule(shop.first_day, shop.end_day, time)
    except TooShortHistoryError as error:
        last = time.window(shop.end_day, shop.first_day)
        back = origins(last, time.step, shop.first_day + time.horizon)
        spans = [(w.cutoff - time.horizon, w.cutoff) for w in back]
        if not spans:
            raise
        return sorted(spans), [f"No forecast can be tested: {error.message}"]
    return list(days.blind), list(days.notes)


def train(
    draft: Draft, log_files: Sequence[Path], *, canary: bool, progress: Progress
) -> None:
    """Train, test out of time, decide what ships, and score the end of the data.

    Earlier evaluations on the final test are recalled from `log_files`.
    """
    config, shop = archive.config_of(draft), archive.transactions_of(draft)
    segmentation = archive.segmentation_of(draft)
    options = replace(config.classifier, seed=config.seed, threads=config.threads)
    training = classifier.train(
        shop,
        segmentation,
        options,
        config.time,
        lambda what, share: progress(what, 0.25 + 0.5 * share),
    )
    progress("valuing customers", 0.75)
    wish, draws = config.worth, options.draws
    valued = worth.measure(
        shop, segmentation, training, wish, draws=draws, seed=options.seed
    )
    predictor = SegmentPredictor(
        segmentation,
        training.forecaster,
        config.time,
        training.values,
        config.classifier.families,
        companions=shop.companions,
        usage=training.usage,
        valuer=valued.valuer,
    )
    # What an earlier model has left here would be believed to be this one's.
    untrue = ("explanation/", "worth/", "demand/", "classifier/canary.json", *TOLD)
    draft.drop(*untrue, planning.REHEARSAL, "actions/plays", "actions/curves")
    training = _marked(draft, training, shop, log_files)
    scores = predictor.score(shop)
    archive.keep_training(draft, training, scores)
    valuation.keep_worth(draft, valued, scores, segmentation.segments)
    given = (shop, segmentation, training, scores, config.demand)
    hoped = demand.measure(*given, draws=draws, seed=options.seed)
    supply.keep_demand(draft, hoped)
    known, named = flows.kept(draft), segmentation.segments
    coming = flows.foretold(known, training, scores, named, config.time)
    flows.keep(draft, coming)
    if canary:
        progress("asking the canary", 0.75)
        told = classifier.canary(training, options)
        draft.write("classifier/canary.json", as_json(told.frame().to_dicts()))


def _marked(
    draft: Draft, training: Training, shop: Transactions, log_files: Sequence[Path]
) -> Training:
    """Log the evaluation on the final test; say so where others came before."""
    log = TestSetLog(shop.fingerprint, training.schedule.outer[-1].cutoff)
    before = test_set_log.recall(log.merge(archive.test_set_log_of(draft)), log_files)
    # What the page shows makes no other model.
    asked = {k: v for k, v in draft.facts["config"].items() if k != "report"}
    now = before.add(asked, draft.facts["created"])
    archive.keep_test_set_log(draft, now.state())
    if not now.note:
        return training
    warnings = (now.note, *training.verdict.warnings)
    return replace(training, verdict=replace(training.verdict, warnings=warnings))


def explain(
    draft: Draft, progress: Progress, *, rows: int | None = None, refits: int | None
) -> None:
    """Explain what ships for a sample of those who were scored; cross-check it.

    Without refits the cross-check is left out: it fits the trees anew again and again.
    """
    progress("explaining", 0.0)
    config, predictor = archive.config_of(draft), archive.predictor_of(draft)
    shop, trees = archive.transactions_of(draft), archive.booster_of(draft)
    wish = config.explain
    options = replace(
        wish,
        rows=wish.rows if rows is None else rows,
        refits=wish.refits if refits is None else refits,
    )
    frame = predictor.rows(shop, predictor.window(shop)).frame
    knowing = explanations.explainer(
        predictor.forecaster,
        trees,
        frame,
        predictor.segments,
        overview.glossary(config.classifier.families, shop.companions),
        shop.currency,
    ).naming(predictor.usage)
    checked = _cross_checked(draft, shop, knowing, config, options, progress)
    if checked is not None:
        knowing = knowing.heeding(checked.least)
    told = knowing.explain(frame, options)
    draft.drop(*TOLD)
    explained.keep(draft, told, knowing, checked)
    # The sample need not hold those whom people look at first.
    scores = draft.parquet("scores.parquet")
    first = shortlist.shortlist(scores, config.report.most).select("customer_id")
    listed = frame.join(first, on="customer_id", how="semi", maintain_order="left")
    draft.write(LISTED, as_parquet(knowing.reasons(listed)))


def _cross_checked(
    draft: Draft,
    shop: Transactions,
    knowing: explanations.Explainer,
    config: Config,
    options: explanations.ExplainOptions,
    progress: Progress,
) -> explanations.Evidence | None:
    if not options.refits or not draft.has("classifier/tested.json"):
        return None
    taken = classifier.exams(
        shop,
        archive.segmentation_of(draft),
        replace(config.classifier, seed=config.seed, threads=config.threads),
        config.time,
        [knowing.model.told_of(model) for model in archive.tested_of(draft)],
    )
    return explanations.evidence(
        taken,
        knowing.parts,
        options,
        config.seed,
        lambda what, share: progress(what, 0.1 + 0.85 * share),
    )


def report(draft: Draft, progress: Progress, *, customers: bool | None = None) -> None:
    """Write the page of what the stages have left; with single customers, if wished."""
    progress("writing the page", 0.95)
    plays.weigh(draft)
    draft.write("report.html", render(bundle(draft, customers=customers)).encode())
    progress("done", 1.0)


def bundle(files: Files, *, customers: bool | None = None) -> ReportInput:
    """Return all that a page or a deck is made from, as far as it was made.

    Single customers are in it if they are wished for, or the config says so.
    """
    wish = archive.config_of(files).report
    found = replace(
        archive.bundle_of(files),
        movement=flows.kept(files),
        plays=planning.plays_of(files),
        experiments=planning.experiments_of(files),
        demand=supply.demand_of(files),
        exploration=exploration.kept(files),
    )
    if wish.customers if customers is None else customers:
        return replace(found, customers=_listed(files, wish.most))
    cards = tuple({**card, "examples": []} for card in found.cards)
    return replace(found, people=(), cards=cards)


def _listed(files: Files, most: int) -> tuple[dict[str, JSON], ...]:
    """Return the customers to look at first, once they were explained."""
    if not files.has(LISTED) or not files.has("scores.parquet"):
        return ()
    scores = files.parquet("scores.parquet")
    return shortlist.told(shortlist.shortlist(scores, most), files.parquet(LISTED))
