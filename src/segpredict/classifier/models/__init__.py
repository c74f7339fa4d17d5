"""The models: XGBoost, BG/NBD, their blend, and plain baselines, one a file."""
