"""Decisions: prediction sets, decision rules, and the inner validation of them."""
