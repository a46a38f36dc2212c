"""What to do now: the steps that the cause declares, on a node that still bears what they look for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from triage.correlate.commands import Names, fill
from triage.correlate.episodes import Draft, Scene
from triage.correlate.facts import Facts
from triage.correlate.homes import Homes, Stay
from triage.correlate.times import HOUR
from triage.evidence.evidence import Evidence
from triage.model.incident import Confidence, Kind
from triage.model.signal import Step

_RECORDS = ("gcloud logging read", "gcloud compute operations list")
"""Commands that read what is kept elsewhere: they ask of the node that failed, whatever became of it since."""
_CONSOLE = "get-serial-port-output"
"""A VM that was reset keeps what it printed there; one that was made anew does not."""
_WORKLOADS = ("{workload}", "{pod}")
_LATELY = HOUR


@dataclass(frozen=True)
class Place:
    """Where to look: a node, whether it is in trouble now, and the suspect's pod there."""

    node: str | None = None
    troubled: bool = False
    pod: str | None = None


def place_to_look(scene: Scene, drafts: Sequence[Draft], homes: Homes, facts: Facts | None) -> Place:
    """The node that still bears what there is to see.

    One that is down now; else the one on which the suspect has run the longest; else one that showed the cause in the
    last hour; else the last that failed and was neither repaired nor restarted since: a new VM remembers nothing. With
    none of these nobody knows yet where to look.
    """
    faults = [d for d in _own(drafts, facts) if d.known_node and d.planned is None]
    down = max((d for d in faults if d.end is None), key=lambda d: (d.served_badly is None, d.onset), default=None)
    stays = _stays(scene, homes, facts.workload) if facts and facts.workload else []
    if down:
        here = next((stay for node, stay in stays if node == down.node), stays[0][1] if stays else None)
        return Place(down.node, troubled=True, pod=_pod(here))
    showing = _showing(scene, drafts, facts.cause) if facts else None
    if stays:
        node, stay = next(((n, s) for n, s in stays if n == showing), stays[0])
        return Place(node, troubled=node == showing, pod=_pod(stay))
    if showing:
        return Place(showing, troubled=True)
    kept = [
        d
        for d in faults
        if d.kind is Kind.UNREPAIRED and _booted(scene, d.node) < d.onset and not _removed(scene, d.node, d.onset)
    ]
    return Place(max(kept, key=lambda d: d.onset).node if kept else None)


def _own(drafts: Sequence[Draft], facts: Facts | None) -> Sequence[Draft]:
    """The episodes that a cause explains; all of them where there is none."""
    return [drafts[i] for i in facts.explained] if facts else drafts


def _stays(scene: Scene, homes: Homes, workload: str) -> list[tuple[str, Stay]]:
    """The nodes on which the workload runs when the evidence ends, with its pod; the longest at it first."""
    found = [
        (max(stay.first, _booted(scene, node)), node, stay)
        for node in scene.fleet.nodes
        for stay in homes.stays(node, scene.end)
        if stay.workload == workload and not _removed(scene, node, max(stay.first, _booted(scene, node)))
    ]
    return [(node, stay) for _, node, stay in sorted(found, key=lambda each: (each[0], each[1], each[2].pod))]


def _booted(scene: Scene, node: str) -> int:
    """When the node last booted; 0 where it was not seen to."""
    course = scene.courses.get(node)
    return max(course.booted, default=0) if course else 0


def _removed(scene: Scene, node: str, after: int) -> bool:
    """Whether the node was removed later than a time."""
    course = scene.courses.get(node)
    return course is not None and any(at > after for at in course.removed)


def _pod(stay: Stay | None) -> str | None:
    return stay.pod.split("/")[1] or None if stay else None


def _showing(scene: Scene, drafts: Sequence[Draft], cause: str) -> str | None:
    """The node that showed the cause last, within the last hour and after whatever befell it."""
    over = {node: max(d.end or d.onset for d in drafts if d.node == node) for node in {d.node for d in drafts}}
    times = {
        node: int(scene.seen.times(cause, node)[-1])
        for node in scene.seen.nodes(cause)
        if node and len(scene.seen.times(cause, node))
    }
    late = {n: at for n, at in times.items() if at >= scene.end - _LATELY and at > over.get(n, 0)}
    alive = [node for node in late if not _removed(scene, node, late[node])]
    return max(alive, key=lambda node: (late[node], node), default=None)


def steps_now(
    evidence: Evidence,
    scene: Scene,
    drafts: Sequence[Draft],
    homes: Homes,
    *,
    signal: str,
    facts: Facts | None = None,
    confidence: Confidence | None = None,
) -> tuple[Step, ...]:
    """The signal's steps, filled in. `facts` are None for planned work.

    What changes a node is left to nodes in trouble. What changes a suspect waits for what the steps before show, unless
    lines name it in a cause that is more than possible. Where no node is left to look at, steps say what to do on the
    next one.
    """
    declared = scene.graph.signal(signal)
    place = place_to_look(scene, drafts, homes, facts)
    sure = facts is None or (facts.basis == "direct" and confidence is not Confidence.POSSIBLE)
    workload = facts.workload if facts else None
    kind = homes.kinds.get(workload) if workload else None
    suspect = Names(evidence.cluster, workload=workload, kind=kind, pod=place.pod)
    found = []
    for step in declared.remedy.now if declared else ():
        run = step.run or ""
        node = _node_for(run, place, scene, _own(drafts, facts))
        if "{node}" in run and step.changes and not place.troubled:
            continue
        names = _on(suspect, scene, node)
        condition = _condition(step, node, sure=sure)
        filled = fill(_said(step, condition) if condition else step, names)
        found += [filled] if filled else []
    return tuple(found)


def _node_for(run: str, place: Place, scene: Scene, drafts: Sequence[Draft]) -> str | None:
    """The node that a command asks about: records and the console of a VM remember more than its disk does."""
    failed = sorted((d for d in drafts if d.known_node), key=lambda d: d.onset)
    if run.startswith(_RECORDS):
        return failed[-1].node if failed else None
    if _CONSOLE in run and not place.troubled:
        same = [d.node for d in failed if d.kind is Kind.UNREPAIRED and not _removed(scene, d.node, d.onset)]
        return same[-1] if same else None
    return place.node


def _condition(step: Step, node: str | None, *, sure: bool) -> str:
    """What a step waits for, as the beginning of its sentence; nothing where it can be done at once."""
    run = step.run or ""
    if "{node}" in run and node is None:
        return "On the next node that shows it, before a repair"
    touches = step.changes and any(name in run for name in _WORKLOADS)
    return "If the steps before bear it out" if touches and not sure and not step.say.startswith("If ") else ""


def _said(step: Step, condition: str) -> Step:
    return step.model_copy(update={"say": f"{condition}: {step.say[:1].lower()}{step.say[1:]}"})


def _on(suspect: Names, scene: Scene, node: str | None) -> Names:
    """The suspect's names with those of a node."""
    at = scene.fleet.facts(node) if node else None
    return replace(suspect, node=node, zone=at.zone if at else None, node_pool=at.node_pool if at else None)
