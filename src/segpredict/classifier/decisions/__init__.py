"""Decisions: calibration, prediction sets, decision rules, and the inner validation of them."""
