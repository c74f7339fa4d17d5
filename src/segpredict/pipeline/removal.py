"""Take people out of a run: every table without their rows, every page written anew."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from segpredict.core.id_pattern import IdPattern
from segpredict.core.ledger import Ledger, LedgerCount
from segpredict.core.orders import count_orders
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.removal import Removal
from segpredict.core.run_folder import (
    RunDraft,
    continue_run,
    encode_csv,
    encode_json,
    escape_formulas,
    parquet_writer,
)
from segpredict.core.types import JSON
from segpredict.pipeline import artifacts, loading
from segpredict.pipeline.exports import REPORT_FORMATS, report_input
from segpredict.report.shown_text import shows_id

CUSTOMER = "customer_id"
Way = tuple[IdPattern, Pseudonymizer | None]  # ids as they are shown, and what hides them


@contextmanager
def removing_from_run(
    folder: Path, ids: Collection[str], names: Pseudonymizer
) -> Iterator[Removal]:
    """Yield a run without the rows of some people, by their ids or the hashes of these.

    Models, and figures of all customers together, stay: they were fitted with these people.
    """
    hashes = {names.hash_id(each) for each in ids}
    gone = {*ids, *hashes}
    with continue_run(folder) as draft:
        before = loading.load_transactions(draft)
        own = before.lines.filter(_is_of(ids)).collect()
        ways = ((IdPattern(ids), None), (IdPattern(hashes), names))
        shown = {form: _way_shown(draft, form, ways) for form in artifacts.REPORT_PATHS}
        rows = dict(_without_rows(draft, gone))
        _without_records(draft, gone)
        if own.height:
            _write_ledger(draft, before.ledger, own)
        for form, way in shown.items():
            if way is not None:  # with ids as it shows them
                content = REPORT_FORMATS[form](report_input(draft, way[1]))
                draft.write(artifacts.REPORT_PATHS[form], content)
        draft.metadata = _without_remarks(draft.metadata, gone)
        erased = draft.metadata.get("erased", {}).get("rows", 0)
        if own.height:
            draft.metadata["erased"] = {"rows": erased + own.height}
        yield Removal(rows, (draft.folder,), draft.publish if rows else _nothing)


def _nothing() -> None:
    """Publish nothing: the run stays as it is."""


def _without_rows(draft: RunDraft, gone: Collection[str]) -> Iterator[tuple[str, int]]:
    """Write tables without rows of some customers; yield each, and how many rows it had."""
    for name in draft.names:
        if name.endswith(".parquet"):
            table = draft.scan_parquet(name)
            column = _customers_in(table.collect_schema())
        elif name.endswith(".csv"):
            table = pl.read_csv(draft.read_bytes(name), infer_schema=False, glob=False).lazy()
            column = _customers_in(table.collect_schema())
        else:
            continue
        if column is None:
            continue
        is_gone = pl.col(column).is_in(list({*gone, *escaped(gone)})).fill_null(value=False)
        number = table.select(is_gone.sum()).collect().item()
        if number:
            left = table.filter(~is_gone)
            content = encode_csv(left.collect()) if name.endswith(".csv") else parquet_writer(left)
            draft.write(name, content)
            yield name, number


def escaped(ids: Collection[str]) -> list[str]:
    """Return ids as CSV files hold them, in which no cell can be a formula."""
    return escape_formulas(pl.DataFrame({"id": list(ids)}))["id"].to_list()


def _customers_in(schema: pl.Schema) -> str | None:
    return CUSTOMER if schema.get(CUSTOMER) == pl.String else None


def _is_of(ids: Collection[str]) -> pl.Expr:
    return pl.col(CUSTOMER).is_in(list(ids))


def _without_records(draft: RunDraft, gone: Collection[str]) -> None:
    """Write JSON files without the records of some customers, such as those of examples."""
    for name in draft.names:
        if name.endswith(".json") and name not in artifacts.REPORT_PATHS.values():
            value = draft.read_json(name)
            left = _left(value, gone)
            if left != value:
                draft.write(name, encode_json(left))


def _left(value: JSON, gone: Collection[str]) -> JSON:
    if isinstance(value, dict):
        return {key: _left(each, gone) for key, each in value.items()}
    if isinstance(value, list):
        records = (each for each in value if isinstance(each, dict) and each.get(CUSTOMER) in gone)
        taken = [id(each) for each in records]
        return [_left(each, gone) for each in value if id(each) not in taken]
    return value


def _without_remarks(metadata: dict[str, JSON], gone: Collection[str]) -> dict[str, JSON]:
    """Return what a manifest records, without remarks that name one of these customers."""
    pattern = IdPattern(gone)

    def kept(notes: JSON) -> JSON:
        return [note for note in notes if not pattern.is_in(note)]

    data = metadata["data"]
    return {
        **metadata,
        "data": {**data, "notes": kept(data.get("notes", []))},
        "notes": kept(metadata.get("notes", [])),
    }


def _write_ledger(draft: RunDraft, ledger: Ledger, own: pl.DataFrame) -> None:
    money = int(own["amount"].sum())
    used = LedgerCount(own.height, count_orders(own), own[CUSTOMER].n_unique(), money)
    artifact = artifacts.find_artifact("transactions.ledger")
    artifacts.write(draft, artifact, ledger.without(used))


def _way_shown(draft: RunDraft, form: str, ways: Sequence[Way]) -> Way | None:
    """Return how a page shows one of these people; ``None`` where it shows none of them."""
    path = artifacts.REPORT_PATHS[form]
    if not draft.has(path):
        return None
    content = draft.read_bytes(path)
    for pattern, names in ways:
        # Short numbers are looked for in no text: such a page is written anew in any case.
        is_unsure = names is None and len(pattern.telling) < len(pattern.ids)
        if is_unsure or shows_id(path, content, pattern):
            return pattern, names
    return None
