"""How Sphinx builds the site: `python docs/build_site.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import write_cli  # noqa: E402
import write_report_json  # noqa: E402

import segpredict  # noqa: E402

project = "segpredict"
release = segpredict.__version__
html_title = f"segpredict {release}"
project_copyright = "The segpredict developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "**/README.md"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False

# A site that is read from a folder, without a network: links between pages are checked by Sphinx.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
suppress_warnings = ["myst.header"]  # pages that are written by programs skip a level

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
napoleon_use_rtype = False
napoleon_use_ivar = True
nitpicky = True
# Types of other libraries, and of rooms that are no public names, are told and not linked.
nitpick_ignore_regex = [("py:.*", r"(?!segpredict\.\w+$).*")]


def setup(_):
    """Write the pages that say what the code says, before any page is read."""
    for name, text in {
        "cli.md": write_cli.document(),
        "report-json.md": write_report_json.document(),
    }.items():
        target = HERE / "reference" / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    return {"parallel_read_safe": True}
