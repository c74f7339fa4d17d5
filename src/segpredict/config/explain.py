"""How much to explain, and how hard the explanation is tried."""

from dataclasses import dataclass

from segpredict.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """How much to explain, and how hard the explanation is tried.

    Parameters
    ----------
    sample_rows
        The most customers to explain; the sample is stratified by current segment.
    refits
        Models fitted anew on other draws of customers, for intervals; 0 leaves the
        cross-check out.
    permutation_repeats
        Times that each group of columns is shuffled on a test.
    ablations
        Groups without which the trees are fitted again.

    Raises
    ------
    ConfigError
        When a number is too small.
    """

    sample_rows: int = 2000
    refits: int = 20
    permutation_repeats: int = 10
    ablations: int = 5

    def __post_init__(self) -> None:
        wrong = [name for name in ("sample_rows", "permutation_repeats") if getattr(self, name) < 1]
        wrong += [name for name in ("refits", "ablations") if getattr(self, name) < 0]
        if wrong:
            found = ", ".join(f"explain.{n} = {getattr(self, n)}" for n in wrong)
            raise ConfigError(
                f"The options of the explanation cannot be used: {found}.",
                fix="give rows and repeats of one or more; refits and ablations of zero or more.",
            )
