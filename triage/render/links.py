"""Addresses that a report may link to, and the one that reopens a query in Logs Explorer."""

from datetime import datetime
from urllib.parse import quote, urlsplit

from triage.units import format_time

CONSOLE = "https://console.cloud.google.com"
_LONGEST = 8000
"""Longer addresses are refused by the console's front end; a query that long is given as text alone."""


def logs_explorer(query: str, project: str | None, start: datetime, end: datetime) -> str | None:
    """The address that opens `query` over that time in Logs Explorer; None where the project is unknown.

    The form is the one that Logs Explorer's own "Share link" makes:
    `/logs/query;query=…;timeRange=START%2FEND?project=P`, times in RFC 3339.
    """
    if not project or not query:
        return None
    span = f"{format_time(start)}/{format_time(end)}"
    url = f"{CONSOLE}/logs/query;query={quote(query, safe='')};timeRange={quote(span, safe='')}"
    url += f"?project={quote(project, safe='')}"
    return url if len(url) <= _LONGEST else None


def safe_link(url: str | None) -> str | None:
    """`url` where it may become a link: `https` (or `http`) with a host, and nothing that browsers read otherwise.

    Anything else (`javascript:`, `data:`, a relative address, control characters) is None.
    """
    if not url or len(url) > _LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\`'):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        return None
    return url
