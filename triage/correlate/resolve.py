"""Repairs resolved to the nodes they replaced; where nothing names the node, inferred from NotReady, and said so."""

from collections.abc import Mapping
from dataclasses import dataclass

from triage.correlate.pools import Fleet
from triage.correlate.readiness import Course, Down, downs_of
from triage.correlate.repairs import GkeRepair
from triage.correlate.times import MINUTE
from triage.units import format_duration

USUAL = 10 * MINUTE
"""GKE repairs a node that was NotReady on consecutive checks for about ten minutes."""
EARLIEST, LATEST = 5 * MINUTE, 20 * MINUTE
NAMED_WITHIN = 90 * MINUTE
"""How long before a repair that names its node the NotReady may lie (a full boot disk takes 30 minutes)."""


@dataclass(frozen=True)
class Resolved:
    """One node of one repair. `down` is its NotReady span, where there is one; `inferred` as in the contract."""

    repair: GkeRepair
    node: str
    node_pool: str | None
    down: Down | None
    inferred: bool
    notes: tuple[str, ...] = ()


def resolve(repairs: list[GkeRepair], courses: Mapping[str, Course], fleet: Fleet) -> list[Resolved]:
    """Each repair with its node or nodes, sorted by the repair's start.

    Repairs that name their nodes claim them first; then those during which one node of the pool alone was taken away
    and came up again, as events and audit entries of its VM tell. Of the others each takes, in order of time and in its
    pool, the unclaimed NotReady node whose NotReady lies nearest ten minutes before it (5 to 20 allowed), a node that
    was seen to be replaced during the operation before one that was not, and never one that had recovered before it
    started.
    With none, the node is `unknown:<operation>`.
    """
    claimed: set[tuple[str, int]] = set()
    resolved: list[Resolved] = []
    for repair in repairs:
        for node, named_by in sorted(repair.nodes.items()):
            down = _named_down(repair, downs_of(courses, node))
            if down:
                claimed.add((node, down.since))
            pool = repair.node_pool or fleet.pool(node)
            resolved.append(Resolved(repair, node, pool, down, False, (f"The node is named by {named_by}.",)))
    for repair in (r for r in repairs if not r.nodes):
        found = _made_anew(repair, courses, fleet, claimed) or _infer(repair, courses, fleet, claimed)
        if found.down:
            claimed.add((found.node, found.down.since))
        resolved.append(found)
    return sorted(resolved, key=lambda r: (r.repair.start, r.repair.operation or "", r.node))


def _named_down(repair: GkeRepair, downs: list[Down]) -> Down | None:
    """The last NotReady span that began before the repair and lasted into it; else one that began during it."""
    before = [
        d
        for d in downs
        if repair.start - NAMED_WITHIN <= d.since <= repair.start
        and (d.until is None or d.until >= repair.start - MINUTE)
    ]
    if before:
        return before[-1]
    end = repair.end if repair.end is not None else repair.start + 60 * MINUTE
    during = [d for d in downs if repair.start < d.since <= end]
    return during[0] if during else None


def _made_anew(
    repair: GkeRepair, courses: Mapping[str, Course], fleet: Fleet, claimed: set[tuple[str, int]]
) -> Resolved | None:
    """The node whose VM was made anew during the repair, where it is the only one of its pool."""
    if repair.node_pool is None or repair.end is None:
        return None
    anew = [
        node
        for node, course in courses.items()
        if fleet.pool(node) == repair.node_pool and course.made_anew(repair.start, repair.end + MINUTE)
    ]
    if len(anew) != 1:
        return None
    down = _named_down(repair, downs_of(courses, anew[0]))
    if down and (anew[0], down.since) in claimed:
        return None
    note = "The node is named by its VM: it alone of its node pool was deleted and made anew during the repair."
    return Resolved(repair, anew[0], repair.node_pool, down, False, (note,))


def _infer(repair: GkeRepair, courses: Mapping[str, Course], fleet: Fleet, claimed: set[tuple[str, int]]) -> Resolved:
    end = repair.end if repair.end is not None else repair.start + 60 * MINUTE
    candidates: list[tuple[bool, int, str, Down]] = []
    for node, course in courses.items():
        pool = fleet.pool(node)
        if repair.node_pool and pool and pool != repair.node_pool:
            continue
        for down in course.downs:
            lead = repair.start - down.since
            recovered = down.until is not None and down.until < repair.start - MINUTE
            if EARLIEST <= lead <= LATEST and not recovered and (node, down.since) not in claimed:
                replaced = course.replaced(repair.start, end + 10 * MINUTE)
                candidates.append((not replaced, abs(lead - USUAL), node, down))
    candidates.sort(key=lambda c: c[:3])
    if not candidates:
        note = "Nothing names the node, and no node of the pool turned NotReady 5 to 20 minutes before the repair."
        return Resolved(repair, f"unknown:{repair.operation}", repair.node_pool, None, False, (note,))
    _, _, node, down = candidates[0]
    lead_s = (repair.start - down.since) / 1e9
    notes = [
        f"Inferred: it turned NotReady {format_duration(lead_s)} before the repair, and nothing names another node."
    ]
    rivals = sorted({c[2] for c in candidates[1:]} - {node})
    if rivals:
        notes.append(f"Ambiguous: {', '.join(rivals[:5])} had turned NotReady in the same 5 to 20 minutes.")
    return Resolved(repair, node, repair.node_pool or fleet.pool(node), down, True, tuple(notes))
