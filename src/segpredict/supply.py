"""Keep what a run says of demand, and bring it back."""

from typing import Any

from segpredict.artifacts import Draft, Files, as_csv, as_parquet
from segpredict.demand import TABLES, Demand


def keep_demand(draft: Draft, demand: Demand) -> None:
    """Write the forecast of demand, its back-test and the assortment's index."""
    for name, table in demand.tables().items():
        draft.write(f"demand/{name}.parquet", as_parquet(table))
        draft.write(f"demand/{name}.csv", as_csv(table))


def demand_of(files: Files) -> dict[str, Any]:
    """Return the tables on demand by name; none where nothing was forecast."""
    if not files.has("demand/levels.parquet"):
        return {}
    return {name: files.parquet(f"demand/{name}.parquet") for name in TABLES}
