"""What the two challengers that need a package of their own have in common."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from segpredict.classifier import booster
from segpredict.classifier.lesson import Lesson

INSTALL = "pip install 'segpredict[challengers]'"


def is_installed(library: str) -> bool:
    """Return whether a package is there, without loading it.

    Examples
    --------
    >>> is_installed("json"), is_installed("no_such_package")
    (True, False)
    """
    return find_spec(library) is not None


def loaded(library: str) -> Any:
    """Return a package, loaded only now: a run without it must not need it."""
    return import_module(library)


def rounds(lesson: Lesson, known: Callable[[Lesson, Lesson], int]) -> int:
    """Return for how long to grow: by the validation origins, as the booster does."""
    if not lesson.validation:
        return lesson.options.fallback
    best = known(lesson.at(lesson.fitting), lesson.at(lesson.validation))
    return booster.grown(lesson, best)
