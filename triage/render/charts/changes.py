"""The row of changes: what was altered shortly before the first episode, as context."""

from collections.abc import Sequence

from triage.model.incident import Change
from triage.render import words
from triage.render.charts.marks import Grid, Strip, shape
from triage.render.charts.names import name_y
from triage.render.charts.scale import ms_of
from triage.render.charts.shapes import Row

_MOST = 60
_HEIGHT = 18.0


def change_row(changes: Sequence[Change], grid: Grid, y: float) -> tuple[list[Row], float]:
    """One row for all changes in the span, none where there is none; and where it ends."""
    seen = [one for one in changes if grid.scale.holds(ms_of(one.timestamp))][:_MOST]
    if not seen:
        return [], y
    top = y + grid.form.above
    shapes = tuple(
        shape(
            "change", (ms_of(one.timestamp), ms_of(one.timestamp)), Strip(top + 4, 10), grid, least=3.0,
            label=f"{one.what}, {words.day_and_clock(one.timestamp)} UTC", href="#changes",
        )
        for one in seen
    )  # fmt: skip
    name = words.count(len(seen), "change")
    row = Row("changes", name, name, top, _HEIGHT, name_y(y, grid.form, _HEIGHT), shapes, ())
    return [row], top + _HEIGHT + 8
