"""Ten or ten thousand marks as a picture whose size is bounded by its pixels."""

from collections import Counter
from collections.abc import Iterable, Iterator

from triage.render.charts.scale import TimeScale

DENSE = 3
"""From this many occurrences in one pixel column on, a tick is drawn at full height."""


def columns(times: Iterable[int], scale: TimeScale) -> Counter[int]:
    """How many of these times fall into each pixel column of the rail."""
    per_ms = (scale.right - scale.left) / max(1, scale.end - scale.start)
    start, end = scale.start, scale.end
    return Counter(int((ms - start) * per_ms) for ms in times if start <= ms <= end)


def runs(filled: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring columns joined: (first column, how many)."""
    first = length = -1
    for column in sorted(filled):
        if length > 0 and column == first + length:
            length += 1
            continue
        if length > 0:
            yield first, length
        first, length = column, 1
    if length > 0:
        yield first, length


def tick_paths(times: Iterable[int], scale: TimeScale, bottom: float, height: float) -> list[tuple[float, str]]:
    """Ticks standing on `bottom` as horizontal strokes: [(stroke width, path data)].

    Columns with few occurrences stand at 60 % of the height, dense ones at all of it.
    """
    counted = columns(times, scale)
    paths = []
    for share, wanted in ((0.6, False), (1.0, True)):
        width = round(height * share, 1)
        y = round(bottom - width / 2, 1)
        data = "".join(
            f"M{scale.left + first:g} {y:g}h{length + 0.8:g}"
            for first, length in runs(c for c, n in counted.items() if (n >= DENSE) is wanted)
        )
        if data:
            paths.append((width, data))
    return paths


def thin(points: Iterable[tuple[int, float]], scale: TimeScale) -> list[tuple[int, float]]:
    """First, least, greatest and last point of each pixel column: the same line, bounded size."""
    kept: list[tuple[int, float]] = []
    column: list[tuple[int, float]] = []
    at: float | None = None
    for point in points:
        if not scale.holds(point[0]):
            continue
        x = float(int(scale.x(point[0])))
        if x != at:
            kept += _ends(column)
            column, at = [], x
        column.append(point)
    return kept + _ends(column)


def _ends(column: list[tuple[int, float]]) -> list[tuple[int, float]]:
    if len(column) <= 2:
        return column
    picked = {column[0], min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1]), column[-1]}
    return sorted(picked)
