"""A tall timeline on paper: parts of the picture that each fit a page, at a size that can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from triage.render.charts.shapes import Chart, Panel, Row

_TALLEST = 700.0
"""Units of the picture that fit a landscape page, a little smaller than on a screen; the width sets the scale."""
_FIRST, _PART = 580.0, 695.0
"""Units of the first part, which stands below a heading and the legend, and of the others, at full width."""
_ROOM = 5.0
"""Above the first row of a part."""


@dataclass(frozen=True)
class Sheet:
    """Rows from `y` downwards, `height` units of them."""

    y: float
    height: float


def sheets(chart: Chart) -> tuple[Sheet, ...]:
    """The parts, all about as tall; none where the picture fits a page as it is. No row is ever cut."""
    if chart.height <= _TALLEST:
        return ()
    rows: list[Row | Panel] = [*chart.alerts, *chart.changes, *chart.panels, *chart.lanes]
    tops = [*sorted(row.y - _ROOM for row in rows)[1:], chart.bottom]
    cuts = _cuts(tops, chart.top, 1.0)
    # The same number of parts, as even as they can be.
    even = next(c for share in range(50, 101, 5) if len(c := _cuts(tops, chart.top, share / 100)) == len(cuts))
    edges = [chart.top, *even, chart.bottom]
    return tuple(Sheet(round(a, 1), round(b - a, 1)) for a, b in pairwise(edges))


def _cuts(tops: Sequence[float], start: float, share: float) -> list[float]:
    """Where a row begins that would reach beyond the room of its part, of which so large a share is to be used."""
    cuts: list[float] = []
    for top, following in pairwise(tops):
        room = share * (_PART if cuts else _FIRST)
        if following - start > room and top > start:
            cuts.append(top)
            start = top
    return cuts
