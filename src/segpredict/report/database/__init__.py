"""The results of a run in tables of a database server, for BI, reverse ETL and webhooks.

`DatabaseTarget` writes `PublishedTable`s: scores, who moved, and the star schema by day and model.
"""

from segpredict.report.database._removal import people_in_database, removing_from_database
from segpredict.report.database._tables import (
    PublishedTable,
    run_tables,
    scores_table,
    shop_tables,
)
from segpredict.report.database._write import DatabaseTarget

__all__ = [
    "DatabaseTarget",
    "PublishedTable",
    "people_in_database",
    "removing_from_database",
    "run_tables",
    "scores_table",
    "shop_tables",
]
