"""The report of a run: one HTML page, and the same contexts as JSON, Markdown, deck and BI."""

from segpredict.report.check import CHECK_SECTIONS
from segpredict.report.context import SECTIONS
from segpredict.report.html.page import render_check_page, render_html, section_contexts
from segpredict.report.input import CheckInput, ReportInput, ReportSection
from segpredict.report.markdown import render_markdown

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
