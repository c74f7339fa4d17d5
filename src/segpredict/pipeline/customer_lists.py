"""The customer lists of a run: one CSV file a campaign and a segment, ready to act on."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from segpredict.analytics import campaigns
from segpredict.analytics.campaigns import TREATMENT_ARM, UNIVERSAL_HOLDOUT_ARM, CampaignCatalogue
from segpredict.core.transactions import Transactions

MAX_EXPLAINED = 20_000  # customers with reasons of their own, most money first
CUSTOMERS_AT_A_TIME = 100_000  # customers whose offers are looked up together
MAX_REASONS = 3  # of a customer, strongest first; all are in `segpredict explain`
NOT_EXPLAINED_TEXT = "Not explained one by one: segpredict explain --customer"
MONEY_COLUMNS = ("value_at_risk", "upside", "expected_value", "spent_to_date")
OFFER_COLUMN = "suggested_product"


def explained_customers(scores: pl.DataFrame) -> pl.Series:
    """Return the customers that get reasons: all with a forecast, up to `MAX_EXPLAINED`."""
    money = pl.max_horizontal("value_at_risk", "upside", "expected_value")
    ranked = scores.filter("is_eligible").sort(-money, "customer_id", nulls_last=True)
    return ranked["customer_id"].head(MAX_EXPLAINED)


def suggested_products(
    shop: Transactions, scores: pl.DataFrame, suggestions: pl.DataFrame, since: int
) -> pl.DataFrame:
    """Return for each customer the first suggested product of the segment not bought since a day.

    * `shop`, `scores`: the transactions, and `schemas.SCORES_SCHEMA`.
    * `suggestions`: products by segment, with their rank (`demand.suggest_products`).
    * `since`: day number.
    """
    offers = suggestions.select("segment_id", "rank", product_id="item")
    bought = (
        shop.lines.filter((pl.col("day") >= since) & ~pl.col("is_return"))
        .filter(pl.col("product_id").is_in(offers["product_id"].unique().implode()))
        .select("customer_id", "product_id")
        .unique()
        .collect(engine="streaming")
    )
    keys = ["customer_id", "product_id"]
    found = [
        some.join(offers, on="segment_id")
        .join(bought, on=keys, how="anti")
        .sort("customer_id", "rank")
        .unique("customer_id", keep="first", maintain_order=True)
        .select(keys)
        for some in scores.select("customer_id", "segment_id").iter_slices(CUSTOMERS_AT_A_TIME)
    ]
    first = pl.concat([pl.DataFrame(schema=dict.fromkeys(keys, pl.String)), *found])
    if shop.product_names is None:
        return first.rename({"product_id": OFFER_COLUMN})
    named = first.join(shop.product_names, on="product_id", how="left", maintain_order="left")
    text = pl.concat_str("product_id", "name", separator=" ", ignore_nulls=True)
    return named.select("customer_id", text.alias(OFFER_COLUMN))


@dataclass(frozen=True, slots=True, eq=False)
class ListSource:
    """What the lists of a run are made from."""

    scores: pl.DataFrame  # `schemas.SCORES_SCHEMA`
    lists: pl.DataFrame  # `results.CampaignPlans.lists`
    reasons: pl.DataFrame | None  # `results.Explained.customer_reasons`
    offers: pl.DataFrame  # `suggested_products`
    catalogue: CampaignCatalogue
    universal_holdout: pl.DataFrame  # `results.CampaignPlans.universal_holdout`


def customer_list_tables(source: ListSource) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the name and table of each list: campaigns, then segments."""
    known = source.scores.filter("is_eligible")
    detailed = _detailed(known, source)
    for campaign in source.catalogue.campaigns:
        own = source.lists.filter(campaign=campaign.name).select("rank", "customer_id", "arm")
        if own.height:
            table = own.join(detailed, on="customer_id", how="left", maintain_order="left")
            action = pl.lit(campaign.action).alias("action")
            yield f"campaign_{campaign.name}", table.with_columns(action)
    arms = _universal_arms(known, source)
    for segment_id in known["segment_id"].unique().sort():
        own = detailed.filter(segment_id=segment_id)
        ranked = own.sort(-pl.col("value_at_risk"), "customer_id", nulls_last=True)
        table = ranked.join(arms, on="customer_id", how="left", maintain_order="left")
        places = pl.int_range(1, pl.len() + 1).alias("rank")
        yield (
            f"segment_{segment_id.lower()}",
            table.select(places, "customer_id", "arm", *own.columns[1:]),
        )


def _detailed(known: pl.DataFrame, source: ListSource) -> pl.DataFrame:
    """Return who each customer is, the money, why, and what to offer; money in whole units."""
    probabilities = [pl.col(name).round(2) for name in ("p_down", "p_up")]
    table = known.select(
        "customer_id",
        *("segment_id", "segment", "next_segment"),
        *probabilities,
        *(pl.col(name).round(0).cast(pl.Int64) for name in MONEY_COLUMNS),
    )
    table = campaigns.add_reasons(table, source.reasons, "why", MAX_REASONS)
    table = table.with_columns(pl.col("why").fill_null(NOT_EXPLAINED_TEXT))
    return table.join(source.offers, on="customer_id", how="left", maintain_order="left")


def _universal_arms(known: pl.DataFrame, source: ListSource) -> pl.DataFrame:
    """Return whether each customer is in the universal holdout, or free to be treated."""
    held, free = (pl.lit(arm) for arm in (UNIVERSAL_HOLDOUT_ARM, TREATMENT_ARM))
    marked = known.join(source.universal_holdout, on="customer_id", how="left")
    arm = pl.when("is_universal").then(held).otherwise(free)
    return marked.select("customer_id", arm.alias("arm"))
