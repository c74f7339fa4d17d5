"""New data to score: read, priced and cleaned as in the run of the predictor."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from segpredict.config.load import Config
from segpredict.config.side_tables import SIDE_TABLES
from segpredict.core.transactions import CustomerAttribute, Transactions
from segpredict.core.types import JSON, DateLike
from segpredict.data import side_tables
from segpredict.data.ingest.read import find_lines
from segpredict.data.sample.folder import SAMPLE_SIDE_TABLES, sample_folder
from segpredict.errors import ConfigError, UnknownNameError
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
    moved = _with_tables_at(config, named_tables, predictor.side_tables.attributes)
    tables = side_tables.read_side_tables(moved, folder).frozen_as(predictor.side_tables)
    again = replace(predictor, side_tables=tables, cleaning_options=plan)
    shop = again.read_transactions(found, as_of)
    return replace(shop, side_tables=tables)


def _with_tables_at(
    config: Config, data: Mapping[str, str], attributes: Iterable[CustomerAttribute]
) -> Config:
    """Return the config with its side tables at other paths, to be read with the same options.

    Tables whose path is not named are not read. The kinds of the attributes no longer depend on
    the cells.
    """
    known = {name: getattr(config, name) for name in SIDE_TABLES}
    for name in data:
        if name not in known:
            raise UnknownNameError("side table", name, known)
        if not known[name].data:
            raise ConfigError(
                f"The run had no table of {name}.",
                fix=f"leave it out, or train a run with [{name}].",
            )
    kinds = {attribute.given: attribute.kind for attribute in attributes}
    moved = {n: replace(t, data=data.get(n, "")) for n, t in known.items()}
    return replace(config, **{**moved, "customers": replace(moved["customers"], kinds=kinds)})


def _sample_tables(data: Sequence[str], config: Config) -> dict[str, str]:
    """Return the tables of a folder of the sample shop that the run has, by name."""
    folder = sample_folder(data)
    if folder is None:
        return {}
    tables = SAMPLE_SIDE_TABLES.items()
    return {n: file for n, file in tables if getattr(config, n).data}
