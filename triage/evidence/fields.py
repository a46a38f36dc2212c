"""Reading fields out of documents that nobody checked: the wrong type is an absence, never a crash."""

import math
from collections.abc import Mapping
from typing import Any

from triage.units import parse_ns

TEXT_LIMIT = 4096
"""Names, labels and links are shorter; what is longer is cut."""

_LAST_NS = 2**63 - 1


def text(value: Any, limit: int = TEXT_LIMIT) -> str | None:
    """A text or whole number as text, at most `limit` characters; None for anything else and for the empty text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value[:limit] if isinstance(value, str) and value else None


def first_text(record: Mapping[str, Any], *keys: str) -> str | None:
    """The first of `keys` that holds a text."""
    return next((found for key in keys if (found := text(record.get(key)))), None)


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; what else lies in it is left out."""
    return [item for item in items(value) if isinstance(item, dict)]


def number(value: Any) -> float | None:
    """A finite number, also where JSON writes it as a text (int64 does); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value: Any) -> bool | None:
    """True or False where the value says so, in JSON or in words; None for anything else."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "false": False}
    return words.get(value.lower()) if isinstance(value, str) else None


def time_ns(value: Any) -> int | None:
    """An RFC 3339 text or a number of epoch seconds, as nanoseconds since the epoch.

    None for anything else, for the epoch itself and before: zero stands for "not yet" in notifications, and
    year 1 does in Go programs.
    """
    if isinstance(value, str):
        try:
            found = parse_ns(value)
        except ValueError:
            return epoch_ns(value)
        return found if found > 0 else None
    return epoch_ns(value)


def epoch_ns(value: Any) -> int | None:
    """Epoch seconds, as a number or a text, as nanoseconds; None outside the years 1970 to 2261."""
    seconds = number(value)
    if seconds is None or not 0 < seconds * 1e9 < _LAST_NS:
        return None
    return round(seconds * 1_000_000) * 1000
