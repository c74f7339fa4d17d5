"""The results of a run as a deck of slides: native charts and speaker notes."""

from segpredict.report.deck.deck import render_deck, slide_pages

__all__ = ["render_deck", "slide_pages"]
