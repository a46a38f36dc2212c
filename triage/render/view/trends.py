"""Metrics on their way to a limit: the slope, and when it would have run out."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from triage.model.incident import Incident, Series, Trend
from triage.render import words
from triage.render.charts.bins import thin
from triage.render.charts.scale import TimeScale, ms_of

_WIDTH, _HEIGHT = 240.0, 56.0
_MOST = 24
_AT_ONCE = 60.0
"""Seconds to the limit that say no more than that it was reached."""


@dataclass(frozen=True)
class TrendCard:
    """One metric on one node up to one episode, as a small picture and a sentence."""

    metric: str
    node: str
    episode: int | None
    sentence: str
    curve: str
    limit_y: float | None
    fit: str
    """The fitted line as path data."""
    width: float = _WIDTH
    height: float = _HEIGHT


def trend_cards(incident: Incident) -> tuple[tuple[TrendCard, ...], int]:
    """The trends of all causes, and how many more there are."""
    trends = [trend for cause in incident.causes for trend in cause.trends]
    series = {(one.metric, one.node): one for one in incident.timeline.series}
    alike = {one.metric: one for one in incident.timeline.series}
    cards = [_card(trend, series.get((trend.metric, trend.node)), alike.get(trend.metric)) for trend in trends[:_MOST]]
    return tuple(cards), max(0, len(trends) - _MOST)


def _card(trend: Trend, series: Series | None, alike: Series | None) -> TrendCard:
    """The card; `alike` is a series of the same metric, which says what people call it."""
    start, end = ms_of(trend.start), ms_of(trend.end)
    scale = TimeScale(start, max(end, start + 1), 0, _WIDTH)
    points = thin(series.points, scale) if series else []
    hours = (end - start) / 3_600_000
    begin, last = _fit(trend, points, hours)
    highest = max([trend.limit or 0.0, trend.value, begin, *(value for _, value in points)]) * 1.08 or 1.0

    def place(ms: float, value: float) -> str:
        """Where a value at a time lies in the little picture, as path data."""
        return f"{scale.x(ms):g} {_HEIGHT * (1 - min(1.0, max(0.0, value / highest))):.1f}"

    return TrendCard(
        metric=alike.title if alike else trend.metric.replace("_", " "), node=trend.node,
        episode=trend.episode + 1 if trend.episode is not None else None,
        sentence=_sentence(trend, alike.unit if alike else ""),
        curve="M" + "L".join(place(ms, value) for ms, value in points) if len(points) > 1 else "",
        limit_y=round(_HEIGHT * (1 - trend.limit / highest), 1) if trend.limit is not None else None,
        fit=f"M{place(start, begin)}L{place(end, last)}",
    )  # fmt: skip


def _fit(trend: Trend, points: Sequence[tuple[int, float]], hours: float) -> tuple[float, float]:
    """Where the fitted line begins and ends: through the middle of the points (the median of their intercepts, as
    Theil–Sen has it), or up to the last value where there are none."""
    rise = trend.slope_per_h * hours
    if not points:
        return trend.value - rise, trend.value
    start = ms_of(trend.start)
    begin = median(value - trend.slope_per_h * (ms - start) / 3_600_000 for ms, value in points)
    return begin, begin + rise


def _sentence(trend: Trend, unit: str) -> str:
    """How fast it went, where it was at last, and how long the rest would have lasted."""
    slope, low, high, value = (
        words.quantity(number, unit) for number in (trend.slope_per_h, trend.slope_low, trend.slope_high, trend.value)
    )
    said = f"{slope} an hour ({low} to {high}), at last {value}"
    if trend.limit is None:
        return f"{said}; no limit is known."
    said += f" (limit {words.quantity(trend.limit, unit)})."
    left = trend.exhausted_in_s
    return said if left is None or left < _AT_ONCE else f"{said} At that pace, {words.length(left)} from it."
