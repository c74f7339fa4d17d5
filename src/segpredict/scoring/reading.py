"""How data are read for a finished run: as the run's own, or with other settings."""

from collections.abc import Mapping
from dataclasses import replace

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.load import Config, ConfigLike, as_config, build_config
from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines, Transactions
from segpredict.core.types import DateLike
from segpredict.data import readers
from segpredict.data.ingest.read import find_lines, path_names
from segpredict.errors import UsageError

OPTIONAL_COLUMNS = ("product_id", "description", "country")
READING_SECTIONS = ("source", "cleaning")  # of a config: what says how data are read


def lenient_layout(layout: SourceOptions) -> SourceOptions:
    """Return a layout in which columns that scoring does not need may be absent."""
    return replace(layout, optional_roles=(*layout.optional_roles, *OPTIONAL_COLUMNS))


def find_rows(
    given: object, layout: SourceOptions, cleaning: CleaningOptions, as_of: DateLike
) -> RawLines | Transactions:
    """Return the rows of paths or of a frame; the lines of a store as they are."""
    lenient, names = lenient_layout(layout), path_names(given)
    if names is None:
        return readers.from_frame(given, lenient)
    return find_lines(names, Config(source=lenient, cleaning=cleaning), as_of)[0]


def changed_reading(
    layout: SourceOptions, cleaning: CleaningOptions, given: ConfigLike
) -> tuple[SourceOptions, CleaningOptions]:
    """Return the settings of a whole config, or those of a run with the changes of a dict."""
    if not isinstance(given, Mapping):
        whole = as_config(given)
        return whole.source, whole.cleaning
    others = sorted(map(str, given.keys() - set(READING_SECTIONS)))
    if others:
        raise UsageError(
            f"A finished run takes no other {', '.join(others)}.",
            fix="give settings of source and cleaning, or fit again with this config.",
        )
    state = Config(source=layout, cleaning=cleaning).to_state()
    sections = {name: {**state[name], **given.get(name, {})} for name in READING_SECTIONS}
    sections["source"]["columns"] = {**layout.columns, **sections["source"]["columns"]}
    changed = build_config(sections)
    return changed.source, changed.cleaning
