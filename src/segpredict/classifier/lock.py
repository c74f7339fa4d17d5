"""Remember who has looked at the final test, so that a second look is not a first one.

Whoever tries settings until the final test reads well has fitted to it, and its number
says nothing more. The lock cannot forbid that; it keeps it from being forgotten.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from segpredict.tables import JSON
from segpredict.window import as_date, day_number

# Settings that change no forecast.
ASIDE = ("threads", "explain")


@dataclass(frozen=True, slots=True)
class Opening:
    """One look at the final test.

    Parameters
    ----------
    config
        SHA-256 of the settings.
    created
        When, as the door told it.
    """

    config: str
    created: str


@dataclass(frozen=True, slots=True)
class Lock:
    """The looks at one final test.

    Parameters
    ----------
    data
        Fingerprint of the canonical lines.
    cutoff
        The day of the test.
    openings
        One for each different setting, oldest first.
    """

    data: str
    cutoff: int
    openings: tuple[Opening, ...] = ()

    def opened(self, config: JSON, created: str) -> "Lock":
        """Return the lock after a look; the same settings again are no new look."""
        mark = digest(config)
        if any(opening.config == mark for opening in self.openings):
            return self
        looks = (*self.openings, Opening(mark, created))
        return Lock(self.data, self.cutoff, looks)

    @property
    def note(self) -> str:
        """A sentence where more than one setting has looked; else empty."""
        if len(self.openings) < 2:
            return ""
        first = self.openings[0].created
        since = f", first on {first}" if first else ""
        return (
            f"The final test of {as_date(self.cutoff)} was opened with "
            f"{len(self.openings)} different settings{since}: whoever chose among them "
            "by its numbers has tuned on it, and they flatter."
        )

    def state(self) -> JSON:
        """Return the lock as JSON."""
        return {**asdict(self), "cutoff": as_date(self.cutoff).isoformat()}

    @classmethod
    def from_state(cls, state: JSON) -> "Lock":
        """Return the lock that gave a state."""
        looks = tuple(Opening(**opening) for opening in state["openings"])
        return cls(state["data"], day_number(state["cutoff"]), looks)

    def joined(self, state: JSON) -> "Lock":
        """Return this lock with the looks of a stored one, if it is of this test.

        Each setting counts once, by its first look as it was told.
        """
        if not isinstance(state, Mapping):
            return self
        same = (self.data, as_date(self.cutoff).isoformat())
        if (state.get("data"), state.get("cutoff")) != same:
            return self
        mine = {opening.config for opening in self.openings}
        others = Lock.from_state(state).openings
        new = [opening for opening in others if opening.config not in mine]
        looks = sorted((*self.openings, *new), key=lambda opening: opening.created)
        return Lock(self.data, self.cutoff, tuple(looks))


def digest(config: JSON) -> str:
    """Return the SHA-256 of settings, in any order, without those that change nothing.

    Examples
    --------
    >>> digest({"seed": 1, "threads": 2}) == digest({"threads": 8, "seed": 1})
    True
    """
    kept = {name: value for name, value in config.items() if name not in ASIDE}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
