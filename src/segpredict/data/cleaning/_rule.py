"""A cleaning rule: it keeps some lines and may mark others."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from segpredict.config.cleaning import CleaningOptions


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule did.

    Parameters
    ----------
    lines
        The lines that stay, perhaps with new marks.
    noted_lines
        Those of them that deserve a word in the ledger.
    notes
        What else a reader should know, as sentences.
    """

    lines: pl.DataFrame
    noted_lines: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CleaningRule:
    """One rule.

    Parameters
    ----------
    name
        What config and ledger call it.
    meaning
        One sentence for readers.
    apply
        From the lines so far and the plan to an outcome. It never changes quantity,
        money or ids of a line that stays.
    """

    name: str
    meaning: str
    apply: Callable[[pl.DataFrame, CleaningOptions], RuleOutcome]
