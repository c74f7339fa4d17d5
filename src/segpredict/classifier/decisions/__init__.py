"""From probabilities to decisions: calibration, decision rule, prediction sets, inner validation."""
