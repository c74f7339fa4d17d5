"""New data to score: read, priced and cleaned as in the run of the predictor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from segpredict.config.load import Config
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON, DateLike
from segpredict.data import side_tables
from segpredict.data.ingest.read import find_lines
from segpredict.data.sample.folder import SAMPLE_SIDE_TABLES, sample_folder
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.scoring.reading import lenient_layout


@dataclass(frozen=True, slots=True)
class NewData:
    """New data to score.

    >>> NewData(["new.csv"], columns={"customer_id": "Kunde"}).columns
    {'customer_id': 'Kunde'}
    """

    data: Sequence[str]  # files, folders or globs with transactions
    # role → name of the column, where it is not that of the run
    columns: Mapping[str, str] = field(default_factory=dict)
    # new side tables by name (``customers``, ``products``, ``events``, ``contacts``), laid out as
    # those of the run; a folder of the sample shop brings its own. Without them the run's customers
    # and products are used, and features of events and contacts are missing.
    tables: Mapping[str, str] = field(default_factory=dict)
    # Settings of cleaning that differ from the run's. Rows that cannot be read are set aside unless
    # they say otherwise.
    changes: Mapping[str, JSON] = field(default_factory=dict)


def read_new_data(
    given: NewData, predictor: SegmentPredictor, config: Config, as_of: DateLike = None
) -> Transactions:
    """Return new data read, priced and cleaned as in the run of the predictor."""
    layout = lenient_layout(predictor.layout)
    named = {**layout.columns, **given.columns}
    settings = {"on_bad_rows": "quarantine", **given.changes}
    plan = replace(predictor.cleaning_options, **settings)
    requested = replace(config, source=replace(layout, columns=named), cleaning=plan)
    found, folder = find_lines(given.data, requested, as_of)
    named_tables = {**_sample_tables(given.data, config), **given.tables}
    options = config.side_tables.relocated(named_tables, predictor.side_tables.attributes)
    tables = side_tables.read_side_tables(options, folder).frozen_as(predictor.side_tables)
    again = replace(predictor, side_tables=tables, cleaning_options=plan)
    shop = again.read_transactions(found, as_of)
    return replace(shop, side_tables=tables)


def _sample_tables(data: Sequence[str], config: Config) -> dict[str, str]:
    """Return the tables of a folder of the sample shop that the run has, by name."""
    folder = sample_folder(data)
    if folder is None:
        return {}
    tables = SAMPLE_SIDE_TABLES.items()
    return {n: file for n, file in tables if getattr(config.side_tables, n).data}
