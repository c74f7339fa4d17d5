"""Print the readouts of campaigns, within 80 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segpredict.cli._output import Output, Row, cut_text

if TYPE_CHECKING:
    from segpredict.analytics.campaigns import CampaignReadout, OutcomeEffect

LABELS = {
    "purchase_rate": "buyers",
    "orders": "orders",
    "revenue": "revenue",
    "kpi": "stay or rise",
}
MAX_SEGMENT = 18  # characters of a segment
EXPLORATORY_NOTE = "By segment, exploratory: levels are shared among segments."
ITT_NOTE = "per customer of the list, contacted or not"


def show_readouts(output: Output, found: Sequence["CampaignReadout"], currency: str) -> None:
    """Print readouts: a short block each, or one JSON object."""
    from segpredict.core.state import to_plain

    for each in found:
        _show(output, each, currency)
    output.print_json({"readouts": [to_plain(each) for each in found], "currency": currency})


def _show(output: Output, found: "CampaignReadout", currency: str) -> None:
    from segpredict.report.formatting import format_share

    output.print_line()
    output.print_line(f"{found.record}: {found.sentence}")
    if found.look is not None:
        seen = format_share(found.look.fraction, 0)
        level = format_share(1 - found.look.alpha, 1)
        output.print_block(
            "LOOK",
            f"number {found.look.number}, until {found.look.until}, {seen} of the window; "
            f"intervals at {level}",
        )
    output.print_block("ARMS", [_arm("treatment", found), _arm("control", found)], _ratio(found))
    effects = [_effect(effect, adjusted=True) for effect in found.effects]
    output.print_block("EFFECT", effects, _effect_note(found))
    if output.verbose:
        plain = [_effect(effect, adjusted=False) for effect in found.effects]
        output.print_block("PLAIN", plain, "The same without adjustment." if plain else "")
    by_segment = [_segment(effect) for effect in found.segments]
    output.print_block("SEGMENTS", by_segment, EXPLORATORY_NOTE if by_segment else "")
    output.print_block("MONEY", _money(found, currency))
    output.print_block("NOTES", *found.notes)


def _arm(name: str, found: "CampaignReadout") -> Row:
    count = getattr(found, name)
    row = {"arm": name, "assigned": count.assigned, "in the data": count.found}
    return row if count.contacted is None else {**row, "contacted": count.contacted}


def _effect_note(found: "CampaignReadout") -> str:
    if not found.effects:
        return ""
    adjusted = [effect.is_adjusted for effect in found.effects]
    if not any(adjusted):
        return f"{ITT_NOTE}, not adjusted"
    return f"{ITT_NOTE}, adjusted for the forecast" + ("" if all(adjusted) else ": see NOTES")


def _ratio(found: "CampaignReadout") -> str:
    p = found.sample_ratio_p_value
    return "" if p is None else f"Sample ratio as drawn: p = {p:.3f}"


def _effect(effect: "OutcomeEffect", *, adjusted: bool) -> Row:
    ends = effect.adjusted if adjusted else effect.unadjusted
    cells = {
        "control": ends.control,
        "treated": ends.treated,
        "effect": ends.difference,
        "low": ends.low,
        "high": ends.high,
        "planned": effect.planned if effect.planned is not None else float("nan"),
    }
    shown = {name: _cell(effect.outcome, name, value) for name, value in cells.items()}
    return {"outcome": LABELS[effect.outcome], **shown, "p": f"{ends.p_value:.3f}"}


def _segment(effect: "OutcomeEffect") -> Row:
    row = _effect(effect, adjusted=True)
    shown = ("outcome", "control", "treated", "effect", "low", "high")
    return {"segment": cut_text(effect.group, MAX_SEGMENT), **{name: row[name] for name in shown}}


def _cell(outcome: str, name: str, value: float) -> str:
    from segpredict.report.formatting import format_number, format_share

    is_level = name in ("control", "treated")
    if outcome == "revenue":
        return format_number(value, 2)
    if outcome == "orders":
        return format_number(value, 3)
    return format_share(value) if is_level else format_number(100 * value, 1)


def _money(found: "CampaignReadout", currency: str) -> str:
    from segpredict.report.formatting import format_money, format_number

    returns = found.returns
    if returns is None:
        return ""
    value, low, high = (
        format_money(each, currency, 0)
        for each in (returns.incremental_revenue, returns.low, returns.high)
    )
    text = f"incremental revenue {value} ({low} to {high})"
    if returns.cost is None:
        return f"{text}; for a return on it give --cost"
    cost = format_money(returns.cost, currency, 0)
    if returns.roi is None:
        return f"{text}; cost {cost}"
    roi, least, most = (
        format_number(each, 2) for each in (returns.roi, returns.roi_low, returns.roi_high)
    )
    margin = format_number(returns.margin, 2)
    return f"{text}; cost {cost}; ROI {roi} ({least} to {most}) at margin {margin}"
