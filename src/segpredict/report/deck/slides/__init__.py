"""The slides of the deck; one file each, no page without its notes."""

from segpredict.registry import Registry
from segpredict.report.deck._slide import Slide

SLIDES = Registry("segpredict.report.deck.slides", Slide)
