"""Knock-outs: the same world with the proof taken away, moved or shuffled. A verdict that stays is a verdict by heart.

Each changes a simulated world in place, before it is written. The truth file keeps what was true before.
"""

import json
import random
from collections.abc import Callable

from benchmarks.judging import CONFIDENT, RANK
from fixtures.simulate.cluster import Node
from fixtures.simulate.workloads import Pod
from fixtures.simulate.world import World
from triage.correlate.control_plane import SIGNAL as CONTROL_PLANE

Report = dict[str, dict[str, object]]


def without_cause(world: World) -> None:
    """Delete every line, every metric, and every operation on the control plane, that names the cause."""
    causes = set(world.described.expect.causes)
    if CONTROL_PLANE in causes:
        world.operations = [operation for operation in world.operations if operation.kind != "UPGRADE_MASTER"]
    world.records = [record for record in world.records if not causes & set(record.signals)]
    world.described.files = [name for name in world.described.files if name != "metrics"]


def shuffled_placements(world: World) -> None:
    """Let every pod have run elsewhere: whatever names a pod now names another node with it."""
    rng = random.Random(f"shuffle {world.described.seed}")
    moved: dict[str, tuple[Node, Node]] = {}
    for pod in world.placements.pods:
        if pod.workload.kind != "DaemonSet":
            target = rng.choice([node for node in world.cluster.nodes if node is not pod.node])
            for mark in (pod.name, pod.uid, pod.uid.replace("-", "_"), pod.container_id, pod.sandbox_id):
                moved[mark] = (pod.node, target)
            pod.node = target
    for record in world.records:
        text = json.dumps(record.entry)
        hit = next((places for mark, places in moved.items() if mark in text), None)
        if hit is not None:
            old, new = hit
            text = text.replace(old.name, new.name)
            text = text.replace(old.boot(record.t).instance_id, new.boot(record.t).instance_id)
            record.entry, record.node = json.loads(text), new.name


def shuffled_names(world: World) -> None:
    """Let every line that names a pod name another pod of its node, drawn by lot each time.

    This takes the proof away where shuffled placements cannot: a DaemonSet is on every node anyway, and lines of a
    pod at its own limit go with the pod.
    """
    rng = random.Random(f"names {world.described.seed}")
    marks = {
        pod.uid: (pod.name, pod.uid, pod.uid.replace("-", "_"), pod.container_id, pod.sandbox_id, pod.workload.name)
        for pod in world.placements.pods
    }
    on: dict[str, list[Pod]] = {}
    for pod in world.placements.pods:
        on.setdefault(pod.node.name, []).append(pod)
    for record in world.records:
        text = json.dumps(record.entry)
        here = on.get(record.node or "", [])
        named = next((pod for pod in here if any(mark in text for mark in marks[pod.uid][:5])), None)
        if named is not None and record.signals:
            other = rng.choice(here)
            for old, new in zip(marks[named.uid], marks[other.uid], strict=True):
                text = text.replace(old, new)
            record.entry = json.loads(text)
    world.described.files = [name for name in world.described.files if name != "metrics"]


def shifted_alerts(world: World) -> None:
    """Let every alert have opened hours earlier or later, each by its own amount, within the window."""
    rng = random.Random(f"shift {world.described.seed}")
    for alert in world.alerts:
        opened = (alert.opened + rng.uniform(2, 22) * 3600) % (world.length - 1200)
        if alert.closed is not None:
            alert.closed = opened + (alert.closed - alert.opened)
        alert.opened = opened
    world.alerts.sort(key=lambda alert: (alert.opened, alert.policy))


def moved_repairs(world: World) -> None:
    """Let NotReady and repair have struck other nodes than those that show the cause."""
    rng = random.Random(f"move {world.described.seed}")
    struck = sorted({episode.node.name for episode in world.episodes})
    spared = sorted(node.name for node in world.cluster.nodes if node.name not in struck)
    targets = spared if len(spared) >= len(struck) else sorted(node.name for node in world.cluster.nodes)
    move = dict(zip(struck, rng.sample(targets, len(struck)), strict=True))
    consequences = {"node-not-ready", "node-status-unknown", "node-auto-repair"}
    spans = [
        (e.node.name, e.not_ready - 1, (e.end or world.length) + 60) for e in world.episodes if e.not_ready is not None
    ]
    for record in world.records:
        # With NotReady goes all that follows it: the VM's end, the next boot, Ready.
        follows = any(record.node == node and start <= record.t <= end for node, start, end in spans)
        if record.node in move and (follows or consequences & set(record.signals)):
            record.entry = json.loads(json.dumps(record.entry).replace(record.node, move[record.node]))
            record.node = move[record.node]


def _fallen(report: Report, _before: Report, world: World) -> bool:
    verdict = report["verdict"]
    still = verdict["cause"] in world.described.expect.causes
    return not (still and verdict["confidence"] in CONFIDENT)


def _suspect_gone(report: Report, before: Report, _world: World) -> bool:
    verdict = report["verdict"]
    return verdict["workload"] != before["verdict"]["workload"] or verdict["confidence"] not in CONFIDENT


def _untied(report: Report, _before: Report, _world: World) -> bool:
    p_value = report["alignment"]["p_value"]
    return p_value is None or float(str(p_value)) > 0.05


def _less_sure(report: Report, before: Report, _world: World) -> bool:
    return RANK[str(report["verdict"]["confidence"])] < RANK[str(before["verdict"]["confidence"])]


Knockout = tuple[Callable[[World], None], Callable[[Report, Report, World], bool]]
KNOCKOUTS: dict[str, Knockout] = {
    "without the cause": (without_cause, _fallen),
    "placements shuffled": (shuffled_placements, _suspect_gone),
    "names shuffled": (shuffled_names, _suspect_gone),
    "alerts shifted": (shifted_alerts, _untied),
    "repairs moved": (moved_repairs, _less_sure),
}
"""Name to what is done, and to whether the report has drawn the consequence (report, report before, world)."""


def applies(name: str, world: World, before: Report) -> bool:
    """Whether the knock-out takes anything away that the verdict could have stood on."""
    verdict = before["verdict"]
    faults = [episode for episode in world.episodes if episode.kind in {"repair", "unrepaired"}]
    if not faults or verdict["confidence"] not in CONFIDENT:
        return False
    # A DaemonSet runs on every node, wherever other pods are put; and a node that only serves badly does so
    # for its pod's own lines, which go with the pod. There the names are shuffled instead.
    moved = {pod.workload.full_name for pod in world.placements.pods if pod.workload.kind != "DaemonSet"}
    moves = verdict["workload"] in moved and any(episode.not_ready is not None for episode in faults)
    if name == "placements shuffled":
        return moves
    if name == "names shuffled":
        return verdict["workload"] is not None and not moves
    if name == "alerts shifted":
        return "alerts" in world.described.files and len(world.alerts) >= 6 and len(faults) >= 3
    if name == "repairs moved":
        # What is no node's (a change of the control plane) stays what it was, whichever nodes it struck.
        causes = set(world.described.expect.causes)
        telling = [record.node for record in world.records if causes & set(record.signals)]
        return (not telling or any(telling)) and all(episode.not_ready is not None for episode in faults)
    return True
