"""Raw lines and a config → the cleaned shop with its side tables."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from segpredict import cleaning, companions
from segpredict.cleaning import CleaningPlan
from segpredict.config import Config
from segpredict.core.types import Day
from segpredict.tables import RawLines, Transactions
from segpredict.window import day_number


def way(plan: CleaningPlan) -> Literal["fail", "carry"]:
    """Return what sources do with a record that is no row, so that cleaning decides."""
    return "fail" if plan.on_bad_rows == "fail" else "carry"


def cleaned(
    raw: RawLines, config: Config, as_of: Day, beside: Path | None
) -> Transactions:
    """Clean lines, priced by the products table where they have no price."""
    tables = companions.read(config.companions, beside)
    plan = config.cleaning
    if as_of is not None:
        plan = replace(plan, as_of=day_number(as_of))
    shop = cleaning.clean(companions.priced(raw, tables), plan)
    return replace(shop, companions=tables)
