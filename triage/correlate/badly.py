"""Nodes that serve badly without ever turning NotReady: conntrack full, DNS late, a pod at its PID limit."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from triage.correlate.align import AFTERWARDS, Fired
from triage.correlate.episodes import Draft, Scene
from triage.correlate.homes import Homes, matches
from triage.correlate.seen import NOWHERE
from triage.correlate.times import HOUR, MINUTE
from triage.model.incident import Kind
from triage.model.signal import Role

GAP = 15 * MINUTE
"""Occurrences that follow each other this closely are one burst."""
REPEATED = 3
_FAILING = 2
_SETTLED = 10 * MINUTE
_PROMPT = HOUR
"""An alert that opens later than this after a burst began was not brought on by it."""
_RETRIED = 5 * MINUTE
_NOT_STARTED = re.compile(
    r"(?i)failed (?:to )?create (?:pod )?sandbox|CreatePodSandbox(?:Error| for pod .{1,300} failed)|error syncing pod|"
    r"failed to (?:start|create|run) container|MountVolume\.\S+ failed"
)
"""Kubelet and its events (pkg/kubelet/kuberuntime, pkg/kubelet/pod_workers.go): a pod that cannot start."""

Burst = tuple[str, str, int, int]
"""Signal, node, first and last occurrence."""


def serving_badly(scene: Scene, drafts: Sequence[Draft], alerts: Sequence[Fired], homes: Homes) -> list[Draft]:
    """Episodes without NotReady: a cause signal seen repeatedly on a node, and an effect there.

    An effect is a symptom that the cause is declared to bring on, seen at least twice there and more than in the hour
    before; pods that its own lines say cannot start, for minutes; or an alert of that very node, or of a service with
    most of its pods there. A signal whose bursts have no effect more often than they have one is background, and makes
    no episode; nor does what goes on from the evidence's first hour to its last.
    """
    found: list[Draft] = []
    stuck = _stuck_pods(scene)
    for signal in (s for s in scene.seen.signals if scene.graph.is_cause(s)):
        bursts = [b for node in scene.seen.nodes(signal) if node != NOWHERE for b in _bursts(scene, signal, node)]
        free = [b for b in bursts if not (_constant(scene, b) or any(_overlap(b, d, scene.end) for d in drafts))]
        felt = [b for b in free if _symptoms(scene, b) or _not_started(stuck, b) or _alerted(b, alerts, homes)]
        if felt and _more_felt(felt, free):
            found.extend(_draft(scene, burst) for burst in felt)
    return _merged(scene, found)


def _constant(scene: Scene, burst: Burst) -> bool:
    """Whether it was there when the evidence begins, and for most of it: a node that lives with it, going bad never."""
    _, _, first, last = burst
    return first <= scene.start + GAP and 2 * (last - first) > scene.end - scene.start


def _stuck_pods(scene: Scene) -> dict[tuple[str, str], Any]:
    """Signal and node → the sorted times of its lines that tell of a pod that cannot start."""
    rows = scene.seen.rows[scene.seen.rows["pod"].notna()]
    rows = rows[rows["message"].str.contains(_NOT_STARTED, na=False)]
    return {(str(s), str(n)): group.to_numpy() for (s, n), group in rows.groupby(["signal", "where"])["at"]}


def _not_started(stuck: Mapping[tuple[str, str], Any], burst: Burst) -> bool:
    """Whether the burst's own lines tell, for minutes, of pods that cannot start."""
    signal, node, first, last = burst
    times = stuck.get((signal, node))
    if times is None:
        return False
    told = times[(times >= first) & (times <= last)]
    return len(told) >= _FAILING and int(told[-1] - told[0]) >= _RETRIED


def _more_felt(felt: Sequence[Burst], free: Sequence[Burst]) -> bool:
    """Whether a signal's bursts have an effect more often than none."""
    return 2 * len(felt) > len(free)


def _bursts(scene: Scene, signal: str, node: str) -> list[Burst]:
    bursts: list[list[int]] = []
    for at in (int(t) for t in scene.seen.times(signal, node)):
        if bursts and at - bursts[-1][-1] <= GAP:
            bursts[-1].append(at)
        else:
            bursts.append([at])
    return [(signal, node, b[0], b[-1]) for b in bursts if len(b) >= REPEATED and b[-1] - b[0] >= MINUTE]


def _overlap(burst: Burst, draft: Draft, end: int) -> bool:
    _, node, first, last = burst
    until = draft.end if draft.end is not None else end
    return draft.node == node and first <= until + GAP and last >= min(draft.start, draft.onset - HOUR)


def _symptoms(scene: Scene, burst: Burst) -> bool:
    signal, node, first, last = burst
    until = last + _SETTLED
    for effect in sorted(scene.graph.descendants(signal)):
        if scene.graph.role(effect) is Role.SYMPTOM:
            during = scene.seen.count(effect, node, first, until)
            before = scene.seen.count(effect, node, first - HOUR, first - 1)
            if during >= _FAILING and during / (until - first) > 2 * before / HOUR:
                return True
    return False


def _alerted(burst: Burst, alerts: Sequence[Fired], homes: Homes) -> bool:
    _, node, first, last = burst
    for alert in alerts:
        if not alert.slow_burn and first <= alert.opened <= min(last + AFTERWARDS, first + _PROMPT):
            mostly_here = alert.service is not None and homes.share(node, alert.service, alert.opened) > 0.5
            own = alert.workload is not None and homes.carried(node, None, alert.workload, first, last)
            if alert.node == node or mostly_here or (own and matches(alert.service, alert.workload or "")):
                return True
    return False


def _draft(scene: Scene, burst: Burst) -> Draft:
    signal, node, first, last = burst
    end = None if scene.end - last < _SETTLED else last
    unseen = (
        "The node never turned NotReady" if _told_of_nodes(scene) else "No NotReady was seen, and events are missing"
    )
    note = f"{unseen}: it is an episode for what it did to the pods on it."
    return Draft(
        node=node,
        node_pool=scene.fleet.pool(node),
        onset=first,
        not_ready=None,
        ready=None,
        start=first,
        end=end,
        kind=Kind.UNREPAIRED,
        notes=(note,),
        served_badly=signal,
    )


def _told_of_nodes(scene: Scene) -> bool:
    """Whether the evidence would tell of a node that turned NotReady."""
    return "events" in scene.coverage.logs or any(course.downs for course in scene.courses.values())


def _merged(scene: Scene, drafts: list[Draft]) -> list[Draft]:
    """Bursts of several signals on one node at one time are one episode; the most upstream signal names it."""
    kept: list[Draft] = []
    for draft in sorted(drafts, key=lambda d: (d.node, d.start, d.served_badly or "")):
        before = kept[-1] if kept and kept[-1].node == draft.node else None
        until = before.end if before and before.end is not None else scene.end
        if before is None or draft.start > until + GAP:
            kept.append(draft)
            continue
        end = None if before.end is None or draft.end is None else max(before.end, draft.end)
        upstream = scene.graph.upstream_of(draft.served_badly or "", before.served_badly or "")
        chosen = draft if upstream else before
        kept[-1] = Draft(**{**chosen.__dict__, "start": before.start, "onset": before.onset, "end": end})
    return kept
