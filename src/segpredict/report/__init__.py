"""What a run found, as one page for people and the same facts as JSON."""

from segpredict.report._input import CheckInput, ReportInput, Section
from segpredict.report._markdown import markdown
from segpredict.report._page import check_page, contexts, render
from segpredict.report.findings import FINDINGS
from segpredict.report.sections import SECTIONS

__all__ = [
    "FINDINGS",
    "SECTIONS",
    "CheckInput",
    "ReportInput",
    "Section",
    "check_page",
    "contexts",
    "markdown",
    "render",
]
