"""Named groups out of a message, by RE2: time grows with the text alone, whatever a hostile line holds."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import re2

MAX_VALUE = 512
"""Characters kept of one extracted value."""
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """The pattern, ready to search with; where RE2 refuses it, the reason as text."""
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else "not a pattern"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def names_of(pattern: Any) -> tuple[str, ...]:
    """The named groups of a compiled pattern."""
    return tuple(pattern.groupindex)


def extract(message: str, patterns: Iterable[str]) -> tuple[dict[str, str], tuple[int, int]]:
    """What the patterns find in the message, and the span of the first that matches ((0, 0) for none).

    All patterns that match contribute; of two values for one name the earlier stays. Empty groups are left out.
    """
    found: dict[str, str] = {}
    span = (0, 0)
    for text in patterns:
        pattern = compiled(text)
        match = None if isinstance(pattern, str) else pattern.search(message)
        if match is None:
            continue
        if span == (0, 0):
            span = match.span()
        for name, value in match.groupdict().items():
            if value:
                found.setdefault(name, value[:MAX_VALUE])
    return found, span
