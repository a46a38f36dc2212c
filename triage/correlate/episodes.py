"""Episodes: one per node going bad, from its first symptom through NotReady to the end of the repair, or recovery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from triage.correlate.coverage import Coverage
from triage.correlate.graph import Graph
from triage.correlate.planned import Plans
from triage.correlate.pools import Fleet
from triage.correlate.readiness import Course, Down
from triage.correlate.repairs import GkeRepair, Recreate
from triage.correlate.resolve import Resolved
from triage.correlate.seen import Seen
from triage.correlate.times import HOUR, MINUTE, moment
from triage.model.incident import Kind
from triage.model.signal import Role
from triage.units import format_duration, format_time

TOGETHER = 5 * MINUTE
"""Onsets that follow each other this closely belong to one group: three nodes or more at once share a cause."""
_VM_GONE = ("host-error", "vm-deleted-by-user", "guest-shutdown", "preemption", "live-migration")
"""Where the VM itself went away, its instance group's recreation is no repair of a bad node."""
_STUCK = 2 * MINUTE
_SILENT = 10 * MINUTE


@dataclass(frozen=True)
class Draft:
    """An episode while it is worked out; all times in ns.

    `onset` is NotReady where known, else the operation's start, else the first symptom: lead-up windows end there.
    """

    node: str
    node_pool: str | None
    onset: int
    not_ready: int | None
    ready: int | None
    start: int
    end: int | None
    kind: Kind
    planned: str | None = None
    planned_named: bool = True
    """Whether what tells of the planned work names the node."""
    repair: GkeRepair | None = None
    inferred: bool = False
    notes: tuple[str, ...] = ()
    group: int = 0
    """Which group of onsets it belongs to; 0 until that is known."""
    served_badly: str | None = None
    """The signal that made an episode without NotReady."""
    retries: tuple[str, ...] = ()
    """Operations that tried to repair the same NotReady and are not `repair`."""

    @property
    def known_node(self) -> bool:
        """Whether the node could be told."""
        return not self.node.startswith("unknown:")


@dataclass(frozen=True)
class Scene:
    """What episodes are made from."""

    seen: Seen
    graph: Graph
    fleet: Fleet
    courses: Mapping[str, Course]
    coverage: Coverage
    plans: Plans
    start: int
    end: int


def build_episodes(scene: Scene, resolved: Sequence[Resolved], recreates: Sequence[Recreate]) -> list[Draft]:
    """All episodes with NotReady, a repair, or planned removal, sorted by start, then node, with their groups."""
    drafts = [_repaired(group) for group in _by_span(resolved)]
    taken = {(d.node, d.not_ready) for d in drafts if d.not_ready is not None}
    any_gke = any(r.repair for r in resolved)
    drafts.extend(
        _unclaimed(scene, course, down, recreates, any_gke=any_gke)
        for node, course in scene.courses.items()
        for down in course.downs
        if (node, down.since) not in taken
    )
    drafts.extend(_departed(scene, drafts))
    drafts = [_noted(scene, draft, recreates) for draft in drafts if _inside(draft, scene)]
    return finish(scene, drafts)


def finish(scene: Scene, drafts: Sequence[Draft]) -> list[Draft]:
    """Starts, order and groups, once all drafts are there."""
    ordered = sorted(drafts, key=lambda d: (d.node, d.onset))
    started: list[Draft] = []
    for draft in ordered:
        before = started[-1] if started and started[-1].node == draft.node else None
        floor = before.end if before and before.end is not None else (before.onset if before else scene.start)
        started.append(replace(draft, start=_start(scene, draft, floor)))
    started.sort(key=lambda d: (d.start, d.node))
    return _grouped(started)


def _inside(draft: Draft, scene: Scene) -> bool:
    end = draft.end if draft.end is not None else scene.end
    return draft.onset <= scene.end and end >= scene.start


def _by_span(resolved: Sequence[Resolved]) -> list[list[Resolved]]:
    """Repairs of the same node and the same NotReady are one episode (GKE tries again when a repair fails)."""
    spans: dict[tuple[str, int], list[Resolved]] = {}
    for each in resolved:
        at = each.down.since if each.down else each.repair.start
        spans.setdefault((each.node, at), []).append(each)
    return [spans[key] for key in sorted(spans)]


def _repaired(group: list[Resolved]) -> Draft:
    first, down = group[0], group[0].down
    ends = [each.repair.end for each in group]
    ready = down.until if down else None
    known_ends = [end for end in (*ends, ready) if end is not None]
    running = any(end is None and each.repair.operation for end, each in zip(ends, group, strict=True))
    end = None if running and ready is None else max(known_ends, default=None)
    told = _told_by(group)
    others = [each.repair for each in group if each is not told]
    notes = [*(note for each in group for note in each.notes), *(_attempt(repair) for repair in others)]
    since = down.since if down else None
    onset = since if since is not None else first.repair.start
    repair = replace(told.repair, end=max((e for e in ends if e is not None), default=ready))
    return Draft(
        node=first.node,
        node_pool=first.node_pool,
        onset=onset,
        not_ready=since,
        ready=ready,
        start=onset,
        end=end,
        kind=Kind.REPAIR,
        repair=repair,
        inferred=first.inferred,
        notes=tuple(dict.fromkeys(notes)),
        retries=tuple(repair.operation for repair in others if repair.operation),
    )


