"""The key tables of a report as Markdown, made from what `section_contexts` returns."""

import re
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, Template

from segpredict.core.text import to_single_line
from segpredict.report.formatting import FILTERS, Row

# Including what turns bare addresses into links in GitHub's Markdown.
MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#+!|~&$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def render_markdown(facts: Row) -> str:
    """Return the key tables of a report as Markdown.

    Parameters
    ----------
    facts
        What `section_contexts` returned, or the content of a ``report.json``.

    Notes
    -----
    Every text is escaped: no name of a segment or a file can become a link, an image,
    a formula or markup.

    Examples
    --------
    >>> facts = {"title": "Shop", "first_day": "2024-01-01", "last_day": "2024-12-31"}
    >>> text = render_markdown({**facts, "created": "now", "version": "1", "sections": {}})
    >>> print(text.splitlines()[0])
    # Shop
    """
    written = _template().render(facts)
    return re.sub(r"\n{3,}", "\n\n", written).rstrip("\n") + "\n"


def escape_markdown(text: Any) -> str:
    r"""Return a text as Markdown shows it: no sign in it has a meaning.

    >>> print(escape_markdown("a|b <script>\n[x](y)"))
    a\|b \<script\> \[x\](y)
    """
    return MARKDOWN_SIGNS.sub(r"\\\1", to_single_line(" ".join(str(text).split())))


@lru_cache(maxsize=1)
def _template() -> Template:
    # Markdown, not HTML: `finalize` escapes every value for it.
    environment = Environment(  # nosec B701
        loader=PackageLoader("segpredict.report", "templates"),
        finalize=escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template("key_tables.md")
