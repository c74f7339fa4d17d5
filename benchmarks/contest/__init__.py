"""The forecasting contest: every forecaster on public shops and in simulated worlds.

`contest` holds it, in `worlds` the truth is known, the `oracle` knows it, `challengers`
are judged here and never ship, `page` writes the tables. Start with `run.py --help`.
"""
