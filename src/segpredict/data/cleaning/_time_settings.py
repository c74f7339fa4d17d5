"""What a person says of times."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """What a person says of times that the data cannot prove.

    Examples
    --------
    >>> TimeSettings("mdy").formats, TimeSettings(("%d.%m.%Y", "dmy")).formats
    (('mdy',), ('%d.%m.%Y', 'dmy'))
    """

    # ``dmy``, ``mdy``, ``ymd`` or a format of strptime, or several of them: each cell is read by
    # the first that fits
    format: str | tuple[str, ...] | None = None
    # the shop's zone, such as ``Europe/London``: times with an offset are brought into it, times
    # without one are taken to be in it
    timezone: str | None = None
    excel_epoch: int = 1900  # 1900 or 1904: from where the serial days of a spreadsheet count
    # years of two digits up to this one belong to 20xx, later ones to 19xx
    century_pivot: int | None = None
    section: str = "cleaning"  # the section of the config that holds these settings, for messages

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats to try, in order; none where the column is to prove its own."""
        given = self.format
        return () if given is None else (given,) if isinstance(given, str) else tuple(given)
