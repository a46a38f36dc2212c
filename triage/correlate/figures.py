"""Numbers, shares, chances and lists as they stand in sentences."""

from collections.abc import Sequence

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_LEAST = 0.001
"""Smaller chances are given as being smaller: their digits say nothing more."""


def number(n: int) -> str:
    """Small numbers as words."""
    return _SMALL[n] if 0 <= n < len(_SMALL) else str(n)


def plural(n: int, one: str, many: str | None = None) -> str:
    """`two nodes`, `one node`."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def share(part: int, whole: int, one: str) -> str:
    """`all four episodes`, `both episodes`, `the one episode`, `none of 14 episodes`, `4 of 7 episodes`."""
    if part == 0:
        return {1: f"no {one}", 2: f"neither {one}"}.get(whole, f"none of {whole:,} {one}s")
    if part < whole:
        return f"{part:,} of {whole:,} {one}s"
    return {1: f"the one {one}", 2: f"both {one}s"}.get(whole, f"all {number(whole)} {one}s")


def chance(name: str, value: float) -> str:
    """`q = 0.02`, `q < 0.001`."""
    return f"{name} < {_LEAST}" if value < _LEAST else f"{name} = {value:.2g}"


def listed(parts: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {joint} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
