# ruff: noqa: D400
# %% [markdown]
"""# Score new customers from Python

A run is made once. Later, in another process, it scores customers who have bought since then: all
customers of a night, or one who is on the phone.
"""

# %% A run on the data up to October, and a shop that went on selling
import polars as pl

import segpredict
from segpredict.data.sample import sample

sales = sample.generate_sample(1500, seed=5).lines
options = {"classifier": {"families": ["rfm"], "bootstrap_draws": 100}, "time": {"test_windows": 1}}
segpredict.fit(sales, options, out="artifacts/score", as_of="2023-10-02", force=True)

# %% Load it: numbers and JSON, nothing that runs
predictor = segpredict.load("artifacts/score")
predictor

# %% Score everybody three months later: the frame reaches back over the look-back
scores = predictor.score(sales, as_of="2024-01-01")
scores.group_by("segment").agg(pl.len(), pl.col("expected_value").sum().round(2)).sort("segment")

# %% Customers whom the run had never seen: their first order came after October
known = sales.filter(pl.col("InvoiceDate").dt.date() < pl.date(2023, 10, 2))["CustomerID"]
unseen = scores.filter(~pl.col("customer_id").is_in(known.unique().implode()))
unseen.select("customer_id", "segment", "next_segment", pl.col("expected_value").round(2)).head()

# %% One customer alone gets the same numbers; `since` says when the shop's records begin
one = unseen["customer_id"][0]
alone = sales.filter(pl.col("CustomerID") == one)
single = predictor.score(alone, as_of="2024-01-01", since="2022-01-03")
single.equals(scores.filter(pl.col("customer_id") == one))

# %% Why
why = predictor.explain(sales, as_of="2024-01-01", customers=one)
why.reasons["text"].to_list()
