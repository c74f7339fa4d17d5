"""Every setting: one dataclass a section of the config file, read from TOML and ``--set``.

In: the name of a file or preset, and single settings. Out: `Config`, checked and frozen.
"""
