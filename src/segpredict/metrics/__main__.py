"""Print the page of metric definitions: ``python -m segpredict.metrics``."""

import sys

from segpredict.metrics import document

if __name__ == "__main__":
    sys.stdout.write(document())
