"""What was asked of the sources, and what became of what they gave."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tally:
    """What became of the entries that were read."""

    read: int = 0
    kept: int = 0
    outside_window: int = 0
    other_cluster: int = 0
    duplicates: int = 0
    malformed: int = 0


@dataclass(frozen=True)
class Query:
    """One read: which source was asked what, in how many requests, and how many records came."""

    source: str
    filter: str
    requests: int
    entries: int
