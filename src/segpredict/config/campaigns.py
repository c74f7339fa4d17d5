"""Options of campaigns, their tests and their control groups."""

from dataclasses import dataclass

from segpredict.errors import ConfigError

MAX_HOLDOUT_SHARE = 0.5  # a larger control group than the contacted one is no campaign


@dataclass(frozen=True, slots=True)
class CampaignOptions:
    """Which campaigns there are, and how their tests are drawn and planned.

    Raises
    ------
    ConfigError
        When a share lies outside its range.
    """

    # A TOML file of campaigns; empty for those that come with the package.
    campaigns_file: str = ""
    # Whether the file replaces the package's campaigns instead of adding to them.
    replace_defaults: bool = False
    # Share of all customers in the control group, whom no campaign contacts.
    holdout_share: float = 0.10
    # Secret of the random assignment: set your own, since with it the control group can be
    # computed.
    assignment_key: str = "segpredict"
    # The folder that records the campaigns that were run; empty for ``experiments`` next to the
    # run.
    experiments_folder: str = ""
    alpha: float = 0.05  # Two-sided significance level of the planned tests.
    power: float = 0.80  # Probability that a planned test detects the stated uplift if it is real.

    def __post_init__(self) -> None:
        ranges = {
            "holdout_share": 0 < self.holdout_share <= MAX_HOLDOUT_SHARE,
            "alpha": 0 < self.alpha < 1,
            "power": self.alpha < self.power < 1,
        }
        for name, is_valid in ranges.items():
            if not is_valid:
                raise ConfigError(
                    f"campaigns.{name} = {getattr(self, name)} cannot be used.",
                    fix=f"give a holdout of at most {MAX_HOLDOUT_SHARE}, an alpha below 1 and "
                    "a power between the two; all above zero.",
                )
        if self.replace_defaults and not self.campaigns_file:
            raise ConfigError(
                "campaigns.replace_defaults is set, but no file of campaigns is named.",
                fix="name a TOML file with campaigns.campaigns_file.",
            )
