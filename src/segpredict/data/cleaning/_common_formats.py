"""Formats of strptime in which exports write times, simple ones first."""

DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y_%m_%d", "%Y:%m:%d", "%Y %m %d"),
    *("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d%m%Y", "%d_%m_%Y", "%d %m %Y"),
    *("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m%d%Y", "%m_%d_%Y", "%m %d %Y"),
    *("%y%m%d", "%d%m%y", "%m%d%y", "%d %b %y", "%d %b %Y", "%b %d %Y", "%d%b%Y", "%d%b%y"),
    *("%d-%b-%y", "%d-%b-%Y", "%d/%b/%Y", "%Y%b%d", "%Y%j", "%G-W%V-%u", "%Y年%m月%d日"),
)
CLOCKS = (
    *("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", "T%H:%M"),
    *("T%H%M%S", "T%H%M", "T%H%M%SZ", "T%H%M%S%z", " %H%M%S", " %H%M", "-%H%M%S", "_%H%M%S"),
    *(" %H.%M.%S", " %H.%M", ", %H.%M", "-%H.%M.%S%.f", " %I.%M.%S%.f %p", " %H-%M-%S"),
    *("-%H-%M-%S", "_%H-%M-%S", ":%H:%M:%S", ":%H:%M:%S %z", " %Hh%M", " %H:%M Uhr"),
    *(", %H:%M Uhr", " um %H:%M", " - %H:%M:%S", " - %H:%M", " | %H:%M", "/%H:%M:%S"),
)
COMMON_FORMATS = (
    *(date + clock for date in DATES for clock in CLOCKS),
    *(f"{clock} {date}" for date in DATES for clock in ("%H:%M:%S", "%H:%M")),
    *("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S UTC %Y"),
    *("%a %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT"),
    *("%a %d/%m/%Y", "%a %d.%m.%Y", "%a, %d.%m.%Y", "%a %m/%d/%Y", "%A %d/%m/%Y", "%A %m/%d/%Y"),
)
