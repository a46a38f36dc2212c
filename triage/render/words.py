"""How numbers, times and names are put into words, the same in every format."""

from collections.abc import Sequence
from datetime import datetime

from triage.units import format_duration


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 repair`, `7 repairs`, `12,400 entries`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def of(part: int, whole: int, singular: str, plural: str | None = None) -> str:
    """`the only repair`, `all 7 repairs`, `5 of 7 repairs`, `none of 7 repairs`."""
    many = plural or singular + "s"
    if part == whole:
        return f"the only {singular}" if whole == 1 else f"all {whole:,} {many}"
    return f"{part or 'none':,} of {whole:,} {many}" if part else f"none of {count(whole, singular, plural)}"


def listed(items: Sequence[str], most: int = 4) -> str:
    """`a, b and c`; beyond `most`, `a, b and 5 more`."""
    shown = list(items[:most]) if len(items) <= most else [*items[: most - 1], f"{len(items) - most + 1:,} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def clock(moment: datetime) -> str:
    """`04:12:31`."""
    return moment.strftime("%H:%M:%S")


def day_and_clock(moment: datetime) -> str:
    """`27 Aug 04:12:31`."""
    return f"{moment.day} {moment.strftime('%b %H:%M:%S')}"


def full_time(moment: datetime) -> str:
    """`27 Aug 2019 04:12 UTC`."""
    return f"{moment.day} {moment.strftime('%b %Y %H:%M')} UTC"


def span(start: datetime, end: datetime) -> str:
    """`27 Aug 2019 04:00 – 28 Aug 2019 04:00 UTC`, the day said once where it is the same."""
    first = full_time(start).removesuffix(" UTC")
    second = end.strftime("%H:%M UTC") if start.date() == end.date() else full_time(end)
    return f"{first} – {second}"


def length(seconds: float | None) -> str:
    """A duration for people, or a dash."""
    return "–" if seconds is None else format_duration(seconds)


def number(value: float | None) -> str:
    """`32,768`, `84.2`, `0.034`; a dash for None."""
    if value is None:
        return "–"
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def chance(value: float | None) -> str:
    """A p- or q-value: `0.003`, `< 0.001`."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def ratio(value: float | None) -> str:
    """`84×`, `1.4×`."""
    return "–" if value is None else (f"{value:,.0f}×" if value >= 10 else f"{value:.1f}×")
