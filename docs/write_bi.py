"""Write ``bi.md``, the data dictionary, from the declarations of the tables."""

from pathlib import Path

from segpredict.bi import document

if __name__ == "__main__":
    Path(__file__).with_name("bi.md").write_text(document(), encoding="utf-8")
