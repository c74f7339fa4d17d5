"""What a person says of times."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """What a person says of times that the data cannot prove.

    Parameters
    ----------
    format
        ``dmy``, ``mdy``, ``ymd`` or a format of strptime, or several of them: each cell is
        read by the first that fits.
    timezone
        The shop's zone, such as ``Europe/London``: times with an offset are brought
        into it, times without one are taken to be in it.
    excel_epoch
        1900 or 1904: from where the serial days of a spreadsheet count.
    century_pivot
        Years of two digits up to this one belong to 20xx, later ones to 19xx.
    section
        The section of the config that holds these settings, for messages.

    Examples
    --------
    >>> TimeSettings("mdy").formats, TimeSettings(("%d.%m.%Y", "dmy")).formats
    (('mdy',), ('%d.%m.%Y', 'dmy'))
    """

    format: str | tuple[str, ...] | None = None
    timezone: str | None = None
    excel_epoch: int = 1900
    century_pivot: int | None = None
    section: str = "cleaning"

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats to try, in order; none where the column is to prove its own."""
        given = self.format
        return () if given is None else (given,) if isinstance(given, str) else tuple(given)
