"""The forecast on the sample shop against what is true in it."""
