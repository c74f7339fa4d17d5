"""From what a person names to a cleaned shop with its side tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from segpredict import cleaning, companions, sources
from segpredict.config import Config
from segpredict.predictor import SegmentPredictor
from segpredict.tables import RawLines, Transactions
from segpredict.window import day_number

Day = date | str | int | None


@dataclass(frozen=True, slots=True)
class Fresh:
    """New data to score.

    Parameters
    ----------
    data
        Files, folders or globs with transactions.
    columns
        ``role=column`` where the columns are not those of the run.
    tables
        New side tables by name (``customers``, ``products``, ``events``,
        ``contacts``), laid out as those of the run. Without them the run's customers
        and products are used, and features of events and contacts are missing.
    """

    data: Sequence[str]
    columns: Iterable[str] = ()
    tables: Mapping[str, str] = field(default_factory=dict)


def read(names: Sequence[str], config: Config, as_of: Day = None) -> Transactions:
    """Return the cleaned transactions of files, folders or globs, with companions."""
    layout = companions.expecting(config.source, config.companions)
    raw = sources.read(names, layout)
    return _cleaned(raw, config, as_of, Path(raw.files[0].name).parent)


def opened(data: object, config: Config, as_of: Day = None) -> Transactions:
    """Return the cleaned transactions of paths or of a frame, with companions."""
    if isinstance(data, str | Path):
        data = [str(data)]
    if isinstance(data, Sequence) and all(isinstance(n, str | Path) for n in data):
        return read([str(name) for name in data], config, as_of)
    layout = companions.expecting(config.source, config.companions)
    return _cleaned(sources.from_frame(data, layout), config, as_of, None)


def _cleaned(
    raw: RawLines, config: Config, as_of: Day, beside: Path | None
) -> Transactions:
    """Clean lines, priced by the products table where they have no price."""
    tables = companions.read(config.companions, beside)
    plan = config.cleaning
    if as_of is not None:
        plan = replace(plan, as_of=day_number(as_of))
    shop = cleaning.clean(companions.priced(raw, tables), plan)
    return replace(shop, companions=tables)


def fresh(
    given: Fresh, predictor: SegmentPredictor, config: Config, as_of: Day = None
) -> Transactions:
    """Return new data read, priced and cleaned as in the run of the predictor."""
    pairs = (column.partition("=") for column in given.columns)
    mapped = {role.strip(): name.strip() for role, _, name in pairs}
    layout = predictor.layout
    raw = sources.read(
        given.data, replace(layout, columns={**layout.columns, **mapped})
    )
    asked = config.companions.again(given.tables, predictor.companions.attributes)
    tables = companions.read(asked, Path(raw.files[0].name).parent)
    beside = tables.frozen(predictor.companions)
    shop = replace(predictor, companions=beside).transactions(raw, as_of)
    return replace(shop, companions=beside)
