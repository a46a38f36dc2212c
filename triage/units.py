"""Durations and times as people and APIs write them, kept to the nanosecond."""

import re
from datetime import UTC, datetime, timedelta

from triage.errors import InputError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?\s*([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


def parse_duration(text: str) -> timedelta:
    """`90m`, `24h`, `7d`, `1h30m` as a length of time.

    Raises InputError where the text is nothing of the kind, or is zero.
    """
    compact = text.strip().lower()
    parts = _DURATION.findall(compact)
    if not parts or "".join(n + u for n, u in parts) != compact.replace(" ", ""):
        raise InputError(f"{text!r} is not a length of time", remedy="write it like 90m, 24h or 7d")
    try:
        length = timedelta(seconds=sum(float(n) * _SECONDS[u] for n, u in parts))
    except OverflowError:
        raise InputError(f"{text!r} is longer than any log is kept", remedy="write it like 90m, 24h or 7d") from None
    if not length:
        raise InputError(f"{text!r} is no time at all", remedy="write it like 90m, 24h or 7d")
    return length


def parse_ns(text: str) -> int:
    """An RFC 3339 time as nanoseconds since the epoch; without an offset it is UTC.

    Raises ValueError where the text is not such a time, or lies outside the years 1678 to 2261 that fit.
    """
    match = _RFC3339.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not an RFC 3339 time: {text[:60]!r}")
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset in (None, "Z", "z") else offset
    if ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    whole = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{offset}")
    since = whole - datetime(1970, 1, 1, tzinfo=UTC)
    ns = (since.days * 86400 + since.seconds) * 1_000_000_000 + int((fraction or "0").ljust(9, "0")[:9])
    if not -(2**63) < ns < 2**63:
        raise ValueError(f"outside the years that nanoseconds reach: {text[:60]!r}")
    return ns


def parse_time(text: str, *, now: datetime) -> datetime:
    """`--since` and `--until`: a length of time before `now`, or an RFC 3339 time. Returns UTC.

    Raises InputError where the text is neither.
    """
    try:
        return from_ns(parse_ns(text))
    except ValueError:
        pass
    try:
        return now - parse_duration(text)
    except InputError:
        raise InputError(
            f"{text!r} is neither a length of time nor a time",
            remedy="write it like 90m, 24h, 7d or 2026-03-01T04:00:00Z",
        ) from None
    except OverflowError:
        raise InputError(f"{text!r} reaches back before the calendar", remedy="write it like 90m, 24h or 7d") from None


def from_ns(ns: int) -> datetime:
    """Nanoseconds since the epoch as a UTC datetime, cut to microseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, with as few fraction digits as the time needs."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") + "Z"


def format_duration(seconds: float) -> str:
    """A length of time for people: `40 s`, `12 m`, `5 h 40 m`, `3 d 4 h`."""
    total = round(abs(seconds))
    sign = "−" if seconds < 0 and total else ""
    if total < 90:
        return f"{sign}{total} s"
    minutes = round(total / 60)
    if minutes < 60:
        return f"{sign}{minutes} m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{sign}{hours} h" + (f" {minutes} m" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{sign}{days} d" + (f" {hours} h" if hours else "")
