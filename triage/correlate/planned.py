"""Planned work, told from faults before anything is tested: upgrades, preemptions, scale-downs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.correlate.coverage import Coverage
from triage.correlate.graph import Graph
from triage.correlate.orders import REMOVALS, UPGRADES, Order
from triage.correlate.pools import Fleet
from triage.correlate.readiness import Course, Down
from triage.correlate.repairs import Annotation
from triage.correlate.seen import NOWHERE, Seen
from triage.correlate.times import HOUR, MINUTE
from triage.model.incident import Kind

UPGRADE = "node-upgrade-drain"
PREEMPTION = "preemption"
KINDS = {UPGRADE: Kind.UPGRADE, PREEMPTION: Kind.PREEMPTION, "autoscaler-scale-down": Kind.SCALE_DOWN}
"""What a planned signal makes of an episode; other planned work ends it `unrepaired`."""
_BEFORE = {PREEMPTION: 10 * MINUTE}
_NOTICE = 2 * MINUTE
"""A spot VM is told half a minute before it is stopped."""
_DRAIN = 75 * MINUTE
"""A drain may take an hour before the node goes."""
_AFTER = 5 * MINUTE
_GONE_WITHIN = {PREEMPTION: 10 * MINUTE, "autoscaler-scale-down": 30 * MINUTE}


@dataclass(frozen=True)
class Work:
    """Planned work on one node: which signal, its first and last mark, when the node was gone (ns; None: unseen)."""

    node: str
    signal: str
    first: int
    last: int
    gone: int | None = None
    named: bool = True
    """Whether something names the node; else circumstances alone tell of the work."""

    @property
    def kind(self) -> Kind:
        """What the work makes of an episode."""
        return KINDS.get(self.signal, Kind.UNREPAIRED)


class Plans:
    """What was planned for which node and when."""

    def __init__(
        self, orders: Sequence[Order], seen: Seen, graph: Graph, fleet: Fleet, annotations: Sequence[Annotation]
    ) -> None:
        self._graph = graph
        self._fleet = fleet
        self._seen = seen
        marks: dict[tuple[str, str], list[int]] = {}
        for signal in (s for s in seen.signals if graph.planned(s)):
            for node in seen.nodes(signal):
                if node != NOWHERE:
                    # A cordon or a graceful shutdown alone has many reasons: only what names the work counts.
                    times = [int(t) for t in seen.named(signal, node)]
                    marks.setdefault((node, signal), []).extend(times)
        for note in annotations:
            if "UPGRADE_NODES" in note.text:
                marks.setdefault((note.node, UPGRADE), []).append(note.at)
        self.works = [work for (node, signal), times in sorted(marks.items()) for work in _runs(node, signal, times)]
        self._upgrades = [order for order in orders if order.type in UPGRADES]
        self._removals = [order for order in orders if order.type in REMOVALS]

    def of(self, down: Down, course: Course) -> Work | None:
        """The planned work that took this node down, if some did."""
        marked = [
            work
            for work in self.works
            if work.node == down.node
            and work.first <= down.since + _AFTER
            and work.last >= down.since - _BEFORE.get(work.signal, _DRAIN)
        ]
        if marked:
            return min(marked, key=lambda w: (abs(w.last - down.since), w.signal))
        if self._fleet.facts(down.node).spot and self._told_to_stop(down):
            return Work(down.node, PREEMPTION, down.since, down.since, named=False)
        for order in self._upgrades:
            if order.node_pool == self._fleet.pool(down.node) and order.start <= down.since <= order.until + _AFTER:
                cordoned = any(down.since - _DRAIN <= at <= down.since for at in course.cordoned)
                quiet = not any(
                    self._graph.is_cause(signal) and self._seen.count(signal, down.node, down.since - HOUR, down.since)
                    for signal in self._seen.on(down.node)
                )
                if cordoned or (quiet and course.replaced(down.since - HOUR, order.until + HOUR)):
                    return Work(down.node, UPGRADE, down.since, down.since, named=False)
        return None

    def _told_to_stop(self, down: Down) -> bool:
        """Whether the node's own shutdown notice stands right before: of a spot VM nobody has to say more."""
        return self._seen.count(PREEMPTION, down.node, down.since - _NOTICE, down.since + MINUTE) > 0

    def upgrade(self, node_pool: str | None, at: int) -> str | None:
        """The operation that was upgrading a node pool at a time, where one is known."""
        names = [o.operation for o in self._upgrades if o.node_pool == node_pool and o.start <= at <= o.until + MINUTE]
        return names[-1] if names else None

    def removal(self, node_pool: str | None, at: int) -> str | None:
        """The kind of operation (a key of `REMOVALS`) that was taking nodes of a pool away at a time, if one was."""
        kinds = [o.type for o in self._removals if o.node_pool == node_pool and o.covers(at)]
        return kinds[-1] if kinds else None

    def departures(self, courses: Mapping[str, Course], coverage: Coverage, end: int) -> list[Work]:
        """Planned work that took a node away, with when it was gone; a decision that nothing followed is left out."""
        found = []
        for work in self.works:
            gone = self._gone(work, courses.get(work.node, Course()), coverage, end)
            if gone is not None or work.signal == PREEMPTION:
                found.append(Work(work.node, work.signal, work.first, work.last, gone))
        return found

    @staticmethod
    def _gone(work: Work, course: Course, coverage: Coverage, end: int) -> int | None:
        until = work.last + _GONE_WITHIN.get(work.signal, 90 * MINUTE)
        removed = [at for at in course.removed if work.first <= at <= until]
        if removed:
            return removed[0]
        if work.signal == UPGRADE:
            booted = [at for at in course.booted if work.first < at <= until]
            return booted[0] if booted else None
        alive = coverage.alive(work.node)
        silent = alive is not None and work.first <= alive[1] <= until and end - alive[1] > 30 * MINUTE
        return alive[1] if alive is not None and silent else None


def _runs(node: str, signal: str, times: list[int]) -> list[Work]:
    """Marks that follow each other within an hour are the same piece of work."""
    runs: list[Work] = []
    for at in sorted(times):
        if runs and at - runs[-1].last <= HOUR:
            runs[-1] = Work(node, signal, runs[-1].first, at)
        else:
            runs.append(Work(node, signal, at, at))
    return runs
