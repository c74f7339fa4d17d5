"""A cleaning rule: it keeps some lines and may mark others."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from segpredict.config.cleaning import CleaningOptions


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule did."""

    lines: pl.DataFrame  # the lines that stay, perhaps with new marks
    noted_lines: pl.DataFrame | None = None  # those of them that deserve a word in the ledger
    notes: tuple[str, ...] = ()  # what else a reader should know, as sentences
    changes_money: bool = False  # whether lines that stay have less money than before


@dataclass(frozen=True, slots=True)
class CleaningRule:
    """One rule."""

    name: str  # what config and ledger call it
    meaning: str  # one sentence for readers
    # From the lines so far and the plan to an outcome. It never changes quantity or ids of a line
    # that stays, and its money only where the outcome says so.
    apply: Callable[[pl.DataFrame, CleaningOptions], RuleOutcome]
