"""The readout of an experiment: what treated customers did more than their control group.

All customers of the list count in the arm they were assigned to, contacted or not (intention to
treat). No control group, no claim.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from segpredict.analytics.campaigns.campaign_list import TREATMENT_ARM
from segpredict.analytics.campaigns.effects import (
    MIN_EXPECTED,
    ArmDifference,
    compare_arms,
    compare_shares,
    expected_cases,
    sample_ratio_p_value,
)
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES, MIN_CUSTOMERS_FOR_SHARES
from segpredict.core.types import JSON

# Each outcome, with the forecast of the day of the draw that adjusts it.
COVARIATES = {
    "purchase_rate": "p_purchase",
    "orders": "expected_value",
    "revenue": "expected_value",
    "kpi": "expected_value",
}
KPI_OUTCOMES = {"buys": "purchase_rate", "spends": "revenue", "stays": "kpi", "rises": "kpi"}
OUTCOME_LABELS = {
    "purchase_rate": "Share who buy",
    "orders": "Orders",
    "revenue": "Revenue",
    "kpi": "Share who stay or rise",
}
SHARES = ("purchase_rate", "kpi")  # outcomes of yes or no
RATIO_MISMATCH_LEVEL = 0.001  # of the sample ratio: a fault of the draw, not chance
MIN_LEVEL = 1e-6  # below it an early look has no level to spend
WHOLE_LIST = "all"
NO_CONTROL_TEXT = (
    "No claim: without a control group nobody knows what these customers would have done anyway."
)


@dataclass(frozen=True, slots=True)
class OutcomeEffect:
    """The effect of a campaign on one outcome."""

    outcome: str  # ``purchase_rate``, ``orders``, ``revenue``, or ``kpi`` (share who stay or rise)
    group: str  # ``all``, or the name of a segment; segments are exploratory
    # the difference of the arms: adjusted for the forecast of the day of the draw, and as it is
    adjusted: ArmDifference
    unadjusted: ArmDifference
    planned: float | None = None  # the uplift that was planned for, where it is of this outcome

    @property
    def is_adjusted(self) -> bool:
        """Whether a forecast adjusts the difference."""
        return self.adjusted != self.unadjusted


@dataclass(frozen=True, slots=True)
class ArmCount:
    """The customers of an arm."""

    assigned: int  # on the list, new to this campaign
    found: int  # of them with any order in the data; the others' orders are missing
    contacted: int | None  # of them in the file of contacted customers; ``None`` without a file


@dataclass(frozen=True, slots=True)
class CampaignReturn:
    """Revenue that the campaign caused, and its cost, in currency."""

    # the effect on revenue, times the treated customers
    incremental_revenue: float
    low: float
    high: float
    cost: float | None  # ``None`` where no cost was given
    margin: float  # share of revenue
    # (incremental revenue × margin − cost) / cost
    roi: float | None
    roi_low: float | None
    roi_high: float | None


@dataclass(frozen=True, slots=True)
class ReadoutCosts:
    """What a contact costs, and what is left of revenue."""

    per_contact: float | None = None  # in currency
    margin: float = 1.0  # share of revenue


@dataclass(frozen=True, slots=True)
class ReadoutLook:
    """How much of the outcome window was seen, and what that costs in significance."""

    number: int  # of this look; a look at the same days is the same look
    until: str  # the day before which the outcome was seen
    fraction: float  # of the outcome window, with the days in which returns are settled
    alpha: float  # significance level of this look

    @property
    def is_complete(self) -> bool:
        """Whether the outcome window is over."""
        return self.fraction >= 1


@dataclass(frozen=True, slots=True)
class CampaignReadout:
    """The result of an experiment on record."""

    record: str  # name of the record
    campaign: str
    kpi: str
    readout: str  # the planned day
    status: str  # ``complete``, ``early``, or ``none`` where nothing can be said
    sentence: str  # the result, or why there is none
    treatment: ArmCount
    control: ArmCount
    sample_ratio_p_value: float | None
    look: ReadoutLook | None = None
    effects: tuple[OutcomeEffect, ...] = ()
    segments: tuple[OutcomeEffect, ...] = ()  # exploratory, and only where planned
    returns: CampaignReturn | None = None
    planned: JSON = None  # what the plan promised
    notes: tuple[str, ...] = ()

    @property
    def main_effect(self) -> OutcomeEffect | None:
        """The effect on the outcome that the campaign was planned for."""
        own = KPI_OUTCOMES[self.kpi]
        return next((effect for effect in self.effects if effect.outcome == own), None)


def read_out(
    name: str,
    record: Mapping[str, JSON],
    customers: pl.DataFrame,
    look: ReadoutLook | None,
    costs: ReadoutCosts,
) -> CampaignReadout:
    """Return the readout of an experiment.

    * `name`, `record`: of the experiment (`campaign_list.campaign_record`).
    * `customers`: the assigned customers who were on no earlier list of the campaign: ``arm``,
      ``segment_id``, ``segment``, the columns of `COVARIATES` where known, ``is_found``,
      ``is_contacted`` (null without a file), and their outcomes by `COVARIATES`' names.
    * `look`: how much was seen; ``None`` where the outcome window has not begun.
    * `costs`: of the campaign.
    """
    rows = customers.with_columns(is_treated=pl.col("arm") == TREATMENT_ARM)
    arms = [_count(rows.filter(is_treated=treated)) for treated in (True, False)]
    drawn = arms[1].assigned / max(rows.height, 1)
    ratio = sample_ratio_p_value(arms[0].found, arms[1].found, drawn)
    base: dict[str, Any] = {
        "record": name,
        **{key: str(record[key]) for key in ("campaign", "kpi", "readout")},
        "treatment": arms[0],
        "control": arms[1],
        "sample_ratio_p_value": ratio,
        "planned": _promised(record),
        "notes": _notes(arms, ratio),
    }
    why = _no_claim(arms, look)
    if not why and _is_mismatch(ratio):
        why = f"No claim: {base['notes'][0]}"
    if why:
        return CampaignReadout(status="none", sentence=why, look=look, **base)
    assert look is not None
    effects = _effects(rows, record, WHOLE_LIST, look.alpha)
    base["notes"] += _unadjusted(effects)
    found = CampaignReadout(
        status="complete" if look.is_complete else "early",
        sentence="",
        look=look,
        effects=effects,
        segments=_segments(rows, record, look),
        returns=_returns(effects, arms[0], costs),
        **base,
    )
    return _with_sentence(found, rows)


def _count(rows: pl.DataFrame) -> ArmCount:
    known = rows["is_contacted"].null_count() == 0
    return ArmCount(
        assigned=rows.height,
        found=int(rows["is_found"].sum()),
        contacted=int(rows["is_contacted"].sum()) if known else None,
    )


def _promised(record: Mapping[str, JSON]) -> dict[str, JSON]:
    planned = record.get("planned") or {}
    names = ("value_at_stake", "detectable_uplift", "alpha", "power")
    return {**planned, **{name: record.get(name) for name in names}}


def _no_claim(arms: list[ArmCount], look: ReadoutLook | None) -> str:
    """Return why nothing can be said; empty where something can."""
    treated, control = arms
    if treated.assigned + control.assigned == 0:
        return "No claim: all customers of this list are on an earlier one, and are read out there."
    if control.assigned == 0:
        return NO_CONTROL_TEXT
    for arm, name in ((treated, "treated"), (control, "in the control group")):
        if arm.assigned < MIN_CUSTOMERS_FOR_FIGURES:
            return f"No claim: only {arm.assigned} customers are {name}; their number says nothing."
    if look is None:
        return "Nothing to read yet: the outcome window has not begun in these data."
    if look.alpha < MIN_LEVEL:
        return f"Too early: {look.fraction:.0%} of the outcome window is over. Wait."
    return ""


def _is_mismatch(ratio: float | None) -> bool:
    return ratio is not None and ratio < RATIO_MISMATCH_LEVEL


def _notes(arms: list[ArmCount], ratio: float | None) -> tuple[str, ...]:
    treated, control = arms
    notes = []
    if _is_mismatch(ratio):
        notes.append(
            f"Sample ratio mismatch: {treated.found:,} treated and {control.found:,} controls were "
            "found, not the drawn shares. Do not trust a difference before that is explained."
        )
    if control.contacted:
        notes.append(
            f"{control.contacted:,} of the control group were contacted; that hides an effect."
        )
    if treated.contacted is not None and treated.contacted < treated.assigned:
        missed = treated.assigned - treated.contacted
        notes.append(f"{missed:,} of the treatment arm were not contacted; they count in it.")
    if 0 < min(treated.assigned, control.assigned) < MIN_CUSTOMERS_FOR_SHARES:
        notes.append(f"Fewer than {MIN_CUSTOMERS_FOR_SHARES} customers in an arm: mostly chance.")
    return tuple(notes)


def _unadjusted(effects: tuple[OutcomeEffect, ...]) -> tuple[str, ...]:
    return tuple(
        f"{OUTCOME_LABELS[effect.outcome]}: not adjusted, for the record holds no forecasts that "
        "tell its customers apart."
        for effect in effects
        if not effect.is_adjusted
    )


def _effects(
    rows: pl.DataFrame, record: Mapping[str, JSON], group: str, alpha: float
) -> tuple[OutcomeEffect, ...]:
    found = []
    for outcome, name in COVARIATES.items():
        if outcome not in rows.columns or _is_rare(rows, outcome):
            continue
        is_known = name in rows.columns and rows[name].null_count() == 0
        values, treated = rows[outcome].cast(pl.Float64).to_numpy(), rows["is_treated"].to_numpy()
        forecast = rows[name].to_numpy() if is_known else None
        compare = compare_shares if outcome in SHARES else compare_arms
        adjusted = compare(values, treated, forecast, 1 - alpha)
        plain = compare(values, treated, None, 1 - alpha)
        if adjusted is not None and plain is not None:
            planned = (
                _planned_uplift(record, outcome, plain.control) if group == WHOLE_LIST else None
            )
            found.append(OutcomeEffect(outcome, group, adjusted, plain, planned))
    return tuple(found)


def _is_rare(rows: pl.DataFrame, outcome: str) -> bool:
    """Return whether too few customers of the smaller arm are expected to differ.

    Where few buy, the means of orders and revenue are those of a few buyers, too.
    """
    if outcome in SHARES:
        values = rows[outcome].cast(pl.Float64).to_numpy()
        return expected_cases(values, rows["is_treated"].to_numpy()) < MIN_EXPECTED
    n_treated, n_buyers = (int(each.sum()) for each in (rows["is_treated"], rows["orders"] > 0))
    smaller = min(n_treated, rows.height - n_treated)
    return n_buyers / max(rows.height, 1) * smaller < MIN_EXPECTED


def _planned_uplift(record: Mapping[str, JSON], outcome: str, control: float) -> float | None:
    """Return the planned uplift as a difference; of spend it is a share of the mean."""
    if KPI_OUTCOMES[str(record["kpi"])] != outcome:
        return None
    uplift = (record.get("planned") or {}).get("uplift")
    return uplift * control if uplift is not None and outcome == "revenue" else uplift


def _segments(
    rows: pl.DataFrame, record: Mapping[str, JSON], look: ReadoutLook
) -> tuple[OutcomeEffect, ...]:
    """Return the effects by segment, where planned; levels are shared among segments."""
    if not record.get("by_segment"):
        return ()
    sizes = rows.group_by("segment_id", "segment").agg(
        treated=pl.col("is_treated").sum(), control=(~pl.col("is_treated")).sum()
    )
    enough = pl.min_horizontal("treated", "control") >= MIN_CUSTOMERS_FOR_FIGURES
    known = sizes.filter(enough).sort("segment_id").select("segment_id", "segment").rows()
    effects = [
        _effects(rows.filter(segment_id=i), record, segment, look.alpha / len(known))
        for i, segment in known
    ]
    return tuple(effect for found in effects for effect in found)


def _returns(
    effects: tuple[OutcomeEffect, ...], treated: ArmCount, costs: ReadoutCosts
) -> CampaignReturn | None:
    found = next((e.adjusted for e in effects if e.outcome == "revenue"), None)
    if found is None:
        return None
    value, low, high = (
        each * treated.assigned for each in (found.difference, found.low, found.high)
    )
    contacted = treated.assigned if treated.contacted is None else treated.contacted
    cost = None if costs.per_contact is None else costs.per_contact * contacted
    roi = [(each * costs.margin - cost) / cost if cost else None for each in (value, low, high)]
    return CampaignReturn(value, low, high, cost, costs.margin, *roi)


def _no_main_effect(found: CampaignReadout, rows: pl.DataFrame) -> CampaignReadout:
    """Return the readout with the reason why the planned outcome says nothing."""
    own = KPI_OUTCOMES[found.kpi]
    assert found.look is not None
    if own not in rows.columns and not found.look.is_complete:
        return replace(found, sentence="The planned outcome is known when the window is over.")
    if own not in rows.columns:
        why = "the record does not hold the segments of its customers, so nobody knows who rose"
    elif _is_rare(rows, own):
        if own == "kpi":
            rare = "who stay or rise, or who do not"
        else:
            rare = "who buy" if own not in SHARES else "who buy, or who do not"
        why = (
            f"the smaller arm expects fewer than {MIN_EXPECTED} customers {rare}; only a larger "
            "list or control group can tell"
        )
    else:
        why = "all customers of an arm did the same"
    return replace(found, status="none", sentence=f"No claim: {why}.")


def _with_sentence(found: CampaignReadout, rows: pl.DataFrame) -> CampaignReadout:
    """Return the readout with its result in a sentence."""
    assert found.look is not None
    effect, level = found.main_effect, 1 - found.look.alpha
    if effect is None:
        return _no_main_effect(found, rows)
    ends = effect.adjusted
    shown = (ends.difference, ends.low, ends.high)
    if effect.outcome == "revenue":
        text = "{:+,.2f} a customer ({:+,.2f} to {:+,.2f})".format(*shown)
    else:
        text = "{:+.1f} points ({:+.1f} to {:+.1f})".format(*(100 * each for each in shown))
    is_clear = ends.low > 0 or ends.high < 0
    verdict = "an effect" if is_clear else "no effect can be told from chance"
    when = "" if found.look.is_complete else f", early look at {found.look.fraction:.0%}"
    return replace(
        found, sentence=f"{OUTCOME_LABELS[effect.outcome]} {text} at {level:.1%}{when}: {verdict}."
    )
