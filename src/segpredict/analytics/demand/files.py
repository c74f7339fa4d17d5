"""Keep what a run says of demand, and bring it back."""

from typing import Any

from segpredict.analytics.demand import DEMAND_TABLES, DemandForecast
from segpredict.core.run_folder import RunDraft, RunFiles, encode_csv, parquet_writer


def save_demand(draft: RunDraft, demand: DemandForecast) -> None:
    """Write the forecast of demand, its back-test and the assortment's index."""
    for name, table in demand.tables().items():
        draft.write(f"demand/{name}.parquet", parquet_writer(table))
        draft.write(f"demand/{name}.csv", encode_csv(table))


def load_demand(files: RunFiles) -> dict[str, Any]:
    """Return the tables on demand by name; none where nothing was forecast."""
    if not files.has("demand/levels.parquet"):
        return {}
    return {name: files.read_parquet(f"demand/{name}.parquet") for name in DEMAND_TABLES}
