"""How the measures of all families are computed in one pass over the lines."""
