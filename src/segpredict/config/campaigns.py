"""Options of campaigns, their tests and their control groups."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from segpredict.config.fill import Options, Probability
from segpredict.errors import ConfigError

MAX_HOLDOUT_SHARE = 0.5  # a larger control group than the contacted one is no campaign


@dataclass(frozen=True, slots=True)
class CampaignOptions(Options):
    """Which campaigns there are, and how their tests are drawn and planned."""

    section: ClassVar[str] = "campaigns"
    # A TOML file of campaigns; empty for those that come with the package.
    campaigns_file: str = ""
    # Whether the file replaces the package's campaigns instead of adding to them.
    replace_defaults: bool = False
    # Share of all customers in the control group, whom no campaign contacts.
    holdout_share: Annotated[float, Field(gt=0, le=MAX_HOLDOUT_SHARE)] = 0.10
    # Secret of the random assignment: set your own, since with it the control group can be
    # computed.
    assignment_key: str = "segpredict"
    # The folder that records the campaigns that were run; empty for ``experiments`` next to the
    # run.
    experiments_folder: str = ""
    alpha: Probability = 0.05  # Two-sided significance level of the planned tests.
    # Probability that a planned test detects the stated uplift if it is real.
    power: Probability = 0.80

    def __post_init__(self) -> None:
        super(CampaignOptions, self).__post_init__()
        self.require({"a power above alpha": self.alpha < self.power})
        if self.replace_defaults and not self.campaigns_file:
            raise ConfigError(
                "campaigns.replace_defaults is set, but no file of campaigns is named.",
                fix="name a TOML file with campaigns.campaigns_file.",
            )
