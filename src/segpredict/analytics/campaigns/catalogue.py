"""The plays: who gets what, why, and how it would be tested. Read from TOML."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

from segpredict.config.campaigns import CampaignOptions
from segpredict.config.fill import fill_options
from segpredict.core.types import JSON
from segpredict.errors import ConfigError, FileMissingError, UnknownNameError, quote_value

SEGMENT_ROLES = ("inactive", "low", "middle", "top")
PREDICTED_MOVES = ("falls", "stays", "rises")
NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")  # it becomes part of a file's name
MAX_TEXT_LENGTH = 600  # signs of a text that people are to read on a page

SegmentRole = Literal["inactive", "low", "middle", "top"]
PredictedMove = Literal["falls", "stays", "rises"]
StakeColumn = Literal["value_at_risk", "upside", "expected_value"]
CampaignKpi = Literal["buys", "stays", "rises", "spends"]


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """Who is eligible: all that is given must hold.

    Parameters
    ----------
    segment_roles
        Places on the value ladder now: ``top`` is the most valuable segment, ``low``
        the least valuable of those who bought, ``middle`` what lies between. Names of
        segments differ from shop to shop, places do not.
    segment_names
        Ids or names of segments, for plays of one shop.
    predicted_moves
        Where the named next segment lies: below the present one (``falls``, which
        includes falling silent), on it, above it.
    is_new
        Whether the first order lies in the last window.
    at_least, at_most
        Bounds on columns: those of the scores, and all features of the run.
    top_share
        A column, and the share of those who meet all else that is taken, largest first;
        equals are taken together.
    """

    segment_roles: tuple[SegmentRole, ...] = ()
    segment_names: tuple[str, ...] = ()
    predicted_moves: tuple[PredictedMove, ...] = ()
    is_new: bool | None = None
    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)
    top_share: Mapping[str, float] = field(default_factory=dict)

    @property
    def required_columns(self) -> frozenset[str]:
        """The columns that are asked about."""
        return frozenset({*self.at_least, *self.at_most, *self.top_share})


@dataclass(frozen=True, slots=True)
class Campaign:
    """One recommendation, which is a hypothesis until it was tested.

    Parameters
    ----------
    name
        Its key in the playbook.
    title, action
        What it is called, and what to do, in a marketer's words.
    eligibility
        Who is eligible.
    stake_column
        The column of the scores that says what is at stake.
    kpi
        What is counted in the next window: the share who ``buys``, ``stays`` (in the
        present segment or above) or ``rises``, or what one ``spends``.
    expected_uplift
        The effect to plan for: a difference of shares; of ``spends``, a share of the
        mean.
    caution
        What to know before doing it.
    """

    name: str = ""
    title: str = ""
    action: str = ""
    eligibility: EligibilityRule = field(default_factory=EligibilityRule)
    stake_column: StakeColumn = "value_at_risk"
    kpi: CampaignKpi = "buys"
    expected_uplift: float = 0.05
    caution: str = ""


@dataclass(frozen=True, slots=True)
class CampaignCatalogue:
    """All plays, in the order of the file.

    Parameters
    ----------
    campaigns
        Each has a name of its own.
    """

    campaigns: tuple[Campaign, ...]

    def get_campaign(self, name: str) -> Campaign:
        """Return one play.

        Raises
        ------
        UnknownNameError
            When there is none of that name; the message names the nearest.
        """
        found = {play.name: play for play in self.campaigns}
        if name not in found:
            raise UnknownNameError("play", name, found)
        return found[name]

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {play.name: _plain(play) for play in self.campaigns}

    @classmethod
    def from_state(cls, state: Mapping[str, JSON]) -> "CampaignCatalogue":
        """Return the playbook of plain values, as TOML gives them, after checks.

        Raises
        ------
        ConfigError
            When a play has an unknown key, a value of the wrong kind, or no title.

        Examples
        --------
        >>> plays = {"call": {"title": "Call them", "action": "Call.", "uplift": 0.1}}
        >>> Playbook.from_state(plays).get("call").uplift
        0.1
        """
        return cls(tuple(_play(name, values) for name, values in state.items()))


def default_campaigns() -> dict[str, JSON]:
    """Return the plays that come with the package, as plain values."""
    text = resources.files("segpredict.analytics.campaigns").joinpath("campaigns.toml")
    return _plays(text.read_text(encoding="utf-8"), "campaigns.toml")


def read_campaigns(options: CampaignOptions) -> CampaignCatalogue:
    """Return the plays that the options ask for.

    Parameters
    ----------
    options
        A file named there is added to the package's plays, or takes their place.

    Raises
    ------
    FileMissingError
        When the file is not there.
    ConfigError
        When it is no TOML, or a play in it cannot be used.

    Notes
    -----
    A play that the package has already needs only the keys that shall differ.
    """
    known = {} if options.replace_defaults else default_campaigns()
    if not options.campaigns_file:
        return CampaignCatalogue.from_state(known)
    for name, values in _plays(_text(Path(options.campaigns_file)), options.campaigns_file).items():
        # A play of its own stays as it is, so that a wrong kind of value is told.
        own = isinstance(values, Mapping) and isinstance(known.get(name), Mapping)
        known[name] = {**known[name], **values} if own else values
    return CampaignCatalogue.from_state(known)


def _text(path: Path) -> str:
    if not path.is_file():
        raise FileMissingError(str(path), [p.name for p in path.parent.glob("*.toml")])
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _not_toml(str(path), error) from None


def _plays(text: str, file: str) -> dict[str, JSON]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, error) from None
    for key in found:
        if key != "campaigns":
            raise UnknownNameError(f"section in {file}", key, ["campaigns"])
    plays = found.get("campaigns", {})
    if not isinstance(plays, dict) or not plays:
        raise ConfigError(
            f"{quote_value(file)} holds no campaigns.", fix="begin each with [campaigns.its_name]."
        )
    return plays


def _not_toml(file: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"{quote_value(file)} is not valid TOML: {error}.",
        fix="correct the line it names.",
        file=file,
    )


def _play(name: str, values: JSON) -> Campaign:
    if not NAME_PATTERN.fullmatch(name):
        raise ConfigError(
            f"A play cannot be named {quote_value(name)}.",
            fix="use up to 40 small letters, digits and underscores, a letter first.",
        )
    place = f"campaigns.{name}"
    if not isinstance(values, Mapping):
        raise ConfigError(f"{place} is no section.", fix=f"begin it with [{place}].")
    if values.get("name", name) != name:
        raise ConfigError(f"{place} sets a name of its own.", fix="rename the section instead.")
    play = fill_options(Campaign, {**values, "name": name}, place)
    _require_texts(play, place)
    _require_shares(play, place)
    return play


def _require_texts(campaign: Campaign, place: str) -> None:
    for key in ("title", "action"):
        if not getattr(campaign, key).strip():
            raise ConfigError(f"{place} has no {key}.", fix=f"add {key} = '…'.")
    for key in ("title", "action", "caution"):
        if len(getattr(campaign, key)) > MAX_TEXT_LENGTH:
            raise ConfigError(
                f"{place}.{key} is longer than {MAX_TEXT_LENGTH} signs.", fix="shorten it."
            )


def _require_shares(campaign: Campaign, place: str) -> None:
    if not 0 < campaign.expected_uplift < 1:
        raise ConfigError(
            f"{place}.expected_uplift is {campaign.expected_uplift}.",
            fix="give a share between 0 and 1, such as 0.05 for five points.",
        )
    who = campaign.eligibility
    wrong = [c for c, share in who.top_share.items() if not 0 < share <= 1]
    bounds = {**who.at_least, **who.at_most}
    wrong += [column for column, bound in bounds.items() if not math.isfinite(bound)]
    if wrong or len(who.top_share) > 1:
        raise ConfigError(
            f"{place}.eligibility cannot be used: {', '.join(wrong) or 'two top shares'}.",
            fix="give finite bounds, and one top_share between 0 and 1.",
        )


def _plain(campaign: Campaign) -> JSON:
    state = asdict(campaign)
    who = {k: list(v) if isinstance(v, tuple) else v for k, v in state["eligibility"].items()}
    return {**state, "eligibility": {k: v for k, v in who.items() if v is not None}}
