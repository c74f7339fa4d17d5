"""The sections of the page, one a file, beside its template of the same name."""

from segpredict.registry import Registry
from segpredict.report._section import Section

SECTIONS = Registry(__name__, Section)
