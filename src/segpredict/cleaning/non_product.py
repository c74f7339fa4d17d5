"""Postage, fees, vouchers and fixes: codes that stand for no product."""

import re

import polars as pl

from segpredict.cleaning._plan import PRODUCT_CODES, CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    if not plan.product_codes:
        return Outcome(lines)
    pattern = re.compile("|".join(f"(?:{code})" for code in plan.product_codes))
    codes = lines["product_id"].drop_nulls().unique()
    banned = [code for code in codes if pattern.fullmatch(code)]
    kept = without(lines, pl.col("product_id").is_in(banned))
    idle = [
        code
        for code in plan.product_codes
        if code not in PRODUCT_CODES and not any(re.fullmatch(code, b) for b in banned)
    ]
    if not idle:
        return kept
    told = f"No product code matches {', '.join(idle)} (cleaning.product_codes)."
    return Outcome(kept.lines, notes=(told,))


PART = Rule("non_product", 40, "The code stands for no product.", _apply)
