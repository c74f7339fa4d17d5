"""The live page: the run's page, one customer with her what-if, and the lists to download.

Rendered on the server, without a script: it works by keyboard, in any browser, and under a
policy that allows none.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from segpredict._version import __version__
from segpredict.core.text import strip_control_characters
from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.formatting import FILTERS, format_day_range
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.model_names import replace_model_names
from segpredict.scoring.what_if import PlannedOrder
from segpredict.service.api import in_thread, state_of
from segpredict.service.bodies import MAX_TEXT
from segpredict.service.gate import page_policy
from segpredict.service.live_run import CustomerView, LiveRun

MAX_AMOUNT = 1_000_000_000  # of an order that is tried
NO_CONTENT = "default-src 'none'; frame-ancestors 'none'"
router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """Show where to go: a customer, the run's page, the lists, and the model's verdict."""
    live = state_of(request).live
    evaluation = live.summary.get("evaluation") or {}
    known = live.customers_now
    rows = [(badge, known.get(name, 0)) for name, badge in _badges(live).items()]
    files = {f"campaign_{each['campaign']}.csv": each for each in live.campaigns}
    campaigns = [
        {**each, "file": name if name in live.lists else ""} for name, each in files.items()
    ]
    return _page(
        "home.html",
        live,
        rows=rows,
        verdict=replace_model_names(evaluation.get("reason", "")),
        campaigns=campaigns,
        lists=[name for name in live.lists if name not in files],
    )


@router.get("/report")
async def report(request: Request) -> Response:
    """Show the page of the run."""
    live = state_of(request).live
    return _kept_page(live, live.page, "The run has no page.")


@router.get("/monitor")
async def monitor(request: Request) -> Response:
    """Show what became of the run's forecasts, as `segpredict monitor --page` kept it."""
    live = state_of(request).live
    return _kept_page(live, live.monitor_page, "The run was not monitored with --page yet.")


def _kept_page(live: LiveRun, page: bytes | None, what: str) -> Response:
    if page is None:
        return _page("missing.html", live, 404, what=what)
    return HTMLResponse(page, headers=page_policy(page))


@router.get("/lists/{name}")
async def customer_list(request: Request, name: str) -> Response:
    """Give a list of customers as CSV."""
    state = state_of(request)
    live = state.live
    content = await in_thread(state, lambda: live.read_list(name))
    if content is None:
        return _page("missing.html", live, 404, what="There is no such list.")
    disposition = f'attachment; filename="{name}"'  # a name of the run's own, of a-z and _
    headers = {"content-disposition": disposition, "content-security-policy": NO_CONTENT}
    return Response(content, media_type="text/csv", headers=headers)


@router.get("/style.css")
async def style(request: Request) -> Response:
    """Give the style of the run's page, with the colours of its segments."""
    live = state_of(request).live
    tints = sorted({badge.tint for badge in _badges(live).values() if badge.tint is not None})
    text = _environment().get_template("live.css").render(tints=tints)
    return Response(text, media_type="text/css")


@router.get("/customers")
async def customers(
    request: Request, id: str = "", amount: str = "", product: str = ""
) -> Response:
    """Show a customer, and what one more order would change."""
    state = state_of(request)
    live, given = state.live, id.replace("\0", "").strip()[:MAX_TEXT]
    tried = {"id": given, "amount": amount.strip()[:20], "product": product.strip()[:MAX_TEXT]}
    if not given:
        return _page("customer.html", live, given=tried, found=None, near=[], problem="", past=[])
    planned, problem = _planned(tried)

    def look() -> tuple[CustomerView | None, list[dict[str, Any]]]:
        name = live.customer_id(given)
        found = live.view(name, state.orders, planned=planned, with_what_if=True)
        return found, state.past_scores(name) if found else []

    found, past = await in_thread(state, look)
    near = [] if found else live.find(given)
    shown = {} if found is None else _shown(live, found)
    return _page(
        "customer.html",
        live,
        200 if found or near else 404,
        given=tried,
        found=found,
        near=near,
        problem=problem,
        past=past,
        **shown,
    )


def _planned(tried: Mapping[str, str]) -> tuple[PlannedOrder | None, str]:
    """Return the order that was entered, or what is wrong with it."""
    if not tried["amount"]:
        return None, "Give the value of the order." if tried["product"] else ""
    try:
        value = Decimal(tried["amount"])
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and 0 < value <= MAX_AMOUNT):
        return None, "The value of the order must be a number above 0, such as 25.50."
    return PlannedOrder(int(value * MONEY_SCALE), tried["product"] or None), ""


def _shown(live: LiveRun, found: CustomerView) -> dict[str, Any]:
    """Return what the page shows of a customer beside her orders."""
    badges = _badges(live)
    score = found.score.row(0, named=True)
    probabilities = [(badge, score[f"p_{name}"]) for name, badge in badges.items()]
    return {
        "score": score,
        "now": badges[score["segment_id"]],
        "next": badges.get(score["next_segment_id"] or ""),
        "probabilities": probabilities if score["is_eligible"] else [],
        "reasons": score.get("reasons") or [],
        "cases": [
            {**case, "shares": [case[f"p_{name}"] for name in badges]} for case in found.what_if
        ],
        "badges": list(badges.values()),
    }


def _badges(live: LiveRun) -> dict[str, SegmentBadge]:
    return segment_badges(live.scorer.predictor.segments)


def _page(template: str, live: LiveRun, status: int = 200, **facts: Any) -> Response:
    """Return a page of the service."""
    text = (
        _environment()
        .get_template(template)
        .render(
            span=format_day_range(live.shop.first_day, live.shop.end_day),
            currency=live.currency,
            version=__version__,
            run=live.digest[:12],
            is_monitored=live.monitor_page is not None,
            **facts,
        )
    )
    return HTMLResponse(text, status)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    places = ("segpredict.service", "segpredict.report")
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(place, "templates") for place in places]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=strip_control_characters,
    )
    environment.filters |= FILTERS
    return environment
