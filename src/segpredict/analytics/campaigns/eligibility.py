"""Who a play is for: its trigger, asked of every customer with a forecast."""

from collections.abc import Iterable, Sequence

import polars as pl

from segpredict.analytics.campaigns.catalogue import SEGMENT_ROLES, Campaign, EligibilityRule
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.errors import UnknownNameError

SCORE_COLUMNS = (
    "p_down",
    "p_up",
    "p_inactive",
    "expected_value",
    "value_at_risk",
    "upside",
    "spent_to_date",
)


def segment_roles(segments: Sequence[Segment]) -> dict[str, str]:
    """Return the place of each segment on the value ladder, by id.

    Examples
    --------
    >>> ladder = [Segment(i, f"S{i}", "x") for i in range(4)]
    >>> roles(ladder)
    {'S0': 'inactive', 'S1': 'low', 'S2': 'middle', 'S3': 'top'}
    >>> roles(ladder[:2])
    {'S0': 'inactive', 'S1': 'top'}
    """
    top = max(segment.code for segment in segments)
    inactive, low, middle, best = SEGMENT_ROLES
    places = {INACTIVE_CODE: inactive, 1: low, top: best}
    return {s.id: places.get(s.code, middle) for s in segments}


def required_columns(campaigns: Iterable[Campaign]) -> frozenset[str]:
    """Return the columns beyond the scores that triggers ask about."""
    return frozenset(
        column for play in campaigns for column in play.eligibility.required_columns
    ) - {*SCORE_COLUMNS}


def validate_rules(
    campaigns: Iterable[Campaign], segments: Sequence[Segment], features: Iterable[str]
) -> None:
    """Refuse triggers that name a column or a segment that no run could have.

    Parameters
    ----------
    campaigns
        The plays.
    segments
        The segments of the run; none where they are not known yet.
    features
        Every column that any shop could have.

    Raises
    ------
    UnknownNameError
        Naming the nearest that is known.
    """
    columns = {*SCORE_COLUMNS, *features}
    names = {name for s in segments for name in (s.id, s.name)}
    for play in campaigns:
        for column in sorted(play.eligibility.required_columns):
            if column not in columns:
                kind = f"column for plays.{play.name}.who"
                raise UnknownNameError(kind, column, columns)
        for segment in play.eligibility.segment_names:
            if segments and segment not in names:
                raise UnknownNameError(f"segment for plays.{play.name}.who", segment, names)


def eligible_customers(
    customers: pl.DataFrame, rule: EligibilityRule, segments: Sequence[Segment]
) -> pl.DataFrame:
    """Return the customers whom a trigger takes, in the order in which they stand.

    Parameters
    ----------
    customers
        One row a customer with a forecast: `SCORE_COLUMNS`, ``segment_id``,
        ``next_segment_id``, ``is_new`` and the features asked about.
    rule
        The trigger.
    segments
        All segments, in code order.

    Notes
    -----
    A missing value meets no bound.
    """
    found = customers.filter(pl.all_horizontal(_conditions(rule, segments)))
    for column, share in rule.top_share.items():
        least = found[column].quantile(1 - share, interpolation="higher")
        found = found.filter(pl.col(column) >= least) if least is not None else found
    return found


def _conditions(rule: EligibilityRule, segments: Sequence[Segment]) -> list[pl.Expr]:
    found = [pl.lit(value=True)]
    places, codes = segment_roles(segments), {s.id: s.code for s in segments}
    if rule.segment_roles:
        known = [name for name, role in places.items() if role in rule.segment_roles]
        found.append(pl.col("segment_id").is_in(known))
    if rule.segment_names:
        wanted = [s.id for s in segments if {s.id, s.name} & set(rule.segment_names)]
        found.append(pl.col("segment_id").is_in(wanted))
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
