"""Options of the explanations."""

from dataclasses import dataclass

from segpredict.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """How much is explained, and how the explanations are checked.

    Raises
    ------
    ConfigError
        When a number is too small.
    """

    # The most customers to explain; the sample is stratified by current segment.
    sample_rows: int = 2000
    # Models refitted on bootstrap samples of customers, for intervals; 0 for none.
    refits: int = 20
    permutation_repeats: int = 10  # How often each group of columns is shuffled on a test window.
    ablations: int = 5  # How many groups of columns are left out in turn, with the model refitted.

    def __post_init__(self) -> None:
        wrong = [name for name in ("sample_rows", "permutation_repeats") if getattr(self, name) < 1]
        wrong += [name for name in ("refits", "ablations") if getattr(self, name) < 0]
        if wrong:
            found = ", ".join(f"explain.{n} = {getattr(self, n)}" for n in wrong)
            raise ConfigError(
                f"The options of [explain] cannot be used: {found}.",
                fix="give sample_rows and permutation_repeats of one or more; refits and "
                "ablations of zero or more.",
            )
