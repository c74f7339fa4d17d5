"""From names, or a store, to a cleaned shop with its side tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segpredict import companions, sources
from segpredict.config import Config
from segpredict.core.types import DateLike
from segpredict.intake._stored import (
    bad_record_mode,
    clean_with_side_tables,
    read_store,
    store_folder,
)
from segpredict.predictor import SegmentPredictor, lenient_layout
from segpredict.tables import JSON, RawLines, Transactions


@dataclass(frozen=True, slots=True)
class NewData:
    """New data to score.

    Parameters
    ----------
    data
        Files, folders or globs with transactions.
    columns
        Role → name of the column, where it is not that of the run.
    tables
        New side tables by name (``customers``, ``products``, ``events``,
        ``contacts``), laid out as those of the run. Without them the run's customers
        and products are used, and features of events and contacts are missing.
    changes
        Settings of cleaning that differ from the run's. Rows that cannot be read are
        set aside unless they say otherwise.
    """

    data: Sequence[str]
    columns: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, JSON] = field(default_factory=dict)


def read_transactions(names: Sequence[str], config: Config, as_of: DateLike = None) -> Transactions:
    """Return the cleaned transactions of files, folders, globs or a store.

    Tables that stand beside them come along.
    """
    found, beside = _found(names, config, as_of)
    if isinstance(found, RawLines):
        return clean_with_side_tables(found, config, as_of, beside)
    return replace(found, side_tables=companions.read_side_tables(config.side_tables, beside))


def _found(
    names: Sequence[str], config: Config, as_of: DateLike
) -> tuple[RawLines | Transactions, Path]:
    """Return raw rows, or lines that stand ready, and the folder of side tables."""
    folder = store_folder(names)
    if folder is not None:
        return read_store(folder, config, as_of)
    layout = companions.layout_without_price(config.source, config.side_tables)
    raw = sources.read_raw_lines(names, layout, bad_record_mode(config.cleaning))
    return raw, Path(raw.files[0].name).parent


def read_with_side_tables(data: object, config: Config, as_of: DateLike = None) -> Transactions:
    """Return the cleaned transactions of paths or of a frame, with companions."""
    if isinstance(data, str | Path):
        data = [str(data)]
    if isinstance(data, Sequence) and all(isinstance(n, str | Path) for n in data):
        return read_transactions([str(name) for name in data], config, as_of)
    layout = companions.layout_without_price(config.source, config.side_tables)
    return clean_with_side_tables(sources.from_frame(data, layout), config, as_of, None)


def read_new_data(
    given: NewData, predictor: SegmentPredictor, config: Config, as_of: DateLike = None
) -> Transactions:
    """Return new data read, priced and cleaned as in the run of the predictor."""
    layout = lenient_layout(predictor.layout)
    named = {**layout.columns, **given.columns}
    settings = {"on_bad_rows": "quarantine", **given.changes}
    plan = replace(predictor.cleaning_options, **settings)
    asked_for = replace(config, source=replace(layout, columns=named), cleaning=plan)
    found, folder = _found(given.data, asked_for, as_of)
    asked = config.side_tables.relocated(given.tables, predictor.side_tables.attributes)
    beside = companions.read_side_tables(asked, folder).frozen_as(predictor.side_tables)
    again = replace(predictor, side_tables=beside, cleaning_options=plan)
    shop = again.read_transactions(found, as_of)
    return replace(shop, side_tables=beside)
