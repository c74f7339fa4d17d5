"""What follows for the business: key figures, transitions, customer value, campaigns, demand.

Out of transactions, segments and forecasts come tables; the subrooms do not import each other.
"""
