"""Print what each field of ``report.json`` means: ``python -m segpredict.report``."""

import sys

from segpredict.report import document

if __name__ == "__main__":
    sys.stdout.write(document())
