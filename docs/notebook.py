# ruff: noqa: D400
# %% [markdown]
"""# A shop in a notebook, with pandas

Cells of `# %%` are read by Jupyter (jupytext), VS Code, PyCharm and Spyder. The tests run this
file cell by cell, and the cell of the fit twice.
"""

# %% A shop: here a simulated one; yours comes from `pd.read_csv` or a query
import pandas as pd

import segpredict
from segpredict.data.sample import sample

sales = sample.generate_sample(400, seed=3).lines.to_pandas()
sales["CustomerID"] = pd.to_numeric(sales["CustomerID"])  # numbers, missing for guests
sales["Country"] = sales["Country"].astype("category")
sales = sales.set_index("InvoiceDate")
sales.head()

# %% Fit: options are a preset's name, a path, or the settings that differ from the defaults
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

# %% The first sentence of the page; `docs/report-json.md` describes all fields
report.to_json()["sections"]["headline"]["sentence"]

# %% Score: a table of pandas, since the sales are one; a Timestamp is a day
cutoff = pd.Timestamp("2023-12-01 09:30", tz="Europe/London")
scores = predictor.score(sales, as_of=cutoff)
scores.groupby("segment")["value_at_risk"].agg(["size", "sum"])

# %% Whom to call: the most value at risk
to_call = scores.nlargest(5, "value_at_risk")
to_call[["customer_id", "segment", "next_segment", "value_at_risk"]]

# %% Explain one of them; their number is as good as its text
customer = int(to_call["customer_id"].iloc[0])
why = predictor.explain(sales, as_of=cutoff, customers=customer)
why.reasons.to_pandas()[["direction", "text"]]

# %% The last orders of that customer
sales[sales["CustomerID"] == customer].tail(3)
