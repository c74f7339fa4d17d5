# ruff: noqa: D400
# %% [markdown]
"""# From segments to a campaign with a control group

A list is drawn on 2 October from what was known then, and read out three months later. No campaign
took place in this invented shop, so the two arms should come out equal within chance: such an A/A
test shows that the readout itself claims nothing.
"""

# %% A run on what was known on 2 October
from pathlib import Path

import polars as pl

import segpredict
from segpredict import pipeline
from segpredict.data.sample import sample

START, READOUT = pl.date(2023, 10, 2), pl.date(2024, 1, 1)
sales = sample.generate_sample(3000, seed=3).lines
options = {"classifier": {"families": ["rfm"], "bootstrap_draws": 100}, "time": {"test_windows": 1}}
segpredict.fit(sales, options, out="artifacts/october", as_of="2023-10-02", force=True)

# %% The campaigns: how many customers, and how many a test would need in each arm
campaigns = pipeline.list_campaigns("artifacts/october")
campaigns.select("campaign", "n", pl.col("value_at_stake").round(0), "base_rate", "per_arm")

# %% Draw the list, half of it as the control group, and record it before anybody is contacted
request = pipeline.CampaignRequest(
    "remind_occasional", Path("remind.csv"), holdout_share=0.5, author="Ann"
)
record = pipeline.draw_campaign("artifacts/october", request, created="2023-10-02 09:00")
record["arms"], record["readout"]

# %% The list: only `treatment` is contacted
drawn = pl.read_csv("remind.csv", schema_overrides={"customer_id": pl.String})
drawn.select("rank", "customer_id", "arm", "segment", "next_segment").head()

# %% The readout: who of each arm bought in the three months, contacted or not
day = pl.col("InvoiceDate").dt.date()
bought = sales.filter(day >= START, day < READOUT)["CustomerID"].unique()
outcome = drawn.with_columns(
    is_treated=pl.col("arm") == "treatment", is_buyer=pl.col("customer_id").is_in(bought.implode())
)
arms = outcome.group_by("is_treated").agg(n=pl.len(), share=pl.col("is_buyer").mean())
arms = arms.sort("is_treated").with_columns(pl.col("share").round(3))
arms

# %% The uplift and its 95 % interval: without a campaign it holds zero, 19 times in 20
control, treated = arms.to_dicts()
uplift = treated["share"] - control["share"]
variance = sum(arm["share"] * (1 - arm["share"]) / arm["n"] for arm in (control, treated))
f"{uplift:+.3f}, from {uplift - 1.96 * variance**0.5:+.3f} to {uplift + 1.96 * variance**0.5:+.3f}"
