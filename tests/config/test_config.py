from pathlib import Path

import pytest

from segpredict.config import load
from segpredict.config.load import Config
from segpredict.errors import ConfigError, UnknownNameError, UsageError


def test_a_config_survives_the_manifest() -> None:
    given = load.load_config("cdnow", ["time.horizon=28", "seed=4", 'segmentation.names.S1="X"'])
    assert load.build_config(given.to_state()) == given


def test_the_commented_defaults_are_the_defaults() -> None:
    assert load.load_config("default") == Config()


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
        ("classifier.xgboost.dept=1", UnknownNameError, "depth"),
        ("time.horizon=0", ConfigError, "horizon"),
        ("time.horizon=soon", ConfigError, r"time\.horizon"),
        ("seed.x=1", ConfigError, "seed"),
        ("segmentation.seed=1", ConfigError, "top of the file"),
        ("time.horizon", UsageError, "--set"),
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
