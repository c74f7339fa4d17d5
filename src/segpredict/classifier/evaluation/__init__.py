"""How a model is tested: backtests on later windows, comparisons with baselines, leak checks."""
