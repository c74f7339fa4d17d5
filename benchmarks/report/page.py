"""How long a page is and what accessibility rules it breaks, as a browser shows it.

    python benchmarks/report/page.py RUN/report.html --axe axe.min.js --shots FOLDER

Screens are those of 1280 × 800 with details closed. Words are those that are seen, with details
closed and open. axe-core is not part of the repository: ``npm pack axe-core`` gets it.
"""

import argparse
import base64
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests/report"))

from chromium import Chromium  # noqa: E402 (the driver of the browser's tests)

WIDE, NARROW, HEIGHT = 1280, 400, 800
WIDTHS = (NARROW, 800, WIDE)
THEMES = ("light", "dark")
WORDS = "(document.body.innerText.match(/\\S+/g) || []).length"
OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
SECTIONS = """[...document.querySelectorAll('main > section')].map((each) => ({
  name: each.id, height: each.getBoundingClientRect().height,
  words: (each.innerText.match(/\\S+/g) || []).length }))"""
# Every kind of violation, with the first elements that have it.
AXE = """axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations.map(
  (rule) => [rule.id, rule.nodes.length, rule.nodes.slice(0, 3).map((node) => node.html)]))"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path)
    parser.add_argument("--axe", type=Path, help="axe.min.js of axe-core")
    parser.add_argument(
        "--shots", type=Path, help="folder for pictures of each section, with details open"
    )
    args = parser.parse_args()
    page = args.page.resolve()
    with Chromium() as browser:
        measure(browser, page)
        if args.axe:
            check(browser, page, args.axe.read_text())
        if args.shots:
            args.shots.mkdir(parents=True, exist_ok=True)
            shoot(browser, page, args.shots)


def measure(browser: Chromium, page: Path) -> None:
    show(browser, page, WIDE, "light")
    for section in browser.run(SECTIONS):
        screens = section["height"] / HEIGHT
        print(f"{section['name']:20} {screens:5.1f} screens {section['words']:6,} words")
    screens, closed = browser.run("document.body.scrollHeight") / HEIGHT, browser.run(WORDS)
    browser.run(OPEN)
    print(f"{screens:.1f} screens, {closed:,} words; {browser.run(WORDS):,} with details open")


def check(browser: Chromium, page: Path, axe: str) -> None:
    for width in (WIDE, NARROW):
        for theme in THEMES:
            show(browser, page, width, theme)
            browser.run(OPEN)
            browser.run(f"{axe}; 0")
            found = browser.run(AXE)
            print(f"axe, {width} px, {theme}: {len(found)} rules broken")
            for rule, n, nodes in found:
                print(f"  {rule}: {n}")
                for node in nodes:
                    print(f"    {node[:200]}")


def shoot(browser: Chromium, page: Path, folder: Path) -> None:
    for width in WIDTHS:
        for theme in THEMES:
            show(browser, page, width, theme)
            browser.run(OPEN)
            for name, box in browser.run(
                "[...document.querySelectorAll('main > section')].map((each) => {"
                "const box = each.getBoundingClientRect();"
                "return [each.id, [box.top + scrollY, box.height]]; })"
            ):
                clip = {"x": 0, "y": box[0], "width": width, "height": box[1], "scale": 1}
                shot = browser.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
                path = folder / f"{name}_{width}_{theme}.png"
                path.write_bytes(base64.b64decode(shot["data"]))


def show(browser: Chromium, page: Path, width: int, theme: str) -> None:
    metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.ask("Emulation.setDeviceMetricsOverride", **metrics)
    feature = json.loads(f'[{{"name": "prefers-color-scheme", "value": "{theme}"}}]')
    browser.ask("Emulation.setEmulatedMedia", features=feature)
    browser.open(page)


if __name__ == "__main__":
    main()
