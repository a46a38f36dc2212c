"""How numbers, times and names are put into words, the same in every format."""

from collections.abc import Sequence
from datetime import datetime

from triage.units import format_duration

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 repair`, `7 repairs`, `12,400 entries`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def of(part: int, whole: int, singular: str, plural: str | None = None) -> str:
    """`the only repair`, `both repairs`, `all 7 repairs`, `5 of 7 repairs`, `none of 7 repairs`."""
    many = plural or singular + "s"
    if part == whole == 2:
        return f"both {many}"
    if part == whole:
        return f"the only {singular}" if whole == 1 else f"all {whole:,} {many}"
    return f"{part or 'none':,} of {whole:,} {many}" if part else f"none of {count(whole, singular, plural)}"


def listed(items: Sequence[str], most: int = 4) -> str:
    """`a, b and c`; beyond `most`, `a, b and 5 more`."""
    shown = list(items[:most]) if len(items) <= most else [*items[: most - 1], f"{len(items) - most + 1:,} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def node_name(node: str) -> str:
    """A node's name; for one that no evidence names (`unknown:OPERATION`), the end of what is known of it."""
    return f"unnamed node …{node[-8:]}" if node.startswith("unknown:") else node


def clock(moment: datetime) -> str:
    """`04:12:31`."""
    return moment.strftime("%H:%M:%S")


def day_and_clock(moment: datetime) -> str:
    """`27 Aug 04:12:31`."""
    return f"{moment.day} {moment.strftime('%b %H:%M:%S')}"


def clock_after(moment: datetime, before: datetime) -> str:
    """A time that stands behind `before`: `04:12:31`, with its day where that is another."""
    return clock(moment) if moment.date() == before.date() else day_and_clock(moment)


def full_time(moment: datetime) -> str:
    """`27 Aug 2019 04:12 UTC`."""
    return f"{moment.day} {moment.strftime('%b %Y %H:%M')} UTC"


def utc(moment: datetime) -> str:
    """`2019-08-27T04:12:31Z`: a time for machines and tickets, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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


def quantity(value: float, unit: str) -> str:
    """A value of a series with its unit: `63,449`, `98.7 %` for a share (1 is all of it), `12.4 GiB` for bytes."""
    if unit == "%":
        return f"{100 * value:.3g} %"
    if unit == "B":
        power = next((p for p in (4, 3, 2, 1) if abs(value) >= 1024**p), 0)
        return f"{value / 1024**power:.3g} {_BINARY[power]}" if abs(value) < 1000 * 1024**4 else f"{value:.3g} B"
    return number(value) + (f" {unit}" if unit else "")


def chance(value: float | None) -> str:
    """A p- or q-value: `0.003`, `< 0.001`."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def expected(value: float) -> str:
    """A number that chance would bring: `7.6`, `<0.1`."""
    return f"{value:.1f}" if value >= 0.05 else "<0.1"


def p_value(value: float, letter: str = "p") -> str:
    """`p = 0.049`, `p < 0.001`."""
    told = chance(value)
    return f"{letter} {told}" if told.startswith("<") else f"{letter} = {told}"


def ratio(value: float | None) -> str:
    """`84×`, `1.4×`."""
    return "–" if value is None else (f"{value:,.0f}×" if value >= 10 else f"{value:.1f}×")
