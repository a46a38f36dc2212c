"""The timeline: alerts and changes above, metrics, then one lane per affected node, on one axis.

Here is geometry alone. `reports/chart.svg.j2` draws it; colours come from `reports/style.css`, in the PNG from
`reports/chart.css`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from triage.model.incident import Episode, Incident, Lane
from triage.render import words
from triage.render.charts.alerts import alert_rows
from triage.render.charts.changes import change_row
from triage.render.charts.lanes import PLANNED, ROOMY, TIGHT, Rail, healthy_row, lane_row
from triage.render.charts.marks import Grid
from triage.render.charts.names import short_names
from triage.render.charts.packed import step_for
from triage.render.charts.panels import panels
from triage.render.charts.scale import TimeScale, ms_of
from triage.render.charts.shapes import Band, Chart, Form, Row

Span = tuple[int, int]
"""Epoch milliseconds."""
_HOUR = 3_600_000
_HALF_HOUR = _HOUR // 2
_MOST_BANDS = 0.6
"""Of the picture's width: beyond that, bands would say nothing."""
_THINNEST = 2.0
_SCREEN = 700.0
_LETTER = 7.25
"""The width of a letter of a node's name, in units of the picture: the widest of the fonts that are asked for."""


def timeline(
    incident: Incident, span: Span, form: Form, prefix: str, *, only_active: bool = False, carries: bool = False
) -> Chart:
    """The picture of `span` in that form.

    `only_active` leaves out nodes without an episode in it; `carries` puts the times of all marks into it, from which
    the page's script draws any part of the window anew.
    """
    names = short_names([lane.node for lane in incident.timeline.lanes], incident.cluster.name)
    form = _fitted(form, incident, names)
    scale = TimeScale(span[0], span[1], form.left, form.right)
    every = tuple(enumerate(incident.timeline.lanes))
    drawn = [(n, lane) for n, lane in every if not only_active or _active(lane, incident.episodes, span)]
    grid = Grid(scale, form, _step(incident, span), carries)
    top = 26.0
    alerts, y = alert_rows(incident.alerts, grid, top + 6)
    changes, y = change_row(incident.changes, grid, y)
    metrics, y = panels(incident.timeline.series, {lane.node for _, lane in drawn}, scale, form, y)
    heights = ROOMY if len(drawn) <= 20 else TIGHT
    lanes: list[Row] = []
    for number, lane in drawn:
        lanes.append(lane_row(lane, names[lane.node], incident.episodes, grid, Rail(y, heights, f"{number}")))
        y += heights.lane + heights.gap + form.above
    if incident.timeline.healthy_nodes:
        lanes.append(healthy_row(incident.timeline, grid, Rail(y, heights, "healthy")))
        y += heights.lane + heights.gap + form.above
    return Chart(
        prefix=prefix,
        title=f"Timeline, {words.span(_moment(span[0]), _moment(span[1]))}",
        description=_description(incident, len(drawn), span),
        form=form, height=round(y + (18 if y > _SCREEN else 4), 1), top=top, bottom=round(y, 1),
        foot=round(y + 12, 1) if y > _SCREEN else None,
        ticks=tuple(scale.ticks(form.ticks)), bands=tuple(_bands(incident.episodes, scale)),
        alerts=tuple(alerts), changes=tuple(changes), panels=tuple(metrics), lanes=tuple(lanes),
        start=span[0], end=span[1], step=grid.step,
    )  # fmt: skip


def whole(incident: Incident) -> Span:
    """The incident's window."""
    return ms_of(incident.window.start), ms_of(incident.window.end)


def worst(incident: Incident) -> Span | None:
    """The time with the most onsets and alerts; None where the window is short or quiet.

    It is a sixth of the window, but shorter where the episodes are: at most six times as long as the middle one.
    """
    start, end = whole(incident)
    lasting = sorted((ms_of(e.end) if e.end else end) - ms_of(e.start) for e in incident.episodes) or [0]
    length = min(24 * _HOUR, (end - start) // 6, -(-6 * lasting[len(lasting) // 2] // _HALF_HOUR) * _HALF_HOUR)
    length = max(_HALF_HOUR, length)
    onsets = [ms_of(episode.start) for episode in incident.episodes]
    if not onsets or end - start < 3 * length:
        return None
    moments = onsets + [ms_of(alert.opened) for alert in incident.alerts]
    starts = sorted({max(start, min(onset - length // 8, end - length)) for onset in onsets})
    best = max(starts[:500], key=lambda s: (sum(s <= moment <= s + length for moment in moments), -s))
    return best, best + length


def _step(incident: Incident, span: Span) -> int:
    lanes = [marks.times for lane in incident.timeline.lanes for marks in lane.marks]
    return step_for([*lanes, *(marks.times for marks in incident.timeline.healthy_marks)], span[1] - span[0])


def _active(lane: Lane, episodes: Sequence[Episode], span: Span) -> bool:
    return any(_within(episodes[index], span) for index in lane.episodes if 0 <= index < len(episodes))


def _within(episode: Episode, span: Span) -> bool:
    return ms_of(episode.start) <= span[1] and (episode.end is None or ms_of(episode.end) >= span[0])


def _bands(episodes: Sequence[Episode], scale: TimeScale) -> Iterator[Band]:
    """One band a group of episodes, those that touch joined; none where they would cover most of the picture."""
    span = (scale.start, scale.end)
    bands = [_band(episode, scale) for episode in episodes if _within(episode, span)]
    joined: list[Band] = []
    for band in sorted(bands, key=lambda one: (one.x, one.width, one.planned)):
        last = joined[-1] if joined else None
        if last and band.x <= last.x + last.width and band.planned is last.planned:
            width = round(max(last.width, band.x + band.width - last.x), 1)
            joined[-1] = replace(last, width=width, end=max(last.end, band.end))
        else:
            joined.append(band)
    if sum(band.width for band in joined) <= _MOST_BANDS * (scale.right - scale.left):
        yield from joined


def _band(episode: Episode, scale: TimeScale) -> Band:
    start, end = ms_of(episode.start), ms_of(episode.end) if episode.end else scale.end
    x = scale.x(start)
    width = round(max(_THINNEST, scale.x(end) - x), 1)
    return Band(x, width, episode.kind in PLANNED, start - scale.start, end - scale.start, _THINNEST)


def _fitted(form: Form, incident: Incident, names: dict[str, str]) -> Form:
    """The form with just enough room for the names beside the rails."""
    if form.above:
        return form
    labels = [*names.values(), *(f"{alert.service or alert.policy} · 00" for alert in incident.alerts)]
    labels += [one.title.partition(", ")[0] for one in incident.timeline.series] + ["00 other nodes"]
    letters = min(form.letters, max(len(label) for label in labels))
    room = round(_LETTER * letters) + 12
    return replace(form, left=room + 12, name_x=room)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _description(incident: Incident, lanes: int, span: Span) -> str:
    """What the picture shows, in words, for those who can't see it; the tables below hold the same."""
    episodes = [e for e in incident.episodes if _within(e, span)]
    opened = [a for a in incident.alerts if span[0] <= ms_of(a.opened) <= span[1]]
    tied = sum(alert.episode is not None for alert in opened)
    text = f"{words.count(len(episodes), 'episode')} on {words.count(lanes, 'node')}"
    if opened:
        text += f"; {words.count(len(opened), 'alert')}, {tied:,} of them inside an episode"
    return f"{text}. The tables of episodes and alerts below hold the same."
