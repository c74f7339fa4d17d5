"""Eligibility: which customers with a forecast a campaign is for."""

from collections.abc import Iterable, Sequence

import polars as pl

from segpredict.analytics.campaigns.catalogue import SEGMENT_ROLES, Campaign, EligibilityRule
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.errors import UnknownNameError

SCORE_COLUMNS = (
    *("p_down", "p_up", "p_inactive"),
    *("expected_value", "value_at_risk", "upside", "spent_to_date"),
)


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
