"""A person's data: what is held, its erasure from every place at once, and proof of it."""

from segpredict.privacy.erasure import erase_people, find_people
from segpredict.privacy.export import export_person
from segpredict.privacy.places import Places
from segpredict.privacy.retention import remove_older

__all__ = ["Places", "erase_people", "export_person", "find_people", "remove_older"]
