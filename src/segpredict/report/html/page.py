"""Render the page: build the contexts, then fill the templates."""

import base64
import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
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
from segpredict.report.html.badges import stacked_strip
from segpredict.report.html.chart_layout import SHARE_AXES, bar_width, interval_marks, largest
from segpredict.report.html.filters import filter_data, pack_charts
from segpredict.report.input import CheckInput, MonitorInput, ReportInput, ReportSection

TEMPLATE_PACKAGE = "segpredict.report"
PageInput = ReportInput | CheckInput | MonitorInput


def render_html(bundle: PageInput, sections: Sequence[ReportSection] = SECTIONS) -> str:
    """Return the page as one HTML text that needs no network, and is readable without scripts.

    Parameters
    ----------
    bundle
        The results of the run.
    sections
        The sections to render.

    Notes
    -----
    Every text is escaped. A content security policy forbids frames, forms, requests and
    all scripts but one, named by its hash, and forbids that one to write markup, so that
    even a mistake here could not fetch or run anything.
    """
    environment = _environment()
    built = section_parts(bundle, sections)
    placed = [
        {
            "name": section.name,
            "title": section.title,
            "parts": [
                _rendered(environment, name, build, built[name], bundle)
                for name, build in section.parts.items()
                if name in built
            ],
        }
        for section in sections
        if section.parts.keys() & built.keys()
    ]
    style = Markup(environment.get_template("style.css").render())
    script = environment.get_template("page.js").render()
    digest = hashlib.sha256(script.encode()).digest()
    return environment.get_template("page.html").render(
        title=bundle.title,
        created=bundle.created,
        span=format_day_range(bundle.first_day, bundle.end_day),
        version=__version__,
        style=style,
        script=Markup(script),
        script_hash=f"sha256-{base64.b64encode(digest).decode()}",
        data=_embedded(_filter_values(bundle)),
        sections=placed,
    )


def render_check_page(found: Mapping[str, Any], shop: Transactions, created: str) -> str:
    """Return the page of `segpredict check`.

    Parameters
    ----------
    found
        The result of `classifier.shop_overview`, with ``problem``.
    shop
        The cleaned shop.
    created
        When the page is created, as text.
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
    """Return the contexts of the page, section by section, as plain JSON values.

    Numbers that are not finite become null. docs/reference/report-json.md describes each field.

    Examples
    --------
    >>> from segpredict.core.ledger import Ledger
    >>> found = CheckInput(
    ...     title="Shop", created="", first_day=0, end_day=9, ledger=Ledger(()), detected={}
    ... )
    >>> section_contexts(found, ())["last_day"]
    '1970-01-09'
    """
    built = section_parts(bundle, sections)
    return {
        "title": bundle.title,
        "created": bundle.created,
        "version": __version__,
        "first_day": as_date(bundle.first_day).isoformat(),
        "last_day": as_date(bundle.end_day - 1).isoformat(),
        "currency": bundle.currency,
        "sections": {n: to_plain_json(dataclasses.asdict(it)) for n, it in built.items()},
    }


def to_plain_json(value: Any) -> Any:
    """Return a value in types of JSON.

    >>> to_plain_json({"a": (1, float("nan"))})
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


def section_parts(
    bundle: PageInput, sections: Sequence[ReportSection] = SECTIONS
) -> dict[str, Any]:
    """Return the contexts of all parts that have content, by name."""
    found = {name: build(bundle) for s in sections for name, build in s.parts.items()}
    return {name: context for name, context in found.items() if context is not None}


def _filter_values(bundle: PageInput) -> dict[str, Any]:
    """Return the data of the filters: names to choose from, and numbers."""
    if not isinstance(bundle, ReportInput):
        return {}
    found = filter_data(bundle)
    names = [[s.id, strip_control_characters(s.name)] for s in bundle.segments]
    return {"segments": names, **found, "charts": pack_charts(found["charts"])}


def _embedded(values: Any) -> Markup:
    """Return JSON that cannot close the script element around it."""
    text = json.dumps(to_plain_json(values), allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _rendered(
    environment: Environment,
    name: str,
    build: Callable[[Any], Any],
    it: Any,
    bundle: PageInput,
) -> Markup:
    module = build.__module__.rpartition(".")[2]
    template = environment.select_template([f"{module}.html", "plain.html"])
    facts = {"it": it, "currency": bundle.currency}
    write = template.blocks.get(name, template.root_render_func)
    return Markup("".join(write(template.new_context(facts))))


@lru_cache(maxsize=1)  # compiling the templates takes longer than filling them
def _environment() -> Environment:
    loaders = [PackageLoader(TEMPLATE_PACKAGE, folder) for folder in ("context", "templates")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=strip_control_characters,
    )
    environment.filters |= FILTERS | {
        "width": bar_width,
        "most": largest,
        "marks": interval_marks,
        "strip": stacked_strip,
    }
    environment.globals |= {"fields": dataclasses.asdict, "share_axes": SHARE_AXES}
    environment.globals["m"] = environment.get_template("macros.html").module
    return environment
