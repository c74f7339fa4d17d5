"""Build the site into ``docs/_build/html``, and fail on a warning or a link that leads nowhere.

python docs/build_site.py
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from sphinx.cmd.build import build_main

HERE = Path(__file__).parent
SITE = HERE / "_build" / "html"
LINKS = {"a": "href", "link": "href", "img": "src", "script": "src", "object": "data"}
LOADED = {"link", "img", "script", "object"}  # what a browser fetches unasked


class Page(HTMLParser):
    """The anchors of a page, and its links as (tag, address)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the anchor and the link of a tag."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag in LINKS and LINKS[tag] in found:
            self.links.append((tag, found[LINKS[tag]]))


def main() -> int:
    """Build, check, and say how much there is."""
    if failed := build_main(["-q", "-W", "--keep-going", str(HERE), str(SITE)]):
        return failed
    pages = read_pages(SITE)
    for fault in (faults := list(broken_links(SITE, pages))):
        sys.stdout.write(f"{fault}\n")
    links = sum(len(page.links) for page in pages.values())
    sys.stdout.write(f"{len(pages)} pages, {links} links, {len(faults)} broken: {SITE}\n")
    return int(bool(faults))


def read_pages(site: Path) -> dict[Path, Page]:
    """Return the pages of a folder."""
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def broken_links(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """Yield links without a target, and whatever a page would load from a network."""
    for path, page in pages.items():
        for tag, address in page.links:
            if re.match(r"[a-z]+:|//", address):
                if tag in LOADED and not address.startswith("data:"):
                    yield f"{path.relative_to(site)} loads {address}"
                continue
            name, _, anchor = unquote(address).partition("#")
            target = (path.parent / name.partition("?")[0]).resolve() if name else path
            known = pages[target].anchors if target in pages else set()
            if not target.exists() or (anchor and target in pages and anchor not in known):
                yield f"{path.relative_to(site)} links to {address}"


if __name__ == "__main__":
    sys.exit(main())
