"""The sections of the page of `segpredict check`, one a file, beside its template."""

from segpredict.registry import Registry
from segpredict.report._section import Section

FINDINGS = Registry(__name__, Section)
