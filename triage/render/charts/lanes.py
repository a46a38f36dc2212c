"""The rows of the timeline: alerts by service, nodes with their episodes and occurrences, healthy nodes together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from triage.model.incident import Alert, Episode, Kind, Lane, Marks, Timeline
from triage.model.signal import Role
from triage.render import words
from triage.render.charts.bins import tick_paths
from triage.render.charts.scale import TimeScale, ms_of
from triage.render.charts.shapes import Form, Row, Shape, Ticks

PLANNED = frozenset({Kind.UPGRADE, Kind.PREEMPTION, Kind.SCALE_DOWN})
ROLES = (Role.CAUSE, Role.SYMPTOM, Role.CONSEQUENCE, Role.CONTEXT)
_MOST_SERVICES = 8
_MOST_MARKS = 150
_ALERT_HEIGHT = 18.0


@dataclass(frozen=True)
class Heights:
    """How tall the parts of a lane are, top to bottom."""

    cause: float
    symptom: float
    consequence: float
    context: float
    status: float
    gap: float

    def of(self, role: Role) -> float:
        """The height of a role's strip."""
        return float(getattr(self, role.value))

    @property
    def lane(self) -> float:
        """The whole lane without the gap below it."""
        return self.cause + self.symptom + self.consequence + self.context + self.status + 3


ROOMY = Heights(cause=9, symptom=7, consequence=5, context=4, status=6, gap=8)
TIGHT = Heights(cause=6, symptom=4, consequence=3, context=2, status=4, gap=5)


def shortened(name: str, letters: int) -> str:
    """A name that fits: the middle goes, since nodes of a pool differ at the end."""
    if len(name) <= letters:
        return name
    tail = letters * 2 // 3
    return f"{name[: letters - tail - 1]}…{name[-tail:]}"


def alert_rows(alerts: Sequence[Alert], scale: TimeScale, form: Form, y: float) -> tuple[list[Row], float]:
    """One row for each of the services with the most alerts in the span, the others together; and where they end."""
    seen = [(index, alert) for index, alert in enumerate(alerts) if scale.holds(ms_of(alert.opened))]
    names = Counter(alert.service or alert.policy or "unnamed" for _, alert in seen)
    leading = [name for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0]))]
    apart = leading if len(leading) <= _MOST_SERVICES else leading[: _MOST_SERVICES - 1]
    groups = {name: name for name in apart}
    others = f"{len(leading) - len(apart)} more services"
    rows = []
    for title in [*apart, *([others] if len(leading) > len(apart) else [])]:
        own = [(i, a) for i, a in seen if groups.get(a.service or a.policy or "unnamed", others) == title]
        rows.append(_alert_row(title, own, scale, form, y))
        y += _ALERT_HEIGHT + form.above + 2
    return rows, y + (6 if rows else 0)


def _alert_row(title: str, own: Sequence[tuple[int, Alert]], scale: TimeScale, form: Form, y: float) -> Row:
    top = y + form.above
    shapes = [_alert_mark(index, alert, scale, top) for index, alert in own[:_MOST_MARKS]]
    rest = [ms_of(alert.opened) for _, alert in own[_MOST_MARKS:]]
    ticks = [Ticks("alert", width, data) for width, data in tick_paths(rest, scale, top + 14, 10)]
    name = f"{shortened(title, form.letters - 6)} · {len(own)}"
    return Row("alerts", name, title, top, _ALERT_HEIGHT, _name_y(y, form, _ALERT_HEIGHT), tuple(shapes), tuple(ticks))


def _alert_mark(index: int, alert: Alert, scale: TimeScale, top: float) -> Shape:
    kind = "slow" if alert.slow_burn else "tied" if alert.episode is not None else "untied"
    x = scale.x(ms_of(alert.opened))
    end = scale.x(ms_of(alert.closed)) if alert.closed else scale.right
    label = f"Alert {alert.policy or alert.service or alert.id}, opened {words.day_and_clock(alert.opened)} UTC"
    tie = {"tied": f", in episode {(alert.episode or 0) + 1}", "untied": ", in no episode", "slow": ", slow burn"}[kind]
    return Shape(f"alert {kind}", x, top + 3, round(max(0.0, end - x), 1), 10, label + tie, f"#alert-{index + 1}")


