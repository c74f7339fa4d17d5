"""TOML to options: nothing below this module reads a config file, a path or a clock.

Every section of a config file is one frozen dataclass. A key that the dataclass does not
have is an error with the nearest known key, never ignored.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import NonNegativeInt, PositiveInt

from segpredict.config import outputs, side_tables
from segpredict.config.classifier import ClassifierOptions, TimeOptions
from segpredict.config.cleaning import CleaningOptions
from segpredict.config.fill import Options, fill_options
from segpredict.config.segmentation import SegmentationOptions
from segpredict.config.source import SourceOptions
from segpredict.core.state import to_plain
from segpredict.core.types import JSON
from segpredict.core.wording import toml_value, with_setting
from segpredict.errors import ConfigError, UnknownNameError, UsageError

MAX_REPR_LENGTH = 140  # characters of the settings that a repr shows
# Options of a section that the run sets for all sections alike.
SHARED_SETTINGS = {"segmentation": ("seed",), "classifier": ("seed", "threads")}

_HERE = Path(__file__).parents[1]
_PRESETS = _HERE / "presets"  # in an installed wheel
_CHECKOUT = _HERE.parents[1] / "configs"  # in a clone


@dataclass(frozen=True, repr=False)
class Config(Options):
    """All options of a run, one field a section of the config file.

    >>> Config(seed=7).time.horizon
    91
    """

    section: ClassVar[str] = ""
    seed: NonNegativeInt = 0  # Seed of everything random.
    threads: PositiveInt = 2  # Threads for training; results are equal whatever the number.
    # The options of each step.
    source: SourceOptions = field(default_factory=SourceOptions)
    cleaning: CleaningOptions = field(default_factory=CleaningOptions)
    time: TimeOptions = field(default_factory=TimeOptions)
    segmentation: SegmentationOptions = field(default_factory=SegmentationOptions)
    classifier: ClassifierOptions = field(default_factory=ClassifierOptions)
    customer_value: outputs.CustomerValueOptions = field(
        default_factory=outputs.CustomerValueOptions
    )
    demand: outputs.DemandOptions = field(default_factory=outputs.DemandOptions)
    explain: outputs.ExplainOptions = field(default_factory=outputs.ExplainOptions)
    # What campaigns are planned, and what the report shows.
    campaigns: outputs.CampaignOptions = field(default_factory=outputs.CampaignOptions)
    report: outputs.ReportOptions = field(default_factory=outputs.ReportOptions)
    # Side tables: data in addition to the transactions.
    customers: side_tables.CustomerTableOptions = field(
        default_factory=side_tables.CustomerTableOptions
    )
    products: side_tables.ProductTableOptions = field(
        default_factory=side_tables.ProductTableOptions
    )
    events: side_tables.EventLogOptions = field(default_factory=side_tables.EventLogOptions)
    contacts: side_tables.EventLogOptions = field(default_factory=side_tables.EventLogOptions)
    returns: side_tables.ReturnTableOptions = field(default_factory=side_tables.ReturnTableOptions)
    own_segments: side_tables.OwnSegmentsOptions = field(
        default_factory=side_tables.OwnSegmentsOptions
    )
    dates: side_tables.DateTableOptions = field(default_factory=side_tables.DateTableOptions)

    def __repr__(self) -> str:
        """Show the settings that differ from the defaults, in at most two lines."""
        own, usual = _leaves(self.to_state()), _leaves(Config().to_state())
        text = ", ".join(f"{name}={v!r}" for name, v in own.items() if usual.get(name) != v)
        cut = text if len(text) <= MAX_REPR_LENGTH else text[: MAX_REPR_LENGTH - 1] + "…"
        return f"Config({cut})"

    def __hash__(self) -> int:
        return hash((self.seed, self.time))

    def to_state(self) -> dict[str, JSON]:
        """Return the options as JSON; `build_config` makes an equal config of it."""
        state: dict[str, JSON] = to_plain(asdict(self))
        for section, names in SHARED_SETTINGS.items():
            for name in names:
                del state[section][name]
        return state

    def with_seed(self, seed: int | None, threads: int | None) -> "Config":
        """Return the config with another seed or thread count where one is given."""
        return replace(
            self,
            seed=self.seed if seed is None else seed,
            threads=self.threads if threads is None else threads,
        )


ConfigLike = Config | str | Path | Mapping[str, JSON]


def as_config(given: ConfigLike) -> Config:
    """Return a config from itself, the name of a preset, the path of a file, or nested settings.

    >>> as_config({"time": {"horizon": 28}}).time.horizon
    28
    """
    if isinstance(given, Config):
        return given
    if isinstance(given, Mapping):
        return build_config(to_plain(given))
    if isinstance(given, str | Path):
        return load_config(given)
    raise UsageError(
        f"A config is given as {type(given).__name__}.",
        fix="give a Config, the name of a preset, the path of a TOML file, or a dict of settings.",
    )


def load_config(
    name: str | Path | None = None,
    overrides: Iterable[str] = (),
    base: Mapping[str, JSON] | None = None,
) -> Config:
    """Return the config of a file or preset, with single settings overridden.

    Parameters
    ----------
    name
        Path of a TOML file, or the name of a preset. ``None`` takes the defaults.
    overrides
        Settings such as ``time.horizon=28``.
    base
        Settings to start from where no name is given.

    Raises
    ------
    ConfigError
        When the file cannot be read, a key is unknown or a value is of the wrong kind.

    Examples
    --------
    >>> load_config(overrides=["time.horizon=28"]).time.horizon
    28
    """
    values = dict(base or {}) if name is None else _read(_find(name))
    for override in overrides:
        values = _override(values, override)
    return build_config(values)


def build_config(values: Mapping[str, JSON]) -> Config:
    """Return the config of nested plain values.

    Raises `ConfigError` when a key is unknown or a value is of the wrong kind.

    >>> build_config({"time": {"horizon": 28}}).time.horizon
    28
    """
    for section, names in SHARED_SETTINGS.items():
        for name in names:
            given = values.get(section)
            if isinstance(given, Mapping) and name in given:
                raise ConfigError(
                    f"{section}.{name} is set, but one {name} holds for the whole run.",
                    fix=f"set {name} at the top of the file instead.",
                )
    return fill_options(Config, values, "")


def list_presets() -> dict[str, Path]:
    """Return the presets that come with the package, by name.

    >>> "cdnow" in list_presets()
    True
    """
    folder = _PRESETS if _PRESETS.is_dir() else _CHECKOUT
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _find(name: str | Path) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    known = list_presets()
    if str(name) in known:
        return known[str(name)]
    if path.suffix or path.parent != Path():
        siblings = [str(file) for file in path.parent.glob("*.toml")]
        raise UnknownNameError("config file", str(name), siblings)
    raise UnknownNameError("config file or preset", str(name), known)


def _read(path: Path) -> dict[str, JSON]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}.", fix="correct the line it names.", file=str(path)
        ) from None


def _override(values: Mapping[str, JSON], override: str) -> dict[str, JSON]:
    place, equals, text = override.partition("=")
    if not equals or not place.strip():
        raise UsageError(
            f"--set {override!r} is not of the form A.B=C.",
            fix="write it as in --set time.horizon=28.",
        )
    return with_setting(values, place.strip().split("."), toml_value(text))


def _leaves(state: Mapping[str, JSON], place: str = "") -> dict[str, JSON]:
    """Return nested settings as one level, with dots in the names."""
    found: dict[str, JSON] = {}
    for name, value in state.items():
        is_section = isinstance(value, Mapping) and value
        found |= _leaves(value, f"{place}{name}.") if is_section else {f"{place}{name}": value}
    return found


def draft_config(found: Mapping[str, Any], config: Config) -> str:
    """Return a config file for the data that `check` has read.

    Settings chosen in the config that read the data stay.

    The columns and formats of the first file are taken; a config is for files of one layout.
    """
    first, cleaning = found["files"][0], config.cleaning
    time_format, mark = first.get("time_format"), first.get("decimal_mark")
    sections: dict[str, dict[str, JSON]] = {
        "source": {
            "separator": config.source.separator or first.get("separator"),
            "encoding": config.source.encoding or first.get("encoding"),
        },
        "source.columns": first["columns"],
        "cleaning": {
            "time_format": cleaning.time_format
            or (time_format if time_format in ("dmy", "mdy") else None),
            "number_format": cleaning.number_format
            or (mark if mark in ("point", "comma") else None),
            "timezone": cleaning.timezone,
            "currency": cleaning.currency or found["currency"],
            "null_ids": list(cleaning.null_ids) or None,
            "on_bad_rows": cleaning.on_bad_rows,
            "max_bad_rows": cleaning.max_bad_rows,
        },
        "time": {"horizon": _best_horizon(found["horizons"], config.time.horizon)},
    }
    name = "".join(c if c.isprintable() else "?" for c in Path(first["file"]).name)
    text = f"# Drafted from {name}: {first['rows']:,} rows,\n# {found['first_day']} to "
    text += f"{found['last_day']}. Check it, then give it with\n# --config.\n"
    for section, settings in sections.items():
        # A JSON string is a TOML string, except that TOML wants DEL escaped; characters
        # beyond 16 bits stay as they are.
        known = {n: json.dumps(v, ensure_ascii=False) for n, v in settings.items() if v is not None}
        lines = (f"{n} = {value}\n".replace("\x7f", "\\u007f") for n, value in known.items())
        text += f"\n[{section}]\n{''.join(lines)}"
    return text


def _best_horizon(weighed: Iterable[Mapping[str, Any]], configured: int) -> int:
    """Return the configured horizon if it meets all conditions or none is chosen."""
    conditions = ("is_uncertain", "is_testable", "is_long_enough")
    sound = {row["horizon"] for row in weighed if all(row[name] for name in conditions)}
    return min(sound) if sound and configured not in sound else configured
