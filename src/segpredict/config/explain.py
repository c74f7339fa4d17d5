"""Options of the explanations."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import NonNegativeInt, PositiveInt

from segpredict.config.fill import Options


@dataclass(frozen=True, slots=True)
class ExplainOptions(Options):
    """How much is explained, and how the explanations are checked."""

    section: ClassVar[str] = "explain"
    # The most customers to explain; the sample is stratified by current segment.
    sample_rows: PositiveInt = 2000
    # Models refitted on bootstrap samples of customers, for intervals; 0 for none.
    refits: NonNegativeInt = 20
    # How often each group of columns is shuffled on a test window.
    permutation_repeats: PositiveInt = 10
    # How many groups of columns are left out in turn, with the model refitted.
    ablations: NonNegativeInt = 5
