"""The service: a finished run behind HTTP, with the orders that come in between two runs."""
