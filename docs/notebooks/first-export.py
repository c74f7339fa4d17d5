# ruff: noqa: D400
# %% [markdown]
"""# Your first export

From a CSV to the customers to call. Every page of this section is a Python file with cells
(`# %%`) that Jupyter (with jupytext), VS Code, PyCharm and Spyder open as a notebook.
"""

# %% A shop: here an invented one is written; yours is the CSV of your shop system
import pandas as pd

import segpredict
from segpredict.data.sample import sample

sample.write_sample(sample.generate_sample(400, seed=3), "shop")
sales = pd.read_csv("shop/transactions.csv", parse_dates=["InvoiceDate"])
sales.head()

# %% Fit: options are the settings that differ from the defaults; these only save time
options = {
    "segmentation": {"n_init": 3},
    "classifier": {"families": ["rfm"], "bootstrap_draws": 100, "baselines": ["prior", "markov"]},
    "time": {"test_windows": 1},
    "explain": {"sample_rows": 200},
}
predictor = segpredict.fit(sales, options, out="artifacts/notebook", force=True)
predictor

# %% Look: the page, in a frame of its own
report = segpredict.Report("artifacts/notebook")
report

# %% The first sentence of the page
report.to_json()["sections"]["headline"]["sentence"]

# %% Score: a Timestamp is a day
cutoff = pd.Timestamp("2023-12-01 09:30", tz="Europe/London")
scores = predictor.score(sales, as_of=cutoff)
scores.groupby("segment")["value_at_risk"].agg(["size", "sum"]).round(2)

# %% Whom to call: the most value at risk
to_call = scores.nlargest(5, "value_at_risk")
to_call[["customer_id", "segment", "next_segment", "value_at_risk"]].round(2)

# %% Explain one of them; their number is as good as its text
customer = int(to_call["customer_id"].iloc[0])
why = predictor.explain(sales, as_of=cutoff, customers=customer)
why.reasons["text"].to_list()

# %% The last orders of that customer
sales[sales["CustomerID"] == customer].tail(3)
