"""Addresses in Logs Explorer that reopen exactly what a sentence rests on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from triage.units import format_time

CONSOLE = "https://console.cloud.google.com"
_LONGEST = 8000
"""The console's front end refuses longer addresses; such a query is given as text alone."""


def logs_query_url(query: str, project: str | None, start: datetime, end: datetime) -> str | None:
    """The address that opens `query` over that time in Logs Explorer.

    The form is that of Logs Explorer's own "Share link": `/logs/query;query=…;timeRange=START%2FEND?project=P`,
    times in RFC 3339. None where the project is unknown or the address would be too long to open.
    """
    if not project or not query:
        return None
    span = f"{format_time(start)}/{format_time(end)}"
    url = f"{CONSOLE}/logs/query;query={quote(query, safe='')};timeRange={quote(span, safe='')}"
    url += f"?project={quote(project, safe='')}"
    return url if len(url) <= _LONGEST else None


def log_entry_filter(insert_id: str, timestamp: datetime, log_name: str | None = None) -> str:
    """The filter that finds one entry again: its insert id, within a millisecond of its time, in its log."""
    around = timedelta(milliseconds=1)
    parts = [
        f"insertId={quoted(insert_id)}",
        f'timestamp>="{format_time(timestamp - around)}"',
        f'timestamp<="{format_time(timestamp + around)}"',
    ]
    if log_name:
        parts.insert(0, f"logName={quoted(log_name)}")
    return "\n".join(parts)


def log_entries_filter(insert_ids: Sequence[str]) -> str:
    """The filter that finds these entries again, whatever says them."""
    return f"insertId=({' OR '.join(quoted(one) for one in dict.fromkeys(insert_ids))})"


def log_entry_url(
    insert_id: str | None, timestamp: datetime, project: str | None, log_name: str | None = None
) -> str | None:
    """The address that opens one entry in Logs Explorer; None without an insert id or a project."""
    if not insert_id:
        return None
    minute = timedelta(minutes=1)
    return logs_query_url(
        log_entry_filter(insert_id, timestamp, log_name), project, timestamp - minute, timestamp + minute
    )


def quoted(text: str) -> str:
    """`text` as a string literal of the Logging query language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
