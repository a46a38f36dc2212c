"""What was looked at, what was missing, and how to do it again."""

from dataclasses import dataclass

from triage.model.incident import CoverageRow, Incident, QueryRecord
from triage.model.links import logs_query_url
from triage.render import words
from triage.render.redact import Replaced
from triage.render.view.tables import Time, time_of


@dataclass(frozen=True)
class Spoke:
    """One stream, and the part of the window in which it spoke, as percentages of the window."""

    row: CoverageRow
    first: Time | None
    last: Time | None
    left: float
    width: float


@dataclass(frozen=True)
class Query:
    """One read, with the link that opens it in Logs Explorer."""

    record: QueryRecord
    link: str | None
    """None where the project is unknown, or where no address could hold the filter."""


@dataclass(frozen=True)
class Coverage:
    """What was read, and what of it was left aside."""

    spoke: tuple[Spoke, ...]
    figures: tuple[tuple[str, str], ...]
    ignored_files: tuple[str, ...]


def coverage(incident: Incident) -> Coverage:
    """Streams and counts of the reading."""
    read = incident.provenance
    figures = [
        ("Entries read", read.entries_read), ("Entries kept", read.entries_kept),
        ("Outside the window", read.outside_window), ("Of other clusters", read.other_cluster),
        ("Duplicates dropped", read.duplicates), ("Lines that are no entries", read.malformed),
    ]  # fmt: skip
    return Coverage(
        spoke=tuple(_spoke(incident, row) for row in read.coverage[:60]),
        figures=tuple((label, f"{value:,}") for label, value in figures if value or label.startswith("Entries")),
        ignored_files=read.ignored_files[:40],
    )


def _spoke(incident: Incident, row: CoverageRow) -> Spoke:
    start, end = incident.window.start, incident.window.end
    whole = max(1.0, (end - start).total_seconds())
    if row.first is None or row.last is None:
        return Spoke(row, None, None, 0.0, 0.0)
    left = min(100.0, max(0.0, 100 * (row.first - start).total_seconds() / whole))
    right = min(100.0, max(left, 100 * (row.last - start).total_seconds() / whole))
    return Spoke(
        row, time_of(row.first), time_of(row.last, row.first), round(left, 2), round(max(0.5, right - left), 2)
    )


def queries(incident: Incident) -> tuple[Query, ...]:
    """Every read with a filter, to be done again by hand."""
    window, project = incident.window, incident.cluster.project
    return tuple(
        Query(one, logs_query_url(one.filter, project, window.start, window.end))
        for one in incident.provenance.queries[:60]
        if one.filter
    )


def read_whole(incident: Incident) -> str:
    """What was read without a filter, and how much of it, in a sentence; empty where nothing was."""
    reads = [f"{one.source} ({one.entries:,})" for one in incident.provenance.queries if not one.filter and one.entries]
    return f"Read whole, without a filter: {words.listed(reads, 12)}." if reads else ""


def explorer_link(incident: Incident) -> str | None:
    """What opens Logs Explorer over the window, for a filter that no address can hold; None without a project."""
    window = incident.window
    return logs_query_url("-- Paste the filter here", incident.cluster.project, window.start, window.end)


_KINDS = {
    "authorization": ("authorization header", "authorization headers"),
    "email": ("e-mail address", "e-mail addresses"),
    "ip": ("IP address", "IP addresses"),
    "jwt": ("JSON web token", "JSON web tokens"),
}


def _called(kind: str) -> tuple[str, str]:
    singular = kind.replace("-", " ")
    return _KINDS.get(kind, (singular, f"{singular}s"))


def redaction_sentence(replaced: tuple[Replaced, ...], *, redacted: bool) -> str:
    """What was replaced, by kind and count, in one sentence."""
    if not redacted:
        return "Nothing was redacted: this report may hold addresses, tokens and other secrets that were in the logs."
    if not replaced:
        return "Redaction was on; nothing had to be replaced."
    kinds = [f"{words.count(one.values, *_called(one.kind))} in {words.count(one.places, 'place')}" for one in replaced]
    return f"Replaced by placeholders that keep values apart: {words.listed(kinds, 12)}."
