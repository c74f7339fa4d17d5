"""Put the page together: work out the contexts, then place them."""

import base64
import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from segpredict._version import __version__
from segpredict.core.text import strip_control_characters
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date
from segpredict.report.check import CHECK_SECTIONS
from segpredict.report.context import SECTIONS
from segpredict.report.formatting import FILTERS, format_day_range
from segpredict.report.html.filters import pack_charts
from segpredict.report.input import CheckInput, ReportInput, ReportSection

TEMPLATE_PACKAGE = "segpredict.report"
PageInput = ReportInput | CheckInput


def render_html(bundle: PageInput, sections: Sequence[ReportSection] = SECTIONS) -> str:
    """Return the page as one HTML text that needs no network, and no script to be read.

    Parameters
    ----------
    bundle
        What the run found.
    sections
        Which sections to place.

    Notes
    -----
    Every text is escaped when it is placed. A meta tag forbids frames, forms, every
    request and every script but one, named by its hash, and forbids that one to write
    markup, so that even a mistake here could not fetch or run anything.
    """
    stage = _stage()
    built = _built(bundle, sections)
    placed = [
        {
            "name": section.name,
            "title": section.title,
            "body": _place(stage, section, built[section.name], bundle),
        }
        for section in sections
        if section.name in built
    ]
    style = Markup(stage.get_template("style.css").render())
    script = stage.get_template("page.js").render()
    return stage.get_template("page.html").render(
        title=bundle.title,
        created=bundle.created,
        span=format_day_range(bundle.first_day, bundle.end_day),
        version=__version__,
        style=style,
        script=Markup(script),
        script_hash=_hash(script),
        data=_embedded(_live(bundle, built)),
        sections=placed,
    )


def render_check_page(found: Mapping[str, Any], shop: Transactions, created: str) -> str:
    """Return the page of `segpredict check`.

    Parameters
    ----------
    found
        What `overview.shop_overview` found, with ``problem``.
    shop
        The cleaned shop.
    created
        When the page is made, as text.
    """
    bundle = CheckInput(
        title="What is in the data",
        created=created,
        first_day=shop.first_day,
        end_day=max(shop.end_day, shop.first_day + 1),
        ledger=shop.ledger,
        detected=found,
        currency=shop.currency,
        files=shop.files,
        side_tables=shop.side_tables.files,
    )
    return render_html(bundle, CHECK_SECTIONS)


def section_contexts(
    bundle: PageInput, sections: Sequence[ReportSection] = SECTIONS
) -> dict[str, Any]:
    """Return what the page says, section by section, as plain JSON values.

    Numbers that are not finite become null. docs/report-json.md describes each field.
    """
    built = _built(bundle, sections)
    return {
        "title": bundle.title,
        "created": bundle.created,
        "version": __version__,
        "first_day": as_date(bundle.first_day).isoformat(),
        "last_day": as_date(bundle.end_day - 1).isoformat(),
        "currency": bundle.currency,
        "sections": {
            name: to_plain_json(dataclasses.asdict(context)) for name, context in built.items()
        },
    }


def to_plain_json(value: Any) -> Any:
    """Return a value as JSON takes it.

    Examples
    --------
    >>> plain({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): to_plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    is_known = value is None or isinstance(value, bool | int | float | str)
    return value if is_known else str(value)


def _built(bundle: PageInput, sections: Sequence[ReportSection]) -> dict[str, Any]:
    found = {section.name: section.build(bundle) for section in sections}
    return {name: context for name, context in found.items() if context is not None}


def _live(bundle: PageInput, built: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script of the page reads: names to choose from, and numbers."""
    segments = bundle.segments if isinstance(bundle, ReportInput) else ()
    found: dict[str, Any] = {
        "segments": [[s.id, strip_control_characters(s.name)] for s in segments]
    }
    charts: dict[str, Any] = {}
    for context in built.values():
        read = getattr(context, "live", {})
        charts |= read.get("charts", {})
        found |= read
    return found | {"charts": pack_charts(charts)}


def _embedded(values: Any) -> Markup:
    """Return JSON that cannot end the element that it stands in."""
    text = json.dumps(to_plain_json(values), allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _place(stage: Environment, section: ReportSection, it: Any, bundle: PageInput) -> Markup:
    module = section.build.__module__.rpartition(".")[2]
    template = stage.select_template([f"{module}.html", "plain.html"])
    facts = {"it": it, "currency": bundle.currency, "plots": bundle.plots}
    write = template.blocks.get(section.name, template.root_render_func)
    return Markup("".join(write(template.new_context(facts))))


@lru_cache(maxsize=1)  # compiling the templates takes longer than filling them
def _stage() -> Environment:
    folders = ("context", "templates")
    loaders = [PackageLoader(TEMPLATE_PACKAGE, folder) for folder in folders]
    stage = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=strip_control_characters,
    )
    stage.filters.update(FILTERS)
    stage.globals["fields"] = dataclasses.asdict
    stage.globals["m"] = stage.get_template("macros.html").module
    return stage
