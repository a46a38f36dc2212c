"""Metric series on the timeline's axis: one panel a metric, one line a node, the limit dashed."""

from collections import defaultdict
from collections.abc import Sequence

from triage.model.incident import Series
from triage.render import words
from triage.render.charts.bins import thin
from triage.render.charts.names import shortened
from triage.render.charts.scale import TimeScale
from triage.render.charts.shapes import Curve, Form, Panel

_MOST_PANELS = 3
_MOST_CURVES = 12
_HEIGHT = 64.0
_NEAR = 0.25
"""Of the limit: below that, a line along the bottom."""
_LABEL = 100.0
"""How wide the limit's label is."""
_LABELLED = 0.7
"""Of the limit: what lies above that meets its label."""


def panels(
    series: Sequence[Series], nodes: set[str], scale: TimeScale, form: Form, y: float
) -> tuple[list[Panel], float]:
    """The panels of up to three metrics from `y` downwards, and where they end.

    Lines are those of `nodes` and those of no node; metrics keep the order in which the incident has them. One that
    never comes near its limit tells nothing and is left out.
    """
    by_metric: defaultdict[str, list[Series]] = defaultdict(list)
    for one in series:
        if one.node is None or one.node in nodes:
            by_metric[one.metric].append(one)
    drawn = []
    for group in [group for group in by_metric.values() if _telling(group)][:_MOST_PANELS]:
        panel = _panel(group, scale, form, y)
        if panel.curves:
            drawn.append(panel)
            y += _HEIGHT + 14 + (form.above or 0)
    return drawn, y


def _telling(group: Sequence[Series]) -> bool:
    limits = [one.limit for one in group if one.limit]
    highest = max((value for one in group for _, value in one.points), default=0.0)
    return not limits or highest >= _NEAR * min(limits)


def _panel(group: Sequence[Series], scale: TimeScale, form: Form, y: float) -> Panel:
    top = y + form.above
    whole, group = len(group), group[:_MOST_CURVES]
    thinned = [thin(one.points, scale) for one in group]
    limit = max((one.limit for one in group if one.limit is not None), default=None)
    highest = max([limit or 0.0] + [value for points in thinned for _, value in points]) * 1.06 or 1.0

    def height_of(value: float) -> float:
        """Where a value lies in the panel."""
        return round(top + _HEIGHT * (1 - min(1.0, max(0.0, value / highest))), 1)

    curves = []
    for number, (one, points) in enumerate(zip(group, thinned, strict=True)):
        if len(points) > 1:
            data = "M" + "L".join(f"{scale.x(ms):g} {height_of(value):g}" for ms, value in points)
            curves.append(Curve(number % 6, one.node or one.title, data))
    unit = group[0].unit
    title, aside = _split(group[0].title, form)
    return Panel(
        title=title, aside=aside, y=top, height=_HEIGHT, name_y=y + 11 if form.above else top + 12,
        top_label=f"up to {words.quantity(highest / 1.06, unit)}",
        note=f"{len(group)} of {whole:,} nodes" if whole > len(group) else "",
        limit_y=height_of(limit) if limit is not None else None,
        limit_label=f"limit {words.quantity(limit, unit)}" if limit is not None else "",
        limit_left=limit is not None and _label_left(thinned, limit, scale),
        curves=tuple(curves),
    )  # fmt: skip


def _label_left(curves: Sequence[Sequence[tuple[int, float]]], limit: float, scale: TimeScale) -> bool:
    """Whether the limit's label stands better at the left end: a curve comes near it at the right end, none here."""
    near = [scale.x(ms) for points in curves for ms, value in points if value > _LABELLED * limit]
    return any(x > scale.right - _LABEL for x in near) and not any(x < scale.left + _LABEL for x in near)


def _split(title: str, form: Form) -> tuple[str, str]:
    """A title that fits beside the rail, and what it says after a comma, for a line of its own; whole above a rail."""
    if form.above:
        return title, ""
    head, _, aside = title.partition(", ")
    return shortened(head, form.letters), shortened(aside, form.letters)
