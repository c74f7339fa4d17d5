"""What a run found, as one page for people and the same facts as JSON."""

from segpredict.report._input import CheckInput, ReportInput, ReportSection
from segpredict.report._markdown import render_markdown
from segpredict.report._page import render_check_page, render_html, section_contexts
from segpredict.report.findings import CHECK_SECTIONS
from segpredict.report.sections import SECTIONS

__all__ = [
    "CHECK_SECTIONS",
    "SECTIONS",
    "CheckInput",
    "ReportInput",
    "ReportSection",
    "render_check_page",
    "render_html",
    "render_markdown",
    "section_contexts",
]
