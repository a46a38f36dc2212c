"""`manifest.json`: what `triage collect` asked for, when, and what it could not get.

    {"triage": "0.1.0", "cluster": {"name", "project", "location"}, "window": {"start": TIME, "end": TIME},
     "entries": "selected",                       only entries that a signal may want were asked for
     "gaps": [{"source", "reason", "remedy"}],
     "queries": [{"source", "filter", "requests", "entries"}]}

Every key may be absent; unknown ones are left alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from triage.evidence.asked import Query
from triage.evidence.fields import first_text, mapping, number, objects, text, time_ns
from triage.model.place import Gap

_MOST = 1000
"""Gaps and queries that are taken over; a collection has a few dozen."""


@dataclass(frozen=True)
class Manifest:
    """What a collection says of itself. Times are nanoseconds since the epoch."""

    cluster: str | None = None
    project: str | None = None
    location: str | None = None
    start: int | None = None
    end: int | None = None
    selected: bool = False
    """The entries are those that signals may want, not whole streams: their silence proves nothing."""
    gaps: tuple[Gap, ...] = ()
    queries: tuple[Query, ...] = ()


def parse_manifest(documents: Iterable[Any]) -> Manifest:
    """The first manifest among the documents; an empty one where there is none."""
    record = next((document for document in documents if isinstance(document, dict)), {})
    cluster = record.get("cluster")
    named = mapping(cluster) if isinstance(cluster, dict) else {"name": cluster}
    window = mapping(record.get("window"))
    gaps = tuple(
        Gap(source=source, reason=reason, remedy=text(gap.get("remedy")) or "")
        for gap in objects(record.get("gaps"))[:_MOST]
        if (source := text(gap.get("source"), 200)) and (reason := text(gap.get("reason")))
    )
    queries = tuple(
        Query(source, text(q.get("filter"), 20_000) or "", _count(q.get("requests")), _count(q.get("entries")))
        for q in objects(record.get("queries"))[:_MOST]
        if (source := text(q.get("source"), 200))
    )
    return Manifest(
        cluster=first_text(named, "name"),
        project=first_text(named, "project") or first_text(record, "project"),
        location=first_text(named, "location") or first_text(record, "location"),
        start=time_ns(window.get("start")),
        end=time_ns(window.get("end")),
        selected=record.get("entries") == "selected",
        gaps=gaps,
        queries=queries,
    )


def _count(value: Any) -> int:
    return max(0, int(number(value) or 0))
