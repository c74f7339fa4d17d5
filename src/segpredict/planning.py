"""The files of a run's plays, and back.

::

    actions/  playbook.json: the plays; rehearsal.parquet: who would have been eligible
              at the last test; plays, curves (.parquet .csv)
"""

from typing import Any

import polars as pl

from segpredict.actions import ActionOptions, Playbook, load, places
from segpredict.artifacts import Draft, Files, as_csv, as_json, as_parquet
from segpredict.tables import JSON

PLAYBOOK, REHEARSAL = "actions/playbook.json", "actions/rehearsal.parquet"
TABLES = ("plays", "curves")


def keep_playbook(draft: Draft, playbook: Playbook) -> None:
    """Write the plays that a run goes by."""
    draft.write(PLAYBOOK, as_json(playbook.state()))


def playbook_of(files: Files) -> Playbook:
    """Return the plays of a run; those of the package where it has none."""
    if files.has(PLAYBOOK):
        return Playbook.from_state(files.json(PLAYBOOK))
    return load(ActionOptions())


def keep_plays(draft: Draft, plays: pl.DataFrame, curves: pl.DataFrame) -> None:
    """Write what stands behind each play, and value at stake by length of list."""
    for name, table in zip(TABLES, (plays, curves), strict=True):
        draft.write(f"actions/{name}.parquet", as_parquet(table))
        draft.write(f"actions/{name}.csv", as_csv(table))


def plays_of(files: Files) -> dict[str, Any]:
    """Return what the page says of plays; empty where none were weighed."""
    if not files.has(f"actions/{TABLES[0]}.parquet"):
        return {}
    return {name: files.parquet(f"actions/{name}.parquet") for name in TABLES}


def experiments_of(files: Files) -> tuple[JSON, ...]:
    """Return the records of all lists that were drawn of the runs that stand there."""
    place = files.target if isinstance(files, Draft) else files.folder
    asked = files.facts["config"].get("actions", {}).get("experiments", "")
    return tuple(places(place, asked).records())
