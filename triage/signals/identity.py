"""Who a log line speaks of: container and sandbox ids, pod uids and names → pod → workload.

Built from everything that tells: `workloads.json` and container logs (the sources' placements), Scheduled and kubelet
events, the runtime's and the kubelet's own lines, autoscaler decisions and audit entries.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from triage.evidence.evidence import Evidence
from triage.evidence.tables import PLACEMENTS, frame
from triage.evidence.workload import Controller, by_shape
from triage.signals.declared import Declared, declared_by
from triage.signals.mentions import Mention, mention_in
from triage.signals.sightings import Sighting, sightings_in

_SAME_TIME_NS = 60 * 10**9
"""A pod's first sign may be written this much after something was said of it."""


class Who(NamedTuple):
    """The pod (or only the container) that a line speaks of; None stands for what is not known."""

    namespace: str | None = None
    pod: str | None = None
    container: str | None = None
    uid: str | None = None
    workload: str | None = None
    kind: str | None = None
    basis: str | None = None


@dataclass(frozen=True)
class Identities:
    """Ids and names of pods, and where pods ran (`placements`, columns PLACEMENTS)."""

    placements: pd.DataFrame = field(default_factory=lambda: frame(PLACEMENTS))
    containers: Mapping[str, tuple[str, str, str | None]] = field(default_factory=dict)
    """Container or sandbox id → namespace, pod, container name (None for a sandbox, or where unknown)."""
    uids: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Pod uid → namespace, pod."""
    container_uids: Mapping[str, str] = field(default_factory=dict)
    """Container or sandbox id → uid of its pod."""
    controllers: Mapping[tuple[str, str], Controller] = field(default_factory=dict)
    """(namespace, pod) → its top controller, where something said so."""
    siblings: Mapping[tuple[str, str], Controller] = field(default_factory=dict)
    """(namespace, pod's name without its last part) → the controller that was told of all known pods of that stem."""
    declared: Declared = field(default_factory=Declared)
    """The controllers that `workloads.json` lists: one of them made a pod that is no longer there."""
    daemons: frozenset[tuple[str, str]] = frozenset()
    """(namespace, name) of controllers of unknown kind whose pods were seen on several nodes, one on each."""
    nodes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(namespace, pod) → the node where it was seen last."""

    def controller(self, namespace: str, pod: str) -> Controller:
        """The pod's top controller: as told, else the listed one that names pods so, else by the shape of its name."""
        told = self.controllers.get((namespace, pod)) or self.siblings.get((namespace, _stem(pod)))
        told = told or self.declared.controller(namespace, pod)
        told = told or by_shape(pod, node=self.nodes.get((namespace, pod)))
        if told.kind is None and (namespace, told.name) in self.daemons:
            return Controller(told.name, "DaemonSet")
        return told

    def node_of(self, namespace: str, pod: str, uid: str | None, at: pd.Timestamp) -> str | None:
        """The node where the pod was: by its uid, else the stay that had begun by then, and is nearest in time.

        A StatefulSet's pod comes back under its name elsewhere: what is said of it before that is of its old node.
        """
        time = at.value

        def distance(stay: tuple[int, int, str, str | None]) -> tuple[int, bool, int]:
            first, last, _, own = stay
            other = 0 if not uid or own == uid else 1 if own is None else 2
            return other, first - time > _SAME_TIME_NS, max(first - time, time - last, 0)

        stays = self._stays.get((namespace, pod))
        return min(stays, key=distance)[2] if stays else None

    @cached_property
    def _stays(self) -> Mapping[tuple[str, str], list[tuple[int, int, str, str | None]]]:
        found: dict[tuple[str, str], list[tuple[int, int, str, str | None]]] = {}
        for row in self.placements.itertuples(index=False):
            found.setdefault((row.namespace, row.pod), []).append((row.first.value, row.last.value, row.node, row.uid))
        return found

    def who(self, mention: Mention) -> Who:
        """The pod behind a mention. An id that nothing maps to a pod keeps what the line itself says."""
        namespace, pod, container, uid = mention.namespace, mention.pod, None, mention.uid
        if mention.container_id:
            at = self.containers.get(mention.container_id)
            if at:
                namespace, pod, container = at[0], at[1], at[2]
            uid = uid or self.container_uids.get(mention.container_id)
        if uid and not (namespace and pod) and uid in self.uids:
            namespace, pod = self.uids[uid]
        if not (namespace and pod):
            return Who(namespace, pod, container, uid, None, None, mention.basis if uid or container else None)
        return self.named(namespace, pod, container, uid, mention.basis)

    def named(self, namespace: str, pod: str, container: str | None, uid: str | None, basis: str) -> Who:
        """The pod that an entry's own labels or fields name."""
        top = self.controller(namespace, pod)
        return Who(namespace, pod, container, uid, top.within(namespace), top.kind, basis)

    def in_message(self, message: str, extracted: Mapping[str, str]) -> Who | None:
        """The pod that a message speaks of, or None where it names none."""
        mention = mention_in(message, extracted)
        return self.who(mention) if mention else None


def identify(evidence: Evidence) -> Identities:
    """All ids, names and placements that the evidence tells."""
    seen = sightings_in(evidence)
    controllers = _controllers(seen)
    uids = {s.uid: (s.namespace, s.pod) for s in seen if s.uid and s.namespace and s.pod}
    containers: dict[str, tuple[str, str, str | None]] = {}
    container_uids: dict[str, str] = {}
    # A container's line names its sandbox only: what the sandbox's line says of the pod is known once all are read.
    sandboxes = {s.container_id: s for s in seen if s.container_id and s.namespace and s.pod}
    for sighting in seen:
        if not sighting.container_id:
            continue
        pod_of = sandboxes.get(sighting.sandbox_id or "", sighting) if not sighting.pod else sighting
        uid = pod_of.uid
        namespace, pod = pod_of.namespace, pod_of.pod
        if uid and not (namespace and pod):
            namespace, pod = uids.get(uid, (namespace, pod))
        if uid:
            container_uids.setdefault(sighting.container_id, uid)
        if namespace and pod:
            known = containers.get(sighting.container_id)
            containers[sighting.container_id] = (namespace, pod, sighting.container or (known[2] if known else None))
    nodes = _last_nodes(seen)
    daemons = _daemons(seen, controllers)
    siblings = _siblings(controllers)
    declared = declared_by(evidence.objects)
    identities = Identities(
        frame(PLACEMENTS), containers, uids, container_uids, controllers, siblings, declared, daemons, nodes
    )
    return replace(identities, placements=_placements(seen, identities))


def _controllers(seen: list[Sighting]) -> dict[tuple[str, str], Controller]:
    """What was said outright of controllers; kinds win over no kinds."""
    told: dict[tuple[str, str], Controller] = {}
    for sighting in seen:
        if sighting.controller and sighting.namespace and sighting.pod:
            key = (sighting.namespace, sighting.pod)
            if key not in told or (told[key].kind is None and sighting.controller.kind is not None):
                told[key] = sighting.controller
    return told


def _stem(pod: str) -> str:
    return pod.rpartition("-")[0]


def _siblings(told: Mapping[tuple[str, str], Controller]) -> dict[tuple[str, str], Controller]:
    """What was said of the other pods of a ReplicaSet, Job or DaemonSet holds for one of which nothing was said.

    The shape of a name does not always tell: a template's hash may look like a word.
    """
    found: dict[tuple[str, str], set[Controller]] = {}
    for (namespace, pod), controller in told.items():
        if controller.kind and controller.kind != "Pod" and _stem(pod):
            found.setdefault((namespace, _stem(pod)), set()).add(controller)
    return {stem: next(iter(controllers)) for stem, controllers in found.items() if len(controllers) == 1}


def _daemons(seen: list[Sighting], told: Mapping[tuple[str, str], Controller]) -> frozenset[tuple[str, str]]:
    """Controllers that behave as DaemonSets do, where nothing says what they are: `NAME-xxxxx`, one on each node."""
    pods: dict[tuple[str, str], dict[str, set[str]]] = {}
    for sighting in seen:
        if sighting.namespace and sighting.pod and sighting.node and (sighting.namespace, sighting.pod) not in told:
            shape = by_shape(sighting.pod, node=sighting.node)
            if shape.kind is None and shape.name != sighting.pod:
                by_node = pods.setdefault((sighting.namespace, shape.name), {})
                by_node.setdefault(sighting.node, set()).add(sighting.pod)
    return frozenset(
        key for key, by_node in pods.items() if len(by_node) > 1 and all(len(names) == 1 for names in by_node.values())
    )


def _last_nodes(seen: list[Sighting]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for sighting in seen:
        if sighting.namespace and sighting.pod and sighting.node:
            key, at = (sighting.namespace, sighting.pod), sighting.last
            if key not in found or at > found[key][0]:
                found[key] = (at, sighting.node)
    return {key: node for key, (_, node) in found.items()}


_SOURCES = ("workloads", "container-log", "event", "runtime", "audit")


def _placements(seen: list[Sighting], identities: Identities) -> pd.DataFrame:
    """One row for each stay of a pod on a node: a pod that is made again under its name (new uid) stays anew."""
    stays: dict[tuple[str, str, str], dict[str | None, list[Sighting]]] = {}
    homeless: dict[tuple[str, str], list[Sighting]] = {}
    for sighting in seen:
        if sighting.namespace and sighting.pod and sighting.node:
            key = (sighting.namespace, sighting.pod, sighting.node)
            stays.setdefault(key, {}).setdefault(sighting.uid, []).append(sighting)
        elif sighting.namespace and sighting.pod and sighting.source == "container-log":
            homeless.setdefault((sighting.namespace, sighting.pod), []).append(sighting)
    rows: list[dict[str, Any]] = []
    for (namespace, pod, node), by_uid in stays.items():
        nameless = by_uid.pop(None, [])
        if len(by_uid) == 1:
            next(iter(by_uid.values())).extend(nameless)
        elif nameless:
            by_uid[None] = nameless
        top = identities.controller(namespace, pod)
        for uid, sightings in by_uid.items():
            rows.append(
                {
                    "namespace": namespace,
                    "pod": pod,
                    "node": node,
                    "uid": uid,
                    "workload": top.within(namespace),
                    "kind": top.kind,
                    "first": min(s.first for s in sightings),
                    "last": max(s.last for s in sightings),
                    "source": min((s.source for s in sightings), key=_SOURCES.index),
                }
            )
    _lengthen(rows, homeless)
    table = frame(PLACEMENTS, rows)
    return table.sort_values(["first", "namespace", "pod", "node"], ignore_index=True)


def _lengthen(rows: list[dict[str, Any]], homeless: Mapping[tuple[str, str], list[Sighting]]) -> None:
    """A pod keeps its node for life: while its own log goes on, on a node that no entry names, its last stay does.

    Up to the next stay of a pod of that name, where there is one.
    """
    stays: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["first"], row["node"])):
        stays.setdefault((row["namespace"], row["pod"]), []).append(row)
    for key, signs in homeless.items():
        here = stays.get(key, [])
        for position, row in enumerate(here):
            until = here[position + 1]["first"] if position + 1 < len(here) else sys.maxsize
            spoken = [min(s.last, until) for s in signs if s.first < until]
            row["last"] = max((row["last"], *spoken))