def shared_start(names: Sequence[str]) -> str:
    """What these names begin with in common, up to a dash; empty where too little would remain to tell them apart."""
    if len(names) < 2:
        return ""
    shared = takewhile(lambda same: len(set(same)) == 1, zip(*(name.split("-") for name in names), strict=False))
    parts = [same[0] for same in shared]
    while parts and any(len(name) - len("-".join(parts)) < 12 for name in names):
        parts.pop()
    return "-".join(parts) + "-" if parts else ""


@dataclass(frozen=True)
class Grid:
    """What all rows of one picture share: the axis, the form, and how tall lanes are."""

    scale: TimeScale
    form: Form
    heights: Heights


def lane_row(lane: Lane, name: str, episodes: Sequence[Episode], grid: Grid, y: float) -> Row:
    """One node under a short name: its episodes with NotReady and repair, and what was seen on it by role."""
    scale, form, heights = grid.scale, grid.form, grid.heights
    top = y + form.above
    own = [(index, episodes[index]) for index in lane.episodes if 0 <= index < len(episodes)]
    shapes = [shape for index, episode in own for shape in _episode_shapes(index, episode, scale, heights, top)]
    return Row(
        "node", shortened(name, form.letters), lane.node, top, heights.lane, _name_y(y, form, heights.lane),
        tuple(shapes), tuple(_marks(lane.marks, scale, heights, top)),
    )  # fmt: skip


def healthy_row(timeline: Timeline, grid: Grid, y: float) -> Row:
    """All nodes without an episode, folded together."""
    scale, form, heights = grid.scale, grid.form, grid.heights
    top = y + form.above
    name = words.count(timeline.healthy_nodes, "healthy node")
    marks = tuple(_marks(timeline.healthy_marks, scale, heights, top))
    return Row("healthy", name, name, top, heights.lane, _name_y(y, form, heights.lane), (), marks)


def _name_y(y: float, form: Form, height: float) -> float:
    return y + 11 if form.above else round(y + height / 2 + 4, 1)


def _marks(marks: Sequence[Marks], scale: TimeScale, heights: Heights, top: float) -> Iterator[Ticks]:
    bottom = top + 1
    for role in ROLES:
        bottom += heights.of(role)
        times = [ms for one in marks if one.role is role for ms in one.times]
        for stroke, data in tick_paths(times, scale, bottom, heights.of(role) - 1):
            yield Ticks(role.value, stroke, data)


def _episode_shapes(index: int, episode: Episode, scale: TimeScale, heights: Heights, top: float) -> Iterator[Shape]:
    start, end = ms_of(episode.start), ms_of(episode.end) if episode.end else scale.end
    if end < scale.start or start > scale.end:
        return
    href = f"#episode-{index + 1}"
    x, right = scale.x(start), scale.x(end)
    kind = "planned" if episode.kind in PLANNED else "fault"
    label = f"Episode {index + 1}, {episode.node}: {words.day_and_clock(episode.start)} – " + (
        f"{words.clock(episode.end)} UTC, {episode.kind.value}" if episode.end else "still open"
    )
    whole = "episode " + kind + ("" if episode.end else " open")
    yield Shape(whole, x, top, round(max(2.0, right - x), 1), heights.lane, label, href)
    strip = top + heights.lane - heights.status
    if episode.not_ready:
        at = scale.x(ms_of(episode.not_ready))
        back = scale.x(ms_of(episode.ready)) if episode.ready else right
        label = f"NotReady {words.day_and_clock(episode.not_ready)} UTC, {episode.node}"
        yield Shape("not-ready", at, strip, round(max(2.0, back - at), 1), heights.status, label, href)
    if episode.repair:
        at = scale.x(ms_of(episode.repair.start))
        done = scale.x(ms_of(episode.repair.end)) if episode.repair.end else right
        label = f"Repair {words.day_and_clock(episode.repair.start)} UTC, {episode.node}"
        yield Shape("repair", at, strip, round(max(3.0, done - at), 1), heights.status, label, href)
