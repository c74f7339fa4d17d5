"""The campaign catalogue: eligibility, measure and planned test of each, read from TOML."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

import polars as pl

from segpredict.config.fill import fill_options
from segpredict.config.outputs import CampaignOptions
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.types import JSON
from segpredict.errors import ConfigError, FileMissingError, UnknownNameError, quote_value

SCORE_COLUMNS = (
    *("p_down", "p_up", "p_inactive"),
    *("expected_value", "value_at_risk", "upside", "spent_to_date"),
)

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


def segment_roles(segments: Sequence[Segment]) -> dict[str, str]:
    """Return the role of each segment by its rank in value, by id.

    >>> ladder = [Segment(i, f"S{i}", "x") for i in range(4)]
    >>> segment_roles(ladder)
    {'S0': 'inactive', 'S1': 'low', 'S2': 'middle', 'S3': 'top'}
    >>> segment_roles(ladder[:2])
    {'S0': 'inactive', 'S1': 'top'}
    """
    top = max(segment.code for segment in segments)
    inactive, low, middle, best = SEGMENT_ROLES
    roles = {INACTIVE_CODE: inactive, 1: low, top: best}
    return {s.id: roles.get(s.code, middle) for s in segments}


def required_columns(campaigns: Iterable[Campaign]) -> frozenset[str]:
    """Return the columns beyond the scores that eligibility rules read.

    >>> rule = EligibilityRule(at_least={"p_up": 0.2, "spend_364": 100.0})
    >>> required_columns([Campaign("call", eligibility=rule)])
    frozenset({'spend_364'})
    """
    read = frozenset[str]().union(*(each.eligibility.required_columns for each in campaigns))
    return read - {*SCORE_COLUMNS}


def validate_rules(
    campaigns: Iterable[Campaign], segments: Sequence[Segment], features: Iterable[str]
) -> None:
    """Refuse rules that name a column or a segment that no run could have.

    `segments` are those of the run, none where they are not known yet; `features` every column that
    any shop could have.

    Raises
    ------
    UnknownNameError
        Naming the nearest that is known.

    Examples
    --------
    >>> wrong = Campaign("call", eligibility=EligibilityRule(at_least={"spent_364": 1.0}))
    >>> validate_rules([wrong], (), ["spend_364"])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    UnknownNameError: there is no such column
    """
    columns = {*SCORE_COLUMNS, *features}
    names = {name for s in segments for name in (s.id, s.name)}
    for campaign in campaigns:
        place = f"campaigns.{campaign.name}.eligibility"
        for column in sorted(campaign.eligibility.required_columns):
            if column not in columns:
                raise UnknownNameError(f"column for {place}", column, columns)
        for segment in campaign.eligibility.segment_names:
            if segments and segment not in names:
                raise UnknownNameError(f"segment for {place}", segment, names)


def eligible_customers(
    customers: pl.DataFrame, rule: EligibilityRule, segments: Sequence[Segment]
) -> pl.DataFrame:
    """Return the customers who meet a rule, in their given order.

    `customers`: One row a customer with a forecast: `SCORE_COLUMNS`, ``segment_id``,
    ``next_segment_id``, ``is_new`` and the features of the rule.

    A missing value meets no bound.

    >>> rows = pl.DataFrame({"segment_id": ["S1", "S1"], "p_inactive": [0.2, 0.7]})
    >>> rule = EligibilityRule(segment_names=("Core",), at_least={"p_inactive": 0.5})
    >>> eligible_customers(rows, rule, [Segment(1, "S1", "Core")]).rows()
    [('S1', 0.7)]
    """
    found = customers.filter(pl.all_horizontal(_conditions(rule, segments)))
    for column, share in rule.top_share.items():
        least = found[column].quantile(1 - share, interpolation="higher")
        found = found.filter(pl.col(column) >= least) if least is not None else found
    return found


def _conditions(rule: EligibilityRule, segments: Sequence[Segment]) -> list[pl.Expr]:
    found = [pl.lit(value=True)]
    roles, codes = segment_roles(segments), {s.id: s.code for s in segments}
    if rule.segment_roles:
        known = [name for name, role in roles.items() if role in rule.segment_roles]
        found.append(pl.col("segment_id").is_in(known))
    if rule.segment_names:
        segment_ids = [s.id for s in segments if {s.id, s.name} & set(rule.segment_names)]
        found.append(pl.col("segment_id").is_in(segment_ids))
    if rule.predicted_moves:
        step = _code("next_segment_id", codes) - _code("segment_id", codes)
        kinds = {"falls": step < 0, "stays": step == 0, "rises": step > 0}
        found.append(pl.any_horizontal(kinds[move] for move in rule.predicted_moves))
    if rule.is_new is not None:
        found.append(pl.col("is_new") == rule.is_new)
    found += [pl.col(name) >= least for name, least in rule.at_least.items()]
    found += [pl.col(name) <= most for name, most in rule.at_most.items()]
    return found


def _code(column: str, codes: dict[str, int]) -> pl.Expr:
    return pl.col(column).replace_strict(codes, return_dtype=pl.Int64)
