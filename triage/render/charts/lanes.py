"""The lanes of the timeline: nodes with their episodes and occurrences, healthy nodes together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from triage.model.incident import Episode, Kind, Lane, Marks, Timeline
from triage.model.signal import Role
from triage.render import words
from triage.render.charts.marks import Grid, Strip, shape, ticks
from triage.render.charts.names import name_y, shortened
from triage.render.charts.scale import ms_of
from triage.render.charts.shapes import Row, Shape, Ticks

PLANNED = frozenset({Kind.UPGRADE, Kind.PREEMPTION, Kind.SCALE_DOWN})
ROLES = (Role.CAUSE, Role.SYMPTOM, Role.CONSEQUENCE, Role.CONTEXT)


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


@dataclass(frozen=True)
class Rail:
    """Where one lane lies, and what its times are called in the page."""

    y: float
    heights: Heights
    key: str


def lane_row(lane: Lane, name: str, episodes: Sequence[Episode], grid: Grid, rail: Rail) -> Row:
    """One node under a short name: its episodes with NotReady and repair, and what was seen on it by role."""
    form, top = grid.form, rail.y + grid.form.above
    own = [(index, episodes[index]) for index in lane.episodes if 0 <= index < len(episodes)]
    shapes = [one for index, episode in own for one in _episode_shapes(index, episode, grid, rail.heights, top)]
    return Row(
        "node", shortened(name, form.letters), lane.node, top, rail.heights.lane,
        name_y(rail.y, form, rail.heights.lane), tuple(shapes), tuple(_ticks(lane.marks, grid, rail, top)),
    )  # fmt: skip


def healthy_row(timeline: Timeline, grid: Grid, rail: Rail) -> Row:
    """All nodes without an episode, folded together."""
    top = rail.y + grid.form.above
    name = words.count(timeline.healthy_nodes, "other node" if timeline.lanes else "node")
    marks = tuple(_ticks(timeline.healthy_marks, grid, rail, top))
    return Row("healthy", name, name, top, rail.heights.lane, name_y(rail.y, grid.form, rail.heights.lane), (), marks)


def _ticks(marks: Sequence[Marks], grid: Grid, rail: Rail, top: float) -> Iterator[Ticks]:
    strip = top + 1
    for role in ROLES:
        times = [ms for one in marks if one.role is role for ms in one.times]
        height = rail.heights.of(role)
        yield from ticks(role.value, times, Strip(strip + 1, height - 1), grid, f"{rail.key}-{role.value}")
        strip += height


def _episode_shapes(index: int, episode: Episode, grid: Grid, heights: Heights, top: float) -> Iterator[Shape]:
    whole = (ms_of(episode.start), ms_of(episode.end) if episode.end else grid.scale.end)
    if not grid.scale.meets(whole):
        return
    href = f"#episode-{index + 1}"
    planned = "planned" if episode.kind in PLANNED else "fault"
    label = f"Episode {index + 1}, {words.node_name(episode.node)}: {words.day_and_clock(episode.start)} – " + (
        f"{words.clock(episode.end)} UTC, {episode.kind.value}" if episode.end else "still open"
    )
    kind = f"episode {planned}" + ("" if episode.end else " open")
    yield shape(kind, whole, Strip(top, heights.lane), grid, label=label, href=href, least=2.0)
    strip, repair = Strip(top + heights.lane - heights.status, heights.status), episode.repair
    for kind, title, start, end, least in (
        ("not-ready", "NotReady", episode.not_ready, episode.ready, 2.0),
        ("repair", "Repair", repair and repair.start, repair and repair.end, 3.0),
    ):
        lasted = (ms_of(start), ms_of(end) if end else whole[1]) if start else None
        if start and lasted and grid.scale.meets(lasted):
            label = f"{title} {words.day_and_clock(start)} UTC, {episode.node}"
            yield shape(kind, lasted, strip, grid, label=label, href=href, least=least)
