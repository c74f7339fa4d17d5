"""The style of slides: the colours of the page, one typeface, one grid."""

import numpy as np

from segpredict.core.arrays import FloatArray
from segpredict.report.html.badges import SegmentBadge

INK_COLOUR, SOFT_COLOUR, RULE_COLOUR, CARD_COLOUR = "1A2027", "5B6672", "DFE4EA", "F6F7F9"
LOW_SEGMENT_COLOUR, HIGH_SEGMENT_COLOUR, INACTIVE_COLOUR = (
    "B9D4EA",
    "0B3F73",
    "B6BCC4",
)  # lowest and highest segment, and inactive
STRONG_COLOUR, FILL_COLOUR, WARNING_COLOUR, PAPER_COLOUR = "1F5FA8", "9DB8D3", "B4470B", "FFFFFF"
FONT_NAME = "Arial"
SLIDE_WIDTH, SLIDE_HEIGHT = 13.333, 7.5  # inches: 16:9
SLIDE_MARGIN = 0.6

# Of Oklab: linear light to cone responses, and their cube roots to lightness and two axes.
_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def segment_colour(badge: SegmentBadge | None) -> str:
    """Return the colour of a segment, as on the page; grey for inactive.

    The page interpolates the two colours in Oklab (CSS ``color-mix``), which keeps the steps
    perceptually even; so does this (Ottosson 2020, "A perceptual color space").

    >>> segment_colour(SegmentBadge("S3", "Core", 100)), segment_colour(None)
    ('0B3F73', 'B6BCC4')
    """
    if badge is None or badge.tint is None:
        return INACTIVE_COLOUR
    low, high = _lab(LOW_SEGMENT_COLOUR), _lab(HIGH_SEGMENT_COLOUR)
    roots = np.linalg.solve(_TO_LAB, low + badge.tint / 100 * (high - low))
    light = np.linalg.solve(_TO_CONE, roots**3).clip(0, 1)
    shown = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return "".join(f"{round(255 * value):02X}" for value in shown.tolist())


def readable_text_colour(colour: str) -> str:
    """Return a readable text colour for a background.

    >>> readable_text_colour("0B3F73"), readable_text_colour("B9D4EA")
    ('FFFFFF', '1A2027')
    """
    return PAPER_COLOUR if _lab(colour)[0] < 0.62 else INK_COLOUR


def _lab(colour: str) -> FloatArray:
    value = np.frombuffer(bytes.fromhex(colour), np.uint8) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(_TO_LAB @ np.cbrt(_TO_CONE @ light), np.float64)