def _told_by(group: list[Resolved]) -> Resolved:
    """Of several repairs of one NotReady the one that ended it: the last that did not fail, else the last."""
    named = [each for each in group if each.repair.operation]
    succeeded = [each for each in named if each.repair.reason is None]
    return (succeeded or named or group)[-1]


def _attempt(repair: GkeRepair) -> str:
    """Another repair of the same NotReady, in a sentence."""
    failed = f" failed: {repair.reason.rstrip('.')}" if repair.reason else " did not end it"
    return f"The repair {repair.operation or '(unnamed)'} at {format_time(moment(repair.start))}{failed}."


def _unclaimed(scene: Scene, course: Course, down: Down, recreates: Sequence[Recreate], *, any_gke: bool) -> Draft:
    """A NotReady that no GKE repair claims: planned work, an instance group's recreation, or none of these."""
    removed = [at for at in course.removed if at >= down.since]
    end = down.until if down.until is not None else (removed[0] if removed else None)
    draft = Draft(
        node=down.node,
        node_pool=scene.fleet.pool(down.node),
        onset=down.since,
        not_ready=down.since,
        ready=down.until,
        start=down.since,
        end=end,
        kind=Kind.UNREPAIRED,
    )
    work = scene.plans.of(down, course)
    if work:
        return replace(draft, kind=work.kind, planned=work.signal, planned_named=work.named)
    recreate = _standing_in(scene, down, recreates)
    if recreate and not any_gke:
        repair = GkeRepair(
            None, draft.node_pool, recreate.at, down.until, frozenset({"instance-group"}), {}, recreate.reason
        )
        return replace(draft, kind=Kind.REPAIR, repair=repair)
    return draft


def _standing_in(scene: Scene, down: Down, recreates: Sequence[Recreate]) -> Recreate | None:
    """The instance group's recreation that stands for a GKE repair: minutes after NotReady, of a VM that was there."""
    until = down.until if down.until is not None else down.since + 2 * HOUR
    for recreate in recreates:
        if recreate.node == down.node and down.since + _STUCK <= recreate.at <= until:
            gone = any(scene.seen.count(s, down.node, down.since - 10 * MINUTE, recreate.at) for s in _VM_GONE)
            return None if gone else recreate
    return None


def _departed(scene: Scene, drafts: Sequence[Draft]) -> list[Draft]:
    """Nodes that planned work took away without a NotReady that anybody wrote down."""
    found = []
    for work in scene.plans.departures(scene.courses, scene.coverage, scene.end):
        told = any(
            d.node == work.node
            and d.onset >= work.first - 10 * MINUTE
            and d.onset <= max(work.last, work.gone or 0) + HOUR
            for d in drafts
        )
        if not told:
            pool = scene.fleet.pool(work.node)
            end = work.gone if work.gone is not None else work.last
            found.append(Draft(work.node, pool, work.first, None, None, work.first, end, work.kind, work.signal))
    return found


def _start(scene: Scene, draft: Draft, floor: int) -> int:
    """The first cause or symptom on the node in the hour before NotReady, not before the last episode there ended.

    Lines come first; a metric that nears its limit starts an episode only where no line does.
    """
    if draft.not_ready is None:
        return draft.start
    low = max(draft.not_ready - HOUR, floor)
    signals = [s for s in scene.seen.on(draft.node) if scene.graph.role(s) in (Role.CAUSE, Role.SYMPTOM)]
    for look in (scene.seen.first_written, scene.seen.first):
        firsts = [look(signal, draft.node, low, draft.not_ready) for signal in signals]
        known = [at for at in firsts if at is not None]
        if known:
            return min(known)
    return draft.not_ready


def _noted(scene: Scene, draft: Draft, recreates: Sequence[Recreate]) -> Draft:
    """A silence before NotReady, and the instance group's own words, beside the repair and never merged with it.

    A node whose pods' logs are not counted may not have been silent.
    """
    heard = scene.coverage.last_heard(draft.node, draft.onset) if scene.coverage.of_pods else None
    if draft.planned is None and heard is not None and draft.onset - heard >= _SILENT:
        silent = format_duration((draft.onset - heard) / 1e9)
        draft = replace(draft, notes=(*draft.notes, f"Its logs had been silent for {silent} when it went down."))
    if draft.repair and "instance-group" in draft.repair.seen_by:
        return draft
    until = (draft.end if draft.end is not None else draft.onset + HOUR) + 5 * MINUTE
    notes = [
        f"The instance group recreated the VM at {format_time(moment(r.at))}: {r.reason}"
        for r in recreates
        if r.node == draft.node and draft.onset - 5 * MINUTE <= r.at <= until
    ]
    return replace(draft, notes=draft.notes + tuple(notes[:3]))


def _grouped(drafts: list[Draft]) -> list[Draft]:
    """Number the groups from 1: onsets that chain within `TOGETHER`, planned work and faults apart, by onset."""
    groups: dict[int, int] = {}
    last: dict[bool, tuple[int, int]] = {}
    for i in sorted(range(len(drafts)), key=lambda i: (drafts[i].onset, drafts[i].node)):
        planned = drafts[i].planned is not None
        onset, group = last.get(planned, (-TOGETHER - 1, 0))
        if drafts[i].onset - onset > TOGETHER:
            group = max(groups.values(), default=0) + 1
        groups[i] = group
        last[planned] = (drafts[i].onset, group)
    return [replace(draft, group=groups[i]) for i, draft in enumerate(drafts)]
