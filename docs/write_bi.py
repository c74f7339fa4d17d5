"""Write ``bi.md``, the data dictionary, from the declarations of the tables."""

from pathlib import Path

from segpredict.report.bi import render_data_dictionary

if __name__ == "__main__":
    target = Path(__file__).parent / "reference" / "bi.md"
    target.write_text(render_data_dictionary(), encoding="utf-8")
