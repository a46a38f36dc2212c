"""Which workload a pod belongs to: the top controller, by owner references, else labels, else the name's shape."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.evidence.fields import mapping, objects, text

SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The alphabet of generated suffixes: k8s.io/apimachinery/pkg/util/rand leaves out vowels and look-alikes."""

_TAIL = f"[{SAFE}]{{5}}"
# A pod template's hash is a 32-bit number in that alphabet; before Kubernetes 1.9 it was written in decimal.
_HASH = rf"(?:(?=[a-z]*[0-9])[{SAFE}]{{4,10}}|[0-9]{{6,10}}|(?=[a-f]*[0-9])[0-9a-f]{{8,10}})"
# CronJob controllers name a job after its minute (since 1.21) or second (before) of the epoch.
_SCHEDULED = r"(?:2[2-9][0-9]{6}|3[0-9]{7}|1[4-9][0-9]{8})"
_NODE_TAIL = re.compile(r"(.+?)-gke-.+-[0-9a-f]{8}-[a-z0-9]{4}")
_SHAPES: Sequence[tuple[re.Pattern[str], str | None]] = (
    (re.compile(rf"(.+)-{_SCHEDULED}-[a-z0-9]{{5}}"), "CronJob"),
    (re.compile(rf"(.+)-{_HASH}-[a-z0-9]{{5}}"), "Deployment"),
    (re.compile(rf"(.+)-{_TAIL}"), None),  # a DaemonSet, a Job or a bare ReplicaSet: the name does not tell
    (re.compile(r"(.+)-(?:0|[1-9][0-9]{0,3})"), "StatefulSet"),
)
_TYPE_LABEL = "logging.gke.io/top.level.controller.type"
_OF_REPLICA_SET = re.compile(rf"(.+)-{_HASH}")
_OF_SCHEDULED_JOB = re.compile(rf"(.+)-{_SCHEDULED}")

Owners = Mapping[tuple[str, str, str], Sequence[Mapping[str, Any]]]
"""Owner references of known objects, by (kind, namespace, name)."""


@dataclass(frozen=True)
class Controller:
    """The top controller of a pod."""

    name: str
    kind: str | None
    """Deployment, DaemonSet, StatefulSet, CronJob, Job, ReplicaSet, Pod, …; None where the evidence does not tell."""

    def within(self, namespace: str) -> str:
        """As reports write it: `namespace/name`."""
        return f"{namespace}/{self.name}"


def top_controller(
    namespace: str,
    pod: str,
    *,
    owner_references: Any = None,
    labels: Mapping[str, Any] | None = None,
    owners: Owners | None = None,
    node: str | None = None,
) -> Controller:
    """The top controller of `pod`.

    `owner_references` is the pod's `metadata.ownerReferences` (a list, empty for a bare pod; None where unknown),
    `labels` its labels or those of a log entry of it, `owners` what other objects say of their own owners, and
    `node` where it runs. A ReplicaSet counts as its Deployment, a scheduled Job as its CronJob.
    """
    by_owner = _by_owner(namespace, pod, objects(owner_references), owners or {}, node)
    if by_owner:
        return by_owner
    if isinstance(owner_references, list) and not owner_references:
        return Controller(pod, "Pod")
    return _by_label(pod, labels or {}) or by_shape(pod, node=node)


def by_shape(pod: str, *, node: str | None = None) -> Controller:
    """The controller as the pod's name alone tells it; the pod itself, of unknown kind, where it does not."""
    if node and pod.endswith(f"-{node}"):
        # A static pod: one on every node that the kubelet was given it, so it counts as a DaemonSet.
        return Controller(pod.removesuffix(f"-{node}"), "DaemonSet")
    static = _NODE_TAIL.fullmatch(pod)
    if static:
        return Controller(static[1], "DaemonSet")
    for shape, kind in _SHAPES:
        match = shape.fullmatch(pod)
        if match:
            return Controller(match[1], kind)
    return Controller(pod, None)


def job_controller(job: str) -> Controller:
    """The CronJob that a Job's name tells, else the Job itself."""
    scheduled = _OF_SCHEDULED_JOB.fullmatch(job)
    return Controller(scheduled[1], "CronJob") if scheduled else Controller(job, "Job")


def replica_set_controller(replica_set: str) -> Controller:
    """The Deployment that a ReplicaSet's name tells, else the ReplicaSet itself."""
    match = _OF_REPLICA_SET.fullmatch(replica_set)
    return Controller(match[1], "Deployment") if match else Controller(replica_set, "ReplicaSet")


def _by_owner(
    namespace: str, pod: str, references: Sequence[Mapping[str, Any]], owners: Owners, node: str | None
) -> Controller | None:
    owner = _controlling(references)
    if owner is None:
        return None
    kind, name = owner
    if kind == "Node":
        return Controller(pod.removesuffix(f"-{node or name}"), "DaemonSet")
    for _ in range(4):  # owners of owners are few; a cycle in a hostile document ends here
        above = _controlling(owners.get((kind, namespace, name), ()))
        if above is None:
            break
        kind, name = above
    if kind == "ReplicaSet" and ("ReplicaSet", namespace, name) not in owners:
        return replica_set_controller(name)
    if kind == "Job" and ("Job", namespace, name) not in owners:
        return job_controller(name)
    return Controller(name, kind)


def _controlling(references: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    named = [
        (reference.get("controller") is True, kind, name)
        for reference in references
        if (kind := text(reference.get("kind"), 253)) and (name := text(reference.get("name"), 253))
    ]
    chosen = next((n for n in named if n[0]), named[0] if named else None)
    return (chosen[1], chosen[2]) if chosen else None


def _by_label(pod: str, labels: Mapping[str, Any]) -> Controller | None:
    # Log entries carry pod labels as `k8s-pod/KEY` with dots written as underscores.
    plain = {key.removeprefix("k8s-pod/").replace("_", "."): text(value, 253) for key, value in mapping(labels).items()}
    name, kind = plain.get("logging.gke.io/top.level.controller.name"), plain.get(_TYPE_LABEL)
    job = plain.get("batch.kubernetes.io/job-name") or plain.get("job-name")
    template = plain.get("pod-template-hash")
    found = None
    if name:
        told = {"ReplicaSet": replica_set_controller, "Job": job_controller}.get(kind or "")
        found = told(name) if told else Controller(name, kind)
    elif job:
        found = job_controller(job)
    elif plain.get("statefulset.kubernetes.io/pod-name"):
        found = Controller(pod.rpartition("-")[0] or pod, "StatefulSet")
    elif template and f"-{template}-" in pod:
        found = Controller(pod.rpartition(f"-{template}-")[0], "Deployment")
    elif plain.get("pod-template-generation"):
        found = Controller(pod.rpartition("-")[0] or pod, "DaemonSet")
    return found
