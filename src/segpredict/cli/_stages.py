"""How long each stage of a command takes."""

import sys
import time
from collections.abc import Callable


class StageClock:
    """Measures stages, and says each when it is done; a command tells it its progress.

    Parameters
    ----------
    say
        Prints a line.
    show
        Shows what is at work now, and which share of all is done.

    Examples
    --------
    >>> clock = StageClock(print)
    >>> clock("reading", 0.0)
    >>> clock.stop()
       0.0 s  reading
    >>> list(clock.seconds)
    ['reading']
    """

    def __init__(
        self,
        say: Callable[[str], None],
        show: Callable[[str, float], None] = lambda _what, _share: None,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._say, self._show = say, show
        self._stage, self._begun = "", 0.0

    def __call__(self, what: str, share: float) -> None:
        stage = what.partition(" (")[0]  # how far it is stands in brackets
        if stage != self._stage:
            self.stop()
            self._stage, self._begun = stage, time.monotonic()
        self._show(what, share)

    def stop(self) -> None:
        """Finish the last stage."""
        if self._stage not in ("", "done"):
            seconds = time.monotonic() - self._begun
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + seconds
            self._say(f"{seconds:6.1f} s  {self._stage}")
        self._stage = ""

    def summary(self) -> str:
        """Return the time of all stages, of the longest, and the most memory used."""
        longest = max(self.seconds, key=self.seconds.__getitem__)
        most = f"longest: {longest}, {self.seconds[longest]:.1f} s"
        return f"{sum(self.seconds.values()):.1f} s ({most}){_peak_memory()}"


def _peak_memory() -> str:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return ""
    unit = 1 if sys.platform == "darwin" else 1024  # of what the system counts, in bytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**2
    return f", {peak:,.0f} MiB of memory"
