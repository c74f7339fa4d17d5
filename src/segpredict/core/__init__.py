"""The foundations: values, schemas, the order key, disk and registry.

In: nothing. Out: what every other room stands on. Loading it gives errors their wording.
"""

from segpredict.core import wording as wording
