"""The plays: what ships, what a user's file may say, and what is refused."""

from pathlib import Path

import pytest

from segpredict.analytics.campaigns import CampaignCatalogue, read_campaigns
from segpredict.analytics.campaigns.catalogue import MAX_TEXT_LENGTH, default_campaigns
from segpredict.config.outputs import CampaignOptions
from segpredict.errors import ConfigError, FileMissingError, UnknownNameError

CALL = "[campaigns.call]\ntitle = 'Call'\naction = 'Call them.'\n"


def read(tmp_path: Path, text: str, *, replace: bool = False) -> CampaignCatalogue:
    file = tmp_path / "plays.toml"
    file.write_text(text, encoding="utf-8")
    return read_campaigns(CampaignOptions(campaigns_file=str(file), replace_defaults=replace))


def test_what_ships_covers_the_ladder_and_promises_nothing() -> None:
    plays = read_campaigns(CampaignOptions()).campaigns
    assert {role for play in plays for role in play.eligibility.segment_roles} == {
        *("inactive", "low", "middle", "top")
    }
    words = " ".join(f"{p.title} {p.action} {p.caution}" for p in plays).lower()
    assert "save" not in words
    assert all(play.caution for play in plays)


def test_a_playbook_survives_its_own_state() -> None:
    plays = read_campaigns(CampaignOptions())
    assert CampaignCatalogue.from_state(plays.to_state()) == plays


def test_a_file_adds_plays_and_changes_single_keys(tmp_path: Path) -> None:
    found = read(tmp_path, CALL + "[campaigns.hold_best]\nexpected_uplift = 0.2\n")
    assert found.get_campaign("call").title == "Call"
    assert found.get_campaign("hold_best").expected_uplift == 0.2
    assert found.get_campaign("hold_best").eligibility.segment_roles == ("top",)
    assert len(found.campaigns) == len(default_campaigns()) + 1


def test_a_file_may_take_the_place_of_all(tmp_path: Path) -> None:
    assert [p.name for p in read(tmp_path, CALL, replace=True).campaigns] == ["call"]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (CALL + "expected_uplfit = 0.1\n", "expected_uplift"),
        (CALL + "eligibility = { segment_rolls = ['top'] }\n", "segment_roles"),
        ("[campaign.call]\ntitle = 'x'\n", "campaigns"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest(tmp_path: Path, text: str, near: str) -> None:
    with pytest.raises(UnknownNameError) as result:
        read(tmp_path, text)
    assert repr(near) in result.value.fix


@pytest.mark.parametrize(
    "text",
    [
        CALL + "expected_uplift = 0.0\n",
        CALL + "expected_uplift = nan\n",
        CALL + "expected_uplift = 'much'\n",
        CALL + "kpi = 'love'\n",
        CALL + "stake_column = 'p_down'\n",
        CALL + "eligibility = { segment_roles = ['king'] }\n",
        CALL + "eligibility = { top_share = { p_up = 1.5 } }\n",
        CALL + "eligibility = { top_share = { p_up = 0.5, p_down = 0.5 } }\n",
        CALL + "eligibility = { at_least = { p_up = inf } }\n",
        CALL + "name = 'other'\n",
        "[campaigns.call]\ntitle = ' '\naction = 'x'\n",
        "[campaigns.call]\ntitle = 'x'\n",
        f"[campaigns.call]\ntitle = 'x'\naction = '{'x' * (MAX_TEXT_LENGTH + 1)}'\n",
        "campaigns = 3\n",
        "[campaigns]\ncall = 3\n",
        "[campaigns]\nhold_best = 3\n",
        "",
        "[campaigns.call\n",
    ],
)
def test_what_cannot_be_a_play_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "<script>", "a b", "", "A", "x" * 41, "é", "-x", "a\\nb"],
)
def test_names_that_could_not_be_part_of_a_file_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be named"):
        read(tmp_path, f'[campaigns."{name}"]\ntitle = "x"\naction = "x"\n')


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "plays.toml").write_text(CALL)
    with pytest.raises(FileMissingError) as result:
        read_campaigns(CampaignOptions(campaigns_file=str(tmp_path / "play.toml")))
    assert "plays.toml" in result.value.fix


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plays.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError):
        read_campaigns(CampaignOptions(campaigns_file=str(tmp_path / "plays.toml")))


@pytest.mark.parametrize(
    "change",
    [{"holdout_share": 0.0}, {"holdout_share": 0.6}, {"alpha": 0.0}, {"power": 0.04}],
)
def test_shares_outside_their_range_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        CampaignOptions(**change)


def test_nothing_cannot_take_the_place_of_all() -> None:
    with pytest.raises(ConfigError, match="no file of campaigns"):
        CampaignOptions(replace_defaults=True)
