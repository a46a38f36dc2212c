"""The timeline: alerts above, metrics, then one lane per affected node, on one axis.

Here is geometry alone. `reports/chart.svg.j2` draws it; colours come from `reports/style.css`, in the PNG from
`reports/chart.css`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from triage.model.incident import Episode, Incident, Lane
from triage.render import words
from triage.render.charts.lanes import PLANNED, ROOMY, TIGHT, Grid, alert_rows, healthy_row, lane_row, shared_start
from triage.render.charts.panels import panels
from triage.render.charts.scale import TimeScale, ms_of
from triage.render.charts.shapes import Band, Chart, Form, Row

Span = tuple[int, int]
"""Epoch milliseconds."""
_MOST_BANDS = 0.6
_LETTER = 7.25
"""The width of a letter of a node's name, in units of the picture: the widest of the fonts that are asked for."""


def timeline(incident: Incident, span: Span, form: Form, prefix: str, *, only_active: bool = False) -> Chart:
    """The picture of `span` in that form; `only_active` leaves out nodes without an episode in it."""
    names = _short_names([lane.node for lane in incident.timeline.lanes])
    form = _fitted(form, incident, names)
    scale = TimeScale(span[0], span[1], form.left, form.right)
    drawn = [lane for lane in incident.timeline.lanes if not only_active or _active(lane, incident.episodes, span)]
    top = 26.0
    alerts, y = alert_rows(incident.alerts, scale, form, top + 6)
    metrics, y = panels(incident.timeline.series, {lane.node for lane in drawn}, scale, form, y)
    heights = ROOMY if len(drawn) <= 20 else TIGHT
    grid = Grid(scale, form, heights)
    lanes: list[Row] = []
    for lane in drawn:
        lanes.append(lane_row(lane, names[lane.node], incident.episodes, grid, y))
        y += heights.lane + heights.gap + form.above
    if incident.timeline.healthy_nodes:
        lanes.append(healthy_row(incident.timeline, grid, y))
        y += heights.lane + heights.gap + form.above
    return Chart(
        prefix=prefix,
        title=f"Timeline, {words.span(_moment(span[0]), _moment(span[1]))}",
        description=_description(incident, drawn, span),
        form=form, height=round(y + 4, 1), top=top, bottom=round(y, 1),
        ticks=tuple(scale.ticks(form.ticks)), bands=tuple(_bands(incident.episodes, scale)),
        alerts=tuple(alerts), panels=tuple(metrics), lanes=tuple(lanes), start=span[0], end=span[1],
    )  # fmt: skip


def whole(incident: Incident) -> Span:
    """The incident's window."""
    return ms_of(incident.window.start), ms_of(incident.window.end)


def worst(incident: Incident) -> Span | None:
    """The hours with the most onsets and alerts, a sixth of the window; None where it is short or quiet."""
    start, end = whole(incident)
    length = min(24 * 3_600_000, max(1_800_000, (end - start) // 6))
    onsets = [ms_of(episode.start) for episode in incident.episodes]
    if not onsets or end - start < 3 * length:
        return None
    moments = onsets + [ms_of(alert.opened) for alert in incident.alerts]
    starts = sorted({max(start, min(onset - length // 8, end - length)) for onset in onsets})
    best = max(starts[:500], key=lambda s: (sum(s <= moment <= s + length for moment in moments), -s))
    return best, best + length


def _active(lane: Lane, episodes: Sequence[Episode], span: Span) -> bool:
    return any(_within(episodes[index], span) for index in lane.episodes if 0 <= index < len(episodes))


def _within(episode: Episode, span: Span) -> bool:
    return ms_of(episode.start) <= span[1] and (episode.end is None or ms_of(episode.end) >= span[0])


def _bands(episodes: Sequence[Episode], scale: TimeScale) -> Iterator[Band]:
    """One band a group of episodes, those that touch joined; none where they would cover most of the picture."""
    spans = []
    for episode in episodes:
        if _within(episode, (scale.start, scale.end)):
            x = scale.x(ms_of(episode.start))
            right = scale.x(ms_of(episode.end)) if episode.end else scale.right
            spans.append((x, max(x + 2, right), episode.kind in PLANNED))
    joined: list[tuple[float, float, bool]] = []
    for x, right, planned in sorted(spans):
        if joined and x <= joined[-1][1] and planned is joined[-1][2]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], right), planned)
        else:
            joined.append((x, right, planned))
    if sum(right - x for x, right, _ in joined) > _MOST_BANDS * (scale.right - scale.left):
        return
    for x, right, planned in joined:
        yield Band(x, round(right - x, 1), planned)


def _short_names(nodes: Sequence[str]) -> dict[str, str]:
    """Nodes without the beginning that all of them share."""
    start = shared_start(nodes)
    return {node: "…" + node[len(start) :] if start else node for node in nodes}


def _fitted(form: Form, incident: Incident, names: dict[str, str]) -> Form:
    """The form with just enough room for the names beside the rails."""
    if form.above:
        return form
    labels = [*names.values(), *(f"{alert.service or alert.policy} · 00" for alert in incident.alerts)]
    labels += [one.title for one in incident.timeline.series] + ["00 healthy nodes"]
    letters = min(form.letters, max(len(label) for label in labels))
    room = round(_LETTER * letters) + 12
    return replace(form, left=room + 12, name_x=room)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _description(incident: Incident, lanes: Sequence[Lane], span: Span) -> str:
    """What the picture shows, in words, for those who can't see it; the tables below hold the same."""
    episodes = [e for e in incident.episodes if _within(e, span)]
    opened = [a for a in incident.alerts if span[0] <= ms_of(a.opened) <= span[1]]
    tied = sum(alert.episode is not None for alert in opened)
    text = f"{words.count(len(episodes), 'episode')} on {words.count(len(lanes), 'node')}"
    if opened:
        text += f"; {words.count(len(opened), 'alert')}, {tied:,} of them inside an episode"
    return f"{text}. The tables of episodes and alerts below hold the same."
