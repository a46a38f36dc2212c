"""Addresses that a report may link to."""

from urllib.parse import urlsplit

_LONGEST = 8000
"""Browsers and servers refuse much longer addresses."""


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
