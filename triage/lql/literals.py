"""What a literal means once it is compared: folded text, numbers, times, durations. None where it means nothing."""

import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from triage.units import parse_ns

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_DURATION = re.compile(r"([+-]?(?:\d{1,18}(?:\.\d{1,18})?|\.\d{1,18}))(ns|us|ms|s|m|h)", re.ASCII)
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
# Unicode's Default_Ignorable_Code_Point, which NFKC_Casefold removes.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def fold(text: str) -> str:
    """The text as comparisons see it: Unicode's NFKC_Casefold (UAX #44)."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", _IGNORABLE.sub("", folded))


def number(text: str) -> float | None:
    """The number that a literal writes, quoted or not, where a double can hold it."""
    value = float(text) if _NUMBER.fullmatch(text) else None
    return value if value is not None and math.isfinite(value) else None


def boolean(text: str) -> bool | None:
    """`true` or `false`, in any letter case."""
    return {"true": True, "false": False}.get(text.lower())


def duration(text: str) -> int | None:
    """Nanoseconds of `3.2s`, `999ms`, `-1h`; the units are ns, us, ms, s, m, h."""
    match = _DURATION.fullmatch(text)
    if not match:
        return None
    try:
        return int(Decimal(match.group(1)) * _NANOSECONDS[match.group(2)])
    except InvalidOperation:
        return None


def instant(text: str) -> int | None:
    """Nanoseconds since the epoch of an RFC 3339 time, or of a date at midnight UTC."""
    try:
        return parse_ns(text)
    except ValueError:
        return None
