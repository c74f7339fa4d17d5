"""What may be set about plays, their tests and who is left alone."""

from dataclasses import dataclass

from segpredict.errors import ConfigError

MAX_HOLDOUT_SHARE = 0.5  # more left alone than contacted is no campaign


@dataclass(frozen=True, slots=True)
class CampaignOptions:
    """Which plays there are, and how their tests are drawn and planned.

    Parameters
    ----------
    campaigns_file
        A TOML file of plays; empty for those that come with the package.
    replace_defaults
        Whether the file stands alone, instead of being added to the package's plays.
    holdout_share
        Share of all customers who are left alone by every campaign.
    assignment_key
        Secret of the lottery: who knows it can tell who will be left alone.
    experiments_folder
        The folder of what was tried; empty for ``experiments_folder`` beside the run.
    alpha, power
        Two-sided level of the planned tests, and the chance to see the stated uplift if
        it is there.

    Raises
    ------
    ConfigError
        When a share lies outside its range.
    """

    campaigns_file: str = ""
    replace_defaults: bool = False
    holdout_share: float = 0.10
    assignment_key: str = "segpredict"
    experiments_folder: str = ""
    alpha: float = 0.05
    power: float = 0.80

    def __post_init__(self) -> None:
        ranges = {
            "holdout_share": 0 < self.holdout_share <= MAX_HOLDOUT_SHARE,
            "alpha": 0 < self.alpha < 1,
            "power": self.alpha < self.power < 1,
        }
        for name, is_sound in ranges.items():
            if not is_sound:
                raise ConfigError(
                    f"actions.{name} = {getattr(self, name)} cannot be used.",
                    fix=f"give a holdout of at most {MAX_HOLDOUT_SHARE}, an alpha below 1 and "
                    "a power between the two; all above zero.",
                )
        if self.replace_defaults and not self.campaigns_file:
            raise ConfigError(
                "campaigns.replace_defaults is set, and no playbook is named to take the place.",
                fix="name a TOML file with campaigns.campaigns_file.",
            )
