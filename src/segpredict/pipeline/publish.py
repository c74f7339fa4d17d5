"""Publish scores, or a whole run, to the tables of a database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import polars as pl

from segpredict.analytics.customer_value import FORECAST_COLUMNS
from segpredict.core.database import DatabaseAddress
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.run_folder import RunFolder, open_run
from segpredict.errors import ArtifactError
from segpredict.pipeline import loading
from segpredict.pipeline.exports import load_star_schema
from segpredict.pipeline.results import CampaignPlans
from segpredict.report.bi import BI_TABLES, BiColumn, StarSchema, to_money_units
from segpredict.report.database import (
    DatabaseTarget,
    PublishedTable,
    run_tables,
    scores_table,
    shop_tables,
)
from segpredict.scoring.history import ModelVersion

SCORES_NAME = "scores"
BI = {table.name: table for table in BI_TABLES}
Rows = tuple[PublishedTable, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """A table of a database that takes scores, of which it is known that it can be written.

    Raises `DatabaseError` when it is not there and shall not be made, or has another shape.
    """

    target: DatabaseTarget
    table: PublishedTable

    @classmethod
    def open(cls, to: str, name: str, *, create: bool) -> "ScoreTable":
        """Return the table of a name, made where that is wanted."""
        address = DatabaseAddress.parse(to)
        made = cls(DatabaseTarget(address, create), scores_table(address.table or name))
        made.target.prepare(made.table)
        return made

    def write(self, scores: pl.DataFrame, version: ModelVersion) -> Mapping[str, int]:
        """Write scores, and who moved since the day before; return the rows of each table."""
        rows = published_scores(scores, version, self.table)
        day = scores["as_of"].max()
        return self.target.write(self.table, (day, version.model), [(self.table, rows)])  # type: ignore[arg-type]


def published_scores(
    scores: pl.DataFrame, version: ModelVersion, table: PublishedTable
) -> pl.DataFrame:
    """Return scores in the columns of their table."""
    missing = [name for name in FORECAST_COLUMNS if name not in scores.columns]
    named = [
        pl.when(pl.col("next_segment_id") == s.id).then(pl.col(f"p_{s.id}"))
        for s in version.segments
        if f"p_{s.id}" in scores.columns
    ]
    return (
        scores.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .with_columns(
            *(to_money_units(pl.col(name)) for name in FORECAST_COLUMNS),
            p_next=pl.coalesce(named) if named else pl.lit(None, pl.Float64),
            segmentation=pl.lit(version.segmentation),
            model=pl.lit(version.model),
        )
        .select(column.as_expression for column in table.columns)
    )


def publish_run(
    folder: str,
    to: str,
    *,
    prefix: str = "segpredict_",
    create: bool = False,
    shop: bool = False,
    pseudonyms: Pseudonymizer | None = None,
) -> Mapping[str, int]:
    """Publish what a run found; return the rows of each table.

    * `folder`, `to`: the run, and the address of the database.
    * `prefix`: the names of all tables begin with it.
    * `create`: whether tables that are not there are made.
    * `shop`: whether customers, orders, lines, products and dates are published, too.
    * `pseudonyms`: for the ids of customers, if they shall not be shown.

    Raises `ArtifactError` when the run has no scores; `DatabaseError` when the database cannot be
    written: then it is as it was.
    """
    run = open_run(folder)
    scores = loading.load_optional(run, "scores")
    if scores is None:
        fix = f"train it first: segpredict train-classifier --run {folder}"
        raise ArtifactError(f"The run {folder} has no scores to publish.", fix=fix)
    version = loading.load_predictor(run).model_version
    target = DatabaseTarget(DatabaseAddress.parse(to), create)
    own, others = scores_table(prefix + SCORES_NAME), run_tables(prefix)
    of_shop = shop_tables(prefix) if shop else {}
    target.prepare(own, [*others.values(), *of_shop.values()])
    shown = scores if pseudonyms is None else pseudonyms.hash_customers(scores)
    star = load_star_schema(run, pseudonyms)
    rows = _rows(run, shown, version, own, others, star)
    slice_key = (scores["as_of"][0], version.model)
    return target.write(own, slice_key, chain(rows, _shop_rows(star, of_shop)))


def _rows(
    run: RunFolder,
    scores: pl.DataFrame,
    version: ModelVersion,
    own: PublishedTable,
    others: Mapping[str, PublishedTable],
    star: StarSchema,
) -> Iterator[Rows]:
    """Yield the rows of each table, which all are of one day and model."""
    slice_key = {"as_of": scores["as_of"][0], "model": version.model}
    yield own, published_scores(scores, version, own)
    built = {
        **{name: BI[name].build_rows(star) for name in ("segments", "transitions", "kpis")},
        "probabilities": _probabilities(scores, version),
        "campaigns": _campaigns(run, star.pseudonyms),
    }
    for name, table in others.items():
        frame = built[name].with_columns(pl.lit(v).alias(n) for n, v in slice_key.items())
        if "row" in table.key:
            frame = frame.with_columns(row=pl.int_range(1, pl.len() + 1))
        yield table, frame.select(table.names)


def _shop_rows(star: StarSchema, tables: Mapping[str, PublishedTable]) -> Iterator[Rows]:
    """Yield the rows of the shop's own tables, those of customers in parts."""
    batched = [name for name in tables if BI[name].is_batched]
    for batch in star.customer_batches() if batched else ():
        for name in batched:
            yield tables[name], BI[name].build_rows(batch)
    for name in tables:
        if name not in batched:
            yield tables[name], BI[name].build_rows(star)


def _probabilities(scores: pl.DataFrame, version: ModelVersion) -> pl.DataFrame:
    ids = {f"p_{segment.id}": segment.id for segment in version.segments}
    known = scores.filter("is_eligible").select("customer_id", *ids).rename(ids)
    return known.unpivot(index="customer_id", variable_name="segment_id", value_name="probability")


def _campaigns(run: RunFolder, pseudonyms: Pseudonymizer | None) -> pl.DataFrame:
    """Return who is listed by each campaign; nobody where none was planned."""
    texts = dict.fromkeys(("campaign", "customer_id", "arm", "segment_id"), pl.String)
    lists = pl.DataFrame(schema={**texts, "rank": pl.Int64, "value_at_stake": pl.Float64})
    if loading.has_stage(run, CampaignPlans):
        lists = loading.load(run, "lists").select(lists.columns)
    shown = lists if pseudonyms is None else pseudonyms.hash_customers(lists)
    stake = BiColumn("value_at_stake", "money", "").as_expression
    units = to_money_units(pl.col("value_at_stake"))
    return shown.with_columns(value_at_stake=units).with_columns(stake)
