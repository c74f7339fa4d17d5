"""What follows for the business: key figures, transitions, customer value, campaigns, demand.

In: transactions, a segmentation, a trained classifier and its scores. Out: tables. The subrooms
do not import each other.
"""
