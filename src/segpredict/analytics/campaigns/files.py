"""The files of a run's plays, and back.

::

    actions/  playbook.json: the plays; rehearsal.parquet: who would have been eligible
              at the last test; plays, curves (.parquet .csv)
"""

from typing import Any

import polars as pl

from segpredict.analytics.campaigns import CampaignCatalogue, find_experiment_logs, read_campaigns
from segpredict.config.campaigns import CampaignOptions
from segpredict.core.run_folder import RunDraft, RunFiles, encode_csv, encode_json, parquet_writer
from segpredict.core.types import JSON

CATALOGUE_PATH, BACKTEST_PATH = "campaigns/catalogue.json", "campaigns/backtest_population.parquet"
CAMPAIGN_TABLES = ("plans", "targeting_curves")


def save_campaign_catalogue(draft: RunDraft, campaigns: CampaignCatalogue) -> None:
    """Write the plays that a run goes by."""
    draft.write(CATALOGUE_PATH, encode_json(campaigns.to_state()))


def load_campaign_catalogue(files: RunFiles) -> CampaignCatalogue:
    """Return the plays of a run; those of the package where it has none."""
    if files.has(CATALOGUE_PATH):
        return CampaignCatalogue.from_state(files.read_json(CATALOGUE_PATH))
    return read_campaigns(CampaignOptions())


def save_campaign_plans(draft: RunDraft, campaigns: pl.DataFrame, curves: pl.DataFrame) -> None:
    """Write what stands behind each play, and value at stake by length of list."""
    for name, table in zip(CAMPAIGN_TABLES, (campaigns, curves), strict=True):
        draft.write(f"campaigns/{name}.parquet", parquet_writer(table))
        draft.write(f"campaigns/{name}.csv", encode_csv(table))


def load_campaign_plans(files: RunFiles) -> dict[str, Any]:
    """Return what the page says of plays; empty where none were weighed."""
    if not files.has(f"campaigns/{CAMPAIGN_TABLES[0]}.parquet"):
        return {}
    return {name: files.read_parquet(f"campaigns/{name}.parquet") for name in CAMPAIGN_TABLES}


def load_experiments(files: RunFiles) -> tuple[JSON, ...]:
    """Return the records of all lists that were drawn of the runs that stand there."""
    place = files.target if isinstance(files, RunDraft) else files.folder
    asked = files.metadata["config"].get("actions", {}).get("experiments", "")
    return tuple(find_experiment_logs(place, asked).read_records())
