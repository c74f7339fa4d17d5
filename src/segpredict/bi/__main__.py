"""Print the data dictionary: ``python -m segpredict.bi``."""

import sys

from segpredict.bi import document

if __name__ == "__main__":
    sys.stdout.write(document())
