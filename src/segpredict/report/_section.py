"""What a section is: a title, a place on the page, and a context worked out for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page.

    Parameters
    ----------
    order
        Where it stands: low numbers come first.
    title
        Its heading.
    build
        Works out the context, a frozen dataclass, from the page's input (`ReportInput`
        or `CheckInput`); ``None`` leaves the section out.

    Notes
    -----
    A section ``sections/name.py`` is placed by ``sections/name.html``, which finds the
    context as ``it``. Without such a file its fields are placed one under another.
    """

    order: int
    title: str
    build: Callable[[Any], Any]
