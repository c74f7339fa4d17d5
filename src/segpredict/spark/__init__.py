"""The same functions on a Spark table of any size, one partition of whole customers at a time.

In: a DataFrame of PySpark, or the name of a table. Out: a DataFrame that Spark computes when it
is asked, value for value what one machine gives. Spark splits rows by customer; everything that
is computed is a function of one customer's rows.
"""

from segpredict.spark.by_customer import features, score, store_sample, transitions
from segpredict.spark.raw_lines import clean_ledger, ingest

__all__ = ["clean_ledger", "features", "ingest", "score", "store_sample", "transitions"]
