"""Anything a shop exports becomes `Transactions`.

In: files, frames or a store. Out: cleaned lines with a ledger that accounts for every row.
"""
