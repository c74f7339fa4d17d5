"""Score customers: one path for Python, the command line and nightly batches.

In: a saved run's model and new transactions. Out: segment, probabilities, expected value and
reasons for every customer, and the history of such scores.
"""
