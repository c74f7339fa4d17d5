"""The campaign catalogue: eligibility, measure and planned test of each, read from TOML."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

from segpredict.config.fill import fill_options
from segpredict.config.outputs import CampaignOptions
from segpredict.core.types import JSON
from segpredict.errors import ConfigError, FileMissingError, UnknownNameError, quote_value

SEGMENT_ROLES = ("inactive", "low", "middle", "top")
NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")  # it becomes part of a file's name
MAX_TEXT_LENGTH = 600  # characters of a text that is read on a page

SegmentRole = Literal["inactive", "low", "middle", "top"]
PredictedMove = Literal["falls", "stays", "rises"]
StakeColumn = Literal["value_at_risk", "upside", "expected_value"]
CampaignKpi = Literal["buys", "stays", "rises", "spends"]


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """Eligibility of customers: all given conditions must hold.

    >>> rule = EligibilityRule(at_least={"spend_364": 100.0}, at_most={"p_up": 0.2})
    >>> sorted(rule.required_columns)
    ['p_up', 'spend_364']
    """

    # roles of the current segment: ``top`` is the most valuable segment, ``low`` the least valuable
    # of those who bought, ``middle`` all between. Names of segments differ from shop to shop, roles
    # do not.
    segment_roles: tuple[SegmentRole, ...] = ()
    segment_names: tuple[str, ...] = ()  # ids or names of segments, for campaigns of one shop
    # predicted next segment compared with the current one: below (``falls``, which includes
    # becoming inactive), the same, or above
    predicted_moves: tuple[PredictedMove, ...] = ()
    is_new: bool | None = None  # whether the first order lies in the last window
    # bounds on columns: those of the scores, and all features of the run
    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)
    # a column, and the share of customers meeting all other conditions that is taken, largest
    # first; equal values are taken together
    top_share: Mapping[str, float] = field(default_factory=dict)

    @property
    def required_columns(self) -> frozenset[str]:
        """The columns that the conditions read."""
        return frozenset({*self.at_least, *self.at_most, *self.top_share})


@dataclass(frozen=True, slots=True)
class Campaign:
    """One recommended campaign, a hypothesis until it was tested.

    >>> Campaign("call", "Call them", "Call.").expected_uplift
    0.05
    """

    name: str = ""  # its key in the catalogue
    # title, and the measure to take, in a marketer's words
    title: str = ""
    action: str = ""
    eligibility: EligibilityRule = field(default_factory=EligibilityRule)  # who is eligible
    # the column of the scores that holds the value at stake
    stake_column: StakeColumn = "value_at_risk"
    # the outcome measured in the next window: the share who ``buys``, ``stays`` (in the current
    # segment or above) or ``rises``, or the mean ``spends``
    kpi: CampaignKpi = "buys"
    # the effect to plan for: a difference of shares; of ``spends``, a share of the mean
    expected_uplift: float = 0.05
    caution: str = ""  # what to know before running it


@dataclass(frozen=True, slots=True)
class CampaignCatalogue:
    """All campaigns, in the order of the file."""

    campaigns: tuple[Campaign, ...]  # campaigns with unique names

    def get_campaign(self, name: str) -> Campaign:
        """Return one campaign.

        Raises `UnknownNameError` with the nearest name when there is none of that name.
        """
        found = {campaign.name: campaign for campaign in self.campaigns}
        if name not in found:
            raise UnknownNameError("campaign", name, found)
        return found[name]

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {campaign.name: _campaign_state(campaign) for campaign in self.campaigns}

    @classmethod
    def from_state(cls, state: Mapping[str, JSON]) -> "CampaignCatalogue":
        """Return the catalogue of plain values, as read from TOML, after validation.

        Raises `ConfigError` for an unknown key, a value of the wrong kind, or no title.

        >>> sections = {"call": {"title": "Call them", "action": "Call.", "expected_uplift": 0.1}}
        >>> CampaignCatalogue.from_state(sections).get_campaign("call").expected_uplift
        0.1
        """
        return cls(tuple(_campaign(name, values) for name, values in state.items()))


def default_campaigns() -> dict[str, JSON]:
    """Return the built-in campaigns, as plain values."""
    text = resources.files("segpredict.analytics.campaigns").joinpath("campaigns.toml")
    return _campaign_sections(text.read_text(encoding="utf-8"), "campaigns.toml")


def read_campaigns(options: CampaignOptions) -> CampaignCatalogue:
    """Return the campaigns that the options select.

    A file named there is added to the built-in campaigns, of which it needs only the keys that
    differ, or replaces them.

    Raises `FileMissingError` when the file is not there; `ConfigError` when it is not valid TOML,
    or a campaign in it cannot be used.

    >>> catalogue = read_campaigns(CampaignOptions())
    >>> catalogue.get_campaign(catalogue.campaigns[0].name) == catalogue.campaigns[0]
    True
    """
    known = {} if options.replace_defaults else default_campaigns()
    file = options.campaigns_file
    for name, values in _campaign_sections(_text(Path(file)), file).items() if file else ():
        # A value that is no section stays as it is, so that its error is reported.
        is_override = isinstance(values, Mapping) and isinstance(known.get(name), Mapping)
        known[name] = {**known[name], **values} if is_override else values
    return CampaignCatalogue.from_state(known)


def _text(path: Path) -> str:
    if not path.is_file():
        raise FileMissingError(str(path), [p.name for p in path.parent.glob("*.toml")])
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _not_toml(str(path), error) from None


def _campaign_sections(text: str, file: str) -> dict[str, JSON]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, error) from None
    for key in found:
        if key != "campaigns":
            raise UnknownNameError(f"section in {file}", key, ["campaigns"])
    sections = found.get("campaigns", {})
    if not isinstance(sections, dict) or not sections:
        raise ConfigError(
            f"{quote_value(file)} holds no campaigns.", fix="begin each with [campaigns.its_name]."
        )
    return sections


def _not_toml(file: str, error: Exception) -> ConfigError:
    message = f"{quote_value(file)} is not valid TOML: {error}."
    return ConfigError(message, fix="correct the line it names.", file=file)


def _campaign(name: str, values: JSON) -> Campaign:
    if not NAME_PATTERN.fullmatch(name):
        raise ConfigError(
            f"A campaign cannot be named {quote_value(name)}.",
            fix="use up to 40 lower-case letters, digits and underscores, a letter first.",
        )
    section = f"campaigns.{name}"
    if not isinstance(values, Mapping):
        raise ConfigError(f"{section} is not a section.", fix=f"begin it with [{section}].")
    if values.get("name", name) != name:
        raise ConfigError(f"{section} sets another name.", fix="rename the section instead.")
    campaign = fill_options(Campaign, {**values, "name": name}, section)
    _require_texts(campaign, section)
    _require_shares(campaign, section)
    return campaign


def _require_texts(campaign: Campaign, section: str) -> None:
    for key in ("title", "action"):
        if not getattr(campaign, key).strip():
            raise ConfigError(f"{section} has no {key}.", fix=f"add {key} = '…'.")
    for key in ("title", "action", "caution"):
        if len(getattr(campaign, key)) > MAX_TEXT_LENGTH:
            message = f"{section}.{key} is longer than {MAX_TEXT_LENGTH} characters."
            raise ConfigError(message, fix="shorten it.")


def _require_shares(campaign: Campaign, section: str) -> None:
    if not 0 < campaign.expected_uplift < 1:
        raise ConfigError(
            f"{section}.expected_uplift is {campaign.expected_uplift}.",
            fix="give a share between 0 and 1, such as 0.05 for five points.",
        )
    rule = campaign.eligibility
    wrong = [c for c, share in rule.top_share.items() if not 0 < share <= 1]
    bounds = {**rule.at_least, **rule.at_most}
    wrong += [column for column, bound in bounds.items() if not math.isfinite(bound)]
    if wrong or len(rule.top_share) > 1:
        raise ConfigError(
            f"{section}.eligibility cannot be used: {', '.join(wrong) or 'two top shares'}.",
            fix="give finite bounds, and one top_share between 0 and 1.",
        )


def _campaign_state(campaign: Campaign) -> JSON:
    state = asdict(campaign)
    rule = {k: list(v) if isinstance(v, tuple) else v for k, v in state["eligibility"].items()}
    return {**state, "eligibility": {k: v for k, v in rule.items() if v is not None}}
