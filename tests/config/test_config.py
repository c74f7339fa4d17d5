import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from segpredict.config import load
from segpredict.config.classifier import TimeOptions
from segpredict.config.load import Config
from segpredict.config.outputs import DemandOptions
from segpredict.config.source import SourceOptions
from segpredict.errors import ConfigError, UnknownNameError, UsageError


def test_a_config_survives_the_manifest() -> None:
    given = load.load_config("cdnow", ["time.horizon=28", "seed=4", 'segmentation.names.S1="X"'])
    assert load.build_config(given.to_state()) == given


DEFAULT = load.list_presets()["default"].read_text(encoding="utf-8")
DOCS = Path(__file__).parents[2] / "docs"
# Settings without a default are commented out, with an example.
EXAMPLES = re.sub(r'^# (?=("[^"]+"|[\w-]+) = )', "", DEFAULT, flags=re.MULTILINE)


def setting_names(kind: type = Config, path: str = "") -> Iterator[str]:
    for setting in fields(kind):
        if setting.name in load.SHARED_SETTINGS.get(path, ()):
            continue
        place = f"{path}.{setting.name}".lstrip(".")
        inner = setting.default_factory
        yield from setting_names(inner, place) if is_dataclass(inner) else [place]


def test_the_default_config_is_current() -> None:
    render = run_path(str(DOCS / "write_default_config.py"))["render_default_config"]
    assert render() == DEFAULT, "python docs/write_default_config.py"


def test_the_default_config_loads_to_the_defaults() -> None:
    assert load.load_config("default") == Config()


def test_the_default_config_holds_every_setting() -> None:
    for name in setting_names():
        values = tomllib.loads(EXAMPLES)
        for key in name.split("."):
            assert key in values, name
            values = values[key]


def test_the_examples_of_the_default_config_can_be_used() -> None:
    assert load.build_config(tomllib.loads(EXAMPLES)).segmentation.k == 5


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"time": {"horizon": "91"}}, "time.horizon"),
        ({"time": {"horizon": True}}, "time.horizon"),
        ({"time": {"horizon": 91.0}}, "time.horizon"),
        ({"threads": "2"}, "threads"),
        ({"seed": -1}, "seed"),
        ({"demand": {"service_level": "0.9"}}, "demand.service_level"),
        ({"report": {"show_customers": "no"}}, "report.show_customers"),
        ({"report": {"max_listed": True}}, "report.max_listed"),
        ({"source": {"header_row": "1"}}, "source.header_row"),
        ({"source": {"allow_truncated": 1}}, "source.allow_truncated"),
        ({"cleaning": {"void_statuses": "failed"}}, "cleaning.void_statuses"),
        ({"customers": {"time_invariant": "age"}}, "customers.time_invariant"),
    ],
)
def test_a_value_of_another_kind_is_refused_in_a_file_and_in_python(
    wrong: dict, place: str
) -> None:
    with pytest.raises(ConfigError, match=f"The setting {place} is"):
        load.build_config(wrong)
    name, value = next(iter(wrong.items()))
    with pytest.raises(ConfigError, match=f"The setting {place} is"):
        Config(**{name: type(getattr(Config(), name))(**value) if "." in place else value})


def test_a_list_and_a_whole_number_are_taken_for_a_tuple_and_any_number() -> None:
    made = load.build_config({"source": {"column_names": ["a"]}, "demand": {"salvage_share": 0}})
    assert made.source == SourceOptions(column_names=["a"])
    assert made.source.column_names == ("a",)
    assert isinstance(DemandOptions(salvage_share=0).salvage_share, float)


@pytest.mark.parametrize("name", load.list_presets())
def test_every_preset_loads(name: str) -> None:
    assert isinstance(load.load_config(name), Config)


def test_a_preset_is_found_by_name_and_by_path() -> None:
    path = load.list_presets()["cdnow"]
    assert load.load_config(str(path)) == load.load_config("cdnow")


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="online_retail"):
        load.load_config("online_retial")


@pytest.mark.parametrize(
    ("override", "error", "said"),
    [
        ("tyme.horizon=1", UnknownNameError, "time"),
        ("time.horizn=1", UnknownNameError, "horizon"),
        ("classifier.xgboost.max_dept=1", UnknownNameError, "max_depth"),
        ("time.horizon=0", ConfigError, "horizon"),
        ("time.horizon=soon", ConfigError, r"time\.horizon"),
        ("seed.x=1", ConfigError, "seed"),
        ("segmentation.seed=1", ConfigError, "top of the file"),
        ("time.horizon", UsageError, r"A\.B=C"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(
    override: str, error: type[ConfigError], said: str
) -> None:
    with pytest.raises(error, match=said):
        load.load_config(overrides=[override])


def test_values_are_read_as_toml_and_else_as_text() -> None:
    given = load.load_config(overrides=["segmentation.k=4", "cleaning.currency=£"])
    assert (given.segmentation.k, given.cleaning.currency) == (4, "£")


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("seed = 1\n[time\n")
    with pytest.raises(ConfigError, match="line 2"):
        load.load_config(str(tmp_path / "shop.toml"))


def test_one_seed_holds_for_the_whole_run() -> None:
    assert Config().with_seed(7, None).seed == 7
    assert Config(seed=3).with_seed(None, 1) == Config(seed=3, threads=1)


def test_a_config_is_a_preset_a_path_a_dict_or_itself(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text("[time]\nhorizon = 28\n")
    made = Config(time=TimeOptions(horizon=28))
    nested = {"time": {"horizon": np.int64(28)}}
    assert all(load.as_config(each) == made for each in (path, str(path), nested, made))
    assert load.as_config("shopify") == load.load_config("shopify")
    with pytest.raises(UsageError, match="given as int"):
        load.as_config(7)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="horizon"):
        load.as_config({"time": {"horizn": 28}})


def test_equal_configs_are_one_key_and_shown_in_two_lines_at_most() -> None:
    assert len({load.as_config("shopify"), load.as_config("shopify"), Config()}) == 2
    assert repr(Config()) == "Config()"
    assert repr(Config(seed=7, time=TimeOptions(horizon=28))) == "Config(seed=7, time.horizon=28)"
    for name in load.list_presets():
        assert len(repr(load.as_config(name))) <= 160


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("segmentation=3", "segmentation"),
        ("classifier.xgboost.subsample=7", "classifier.xgboost.subsample"),
    ],
)
def test_a_refused_setting_is_named_by_its_whole_place(setting: str, place: str) -> None:
    with pytest.raises(ConfigError, match=f"The setting {place} is"):
        load.load_config(None, [setting])
