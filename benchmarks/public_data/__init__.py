"""Public data sets, from where their owners publish them."""
