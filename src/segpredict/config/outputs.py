"""Options of what is made of the forecasts: value, demand, explanations, campaigns, report."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeInt, PositiveInt

from segpredict.config.fill import Options, Probability
from segpredict.errors import ConfigError

MAX_HOLDOUT_SHARE = 0.5  # a larger control group than the contacted one is no campaign


@dataclass(frozen=True, slots=True)
class CustomerValueOptions(Options):
    """How later money is discounted."""

    section: ClassVar[str] = "customer_value"
    # Yearly rate d: money a year from now counts 1 / (1 + d).
    discount_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.10


@dataclass(frozen=True, slots=True)
class DemandOptions(Options):
    """How much to order up to."""

    section: ClassVar[str] = "demand"
    # Probability of meeting demand (the critical ratio) of products whose price or cost is unknown,
    # and of whole categories.
    service_level: Probability = 0.9
    # Salvage value of a unit left over, as a share of its cost.
    salvage_share: Annotated[float, Field(ge=0, lt=1)] = 0.0


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

    def _check(self) -> None:
        self.require({"a power above alpha": self.alpha < self.power})
        if self.replace_defaults and not self.campaigns_file:
            raise ConfigError(
                "campaigns.replace_defaults is set, but no file of campaigns is named.",
                fix="name a TOML file with campaigns.campaigns_file.",
            )


@dataclass(frozen=True, slots=True)
class ReportOptions(Options):
    """What the report shows."""

    section: ClassVar[str] = "report"
    # Whether the report lists single customers with their ids. Without them it can be sent where
    # ids must not go.
    show_customers: bool = True
    max_listed: NonNegativeInt = 10  # How many customers of a segment the page lists, at most.
