"""How a time or a stretch of time becomes a mark in a row."""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.render.charts.bins import tick_paths
from triage.render.charts.packed import packed
from triage.render.charts.scale import TimeScale
from triage.render.charts.shapes import Form, Shape, Ticks


@dataclass(frozen=True)
class Grid:
    """What all rows of one picture share: the axis, the form, and the step of the times that travel with it."""

    scale: TimeScale
    form: Form
    step: int
    """In milliseconds (`triage.render.charts.packed`)."""
    carries: bool
    """Whether this is the picture whose lanes carry their times for all pictures of the page."""


@dataclass(frozen=True)
class Strip:
    """Where in a row a mark stands."""

    top: float
    height: float

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


def shape(
    kind: str, lasted: tuple[int, int], strip: Strip, grid: Grid, *, label: str, href: str, least: float = 0.0
) -> Shape:
    """A mark for a stretch of time (epoch milliseconds), at least so wide, kept on the rail."""
    x, right = (grid.scale.x(ms) for ms in lasted)
    start, end = (ms - grid.scale.start for ms in lasted)
    width = round(max(least, right - x), 1)
    return Shape(kind, x, strip.top, width, strip.height, label, href, start, end, least)


def ticks(role: str, times: Sequence[int], strip: Strip, grid: Grid, key: str = "") -> list[Ticks]:
    """The occurrences of one role in one row; empty where none is in the span.

    With a `key` their times travel in one picture of the page only, without one in each.
    """
    strokes = tick_paths(times, grid.scale, strip.bottom, strip.height)
    if not strokes:
        return []
    carried = packed(times, grid.scale.start, grid.step) if grid.carries or not key else ""
    return [Ticks(role, strip.bottom, strip.height, tuple(strokes), key, carried)]
