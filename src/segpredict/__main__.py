"""Let ``python -m segpredict`` be the command line."""

from segpredict.cli import main

if __name__ == "__main__":
    main()
