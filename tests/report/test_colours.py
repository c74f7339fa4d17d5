"""Every text can be read on what it stands on, as WCAG AA asks, in both themes."""

import re
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

CSS = (files("segpredict.report") / "templates/style.css").read_text(encoding="utf-8")
MACROS = (files("segpredict.report") / "templates/macros.html").read_text("utf-8")
TEXT, MARK = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def _themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in blocks[:2]]
    return {"light": found[0], "dark": {**found[0], **found[1]}}


THEMES = _themes()
by_theme = pytest.mark.parametrize("theme", THEMES)


def _linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _mixed(theme: dict[str, str], first: str, second: str, share: float) -> np.ndarray:
    """Return what color-mix(in oklab) makes of two colours, linear."""
    one, two = (TO_LAB @ np.cbrt(TO_CONES @ _linear(theme[name])) for name in (first, second))
    cones = (np.linalg.inv(TO_LAB) @ (one + (two - one) * share)) ** 3
    return np.clip(np.linalg.inv(TO_CONES) @ cones, 0, 1)


def _contrast(one: np.ndarray, two: np.ndarray) -> float:
    low, high = sorted(float([0.2126, 0.7152, 0.0722] @ c) for c in (one, two))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_on_white_is_twenty_one():
    assert _contrast(_linear("#000000"), _linear("#ffffff")) == pytest.approx(21)
    grey = _contrast(_linear("#777777"), _linear("#ffffff"))
    assert grey == pytest.approx(4.48, abs=0.005)  # the known near miss


@by_theme
@pytest.mark.parametrize("ground", ["paper", "card", "warnbg"])
@pytest.mark.parametrize("text", ["ink", "soft", "good", "bad"])
def test_a_text_stands_out_from_its_ground(theme, ground, text):
    colours = THEMES[theme]
    assert _contrast(_linear(colours[text]), _linear(colours[ground])) >= TEXT


@by_theme
def test_an_open_mark_stands_out_from_paper(theme):
    colours = THEMES[theme]
    assert _contrast(_linear(colours["open"]), _linear(colours["paper"])) >= MARK


@by_theme
def test_a_cell_of_a_heat_map_is_never_too_dark_for_its_figure(theme):
    colours, most = THEMES[theme], re.search(r"var\(--v\) \* (\S+)%\)", CSS)
    assert most is not None
    for value in range(101):
        ground = _mixed(colours, "paper", "heat", value * float(most[1]) / 100)
        assert _contrast(_linear(colours["ink"]), ground) >= TEXT


@by_theme
def test_a_share_can_be_read_on_every_shade_of_a_segment(theme):
    colours = THEMES[theme]
    inks = re.findall(r"'(on\w+)' if piece.*?|else '(on\w+)'", MACROS)
    names = [one or other for one, other in inks]
    assert names == ["onlight", "onmid", "ondark"]
    ends = [0, *map(int, re.findall(r"piece.badge.tint < (\d+)", MACROS)), 101]
    for name, (low, high) in zip(names, pairwise(ends), strict=True):
        ink = re.search(rf"\.{name} {{ fill: var\(--(\w+)\)", CSS)
        assert ink is not None
        for tint in range(low, high):
            ground = _mixed(colours, "low", "high", tint / 100)
            assert _contrast(_linear(colours[ink[1]]), ground) >= TEXT, (name, tint)
    first = _contrast(_linear(colours["onlow"]), _linear(colours["gone"]))
    assert first >= TEXT


def test_what_is_small_is_not_pale_besides():
    rules = re.findall(r"([^{}]+)\{[^{}]*[^-]opacity: (?:0?\.\d+)", CSS)
    texts = [rule.strip() for rule in rules if re.search(r"\b(small|th|td)\b", rule)]
    assert [rule for rule in texts if "::after" not in rule] == []
