"""The style of slides: the colours of the page, one typeface, one grid."""

from itertools import pairwise

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

_TO_CONE = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_CONE = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
RgbColour = tuple[float, float, float]


def segment_colour(badge: SegmentBadge | None) -> str:
    """Return the colour of a segment, as on the page; grey for inactive.

    Notes
    -----
    The page interpolates the two colours in Oklab (CSS ``color-mix``), which keeps the
    steps perceptually even; so does this (Ottosson 2020, "A perceptual color space").

    >>> segment_colour(SegmentBadge("S3", "Core", 100)), segment_colour(None)
    ('0B3F73', 'B6BCC4')
    """
    if badge is None or badge.tint is None:
        return INACTIVE_COLOUR
    low, high, part = _lab(LOW_SEGMENT_COLOUR), _lab(HIGH_SEGMENT_COLOUR), badge.tint / 100
    one, two, three = (a + part * (b - a) for a, b in zip(low, high, strict=True))
    return _hex((one, two, three))


def readable_text_colour(colour: str) -> str:
    """Return a readable text colour for a background.

    >>> readable_text_colour("0B3F73"), readable_text_colour("B9D4EA")
    ('FFFFFF', '1A2027')
    """
    return PAPER_COLOUR if _lab(colour)[0] < 0.62 else INK_COLOUR


def _lab(colour: str) -> RgbColour:
    ends = pairwise(range(0, 7, 2))
    light = [_linear(int(colour[a:b], 16) / 255) for a, b in ends]
    cone = _times(_TO_CONE, (light[0], light[1], light[2]))
    roots = (cone[0] ** (1 / 3), cone[1] ** (1 / 3), cone[2] ** (1 / 3))
    return _times(_TO_LAB, roots)


def _hex(lab: RgbColour) -> str:
    roots = _times(_FROM_LAB, lab)
    light = _times(_FROM_CONE, (roots[0] ** 3, roots[1] ** 3, roots[2] ** 3))
    return "".join(f"{round(255 * _gamma(min(max(v, 0), 1))):02X}" for v in light)


def _times(rows: tuple[RgbColour, RgbColour, RgbColour], by: RgbColour) -> RgbColour:
    one, two, three = (sum(a * b for a, b in zip(row, by, strict=True)) for row in rows)
    return one, two, three


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
