"""What a pod's name tells about its controller, by the ways in which Kubernetes makes names.

- Random parts come from `bcdfghjklmnpqrstvwxz2456789` (k8s.io/apimachinery/pkg/util/rand): five characters for a pod,
  and a ReplicaSet's hash of up to ten (a 32-bit number, each digit encoded). Up to 1.8 the hash was the number itself.
- A StatefulSet counts its pods.
- A CronJob's Job ends in the scheduled time: Unix minutes since 1.21, Unix seconds before.
"""

import re
from typing import NamedTuple

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX = re.compile(r"(?P<base>.+)-(?P<suffix>[a-z0-9]{5})")
_SAFE_SUFFIX = re.compile(rf"[{_SAFE}]{{5}}")
_HASH = re.compile(
    rf"(?P<base>.+)-(?:[{_SAFE}]{{7,10}}|(?=[a-z0-9]*[0-9])(?=[a-z0-9]*[a-z])[a-z0-9]{{4,10}}|[0-9]{{8,10}})"
)
_SCHEDULED = re.compile(r"(?P<base>.+)-(?:1[4-9][0-9]{8}|2[3-9][0-9]{6}|3[0-4][0-9]{6})")
_ORDINAL = re.compile(r"(?P<base>.*[a-z][a-z0-9.-]*)-(?:0|[1-9][0-9]{0,3})")


class Controller(NamedTuple):
    """A top controller: its name without the namespace, and its kind (None where unknown)."""

    name: str
    kind: str | None


def controller_of(pod: str, node: str | None = None) -> Controller:
    """The top controller that the name of a pod suggests; a name of no known shape is a pod of its own.

    `node` is where the pod ran: a static pod's name ends with it.
    """
    if node and pod.endswith(f"-{node}"):
        return Controller(pod.removesuffix(f"-{node}"), "Pod")
    random = _SUFFIX.fullmatch(pod)
    if random:
        base = random["base"]
        scheduled = _SCHEDULED.fullmatch(base)
        if scheduled:
            return Controller(scheduled["base"], "CronJob")
        hashed = _HASH.fullmatch(base)
        if hashed:
            return Controller(hashed["base"], "Deployment")
        if _SAFE_SUFFIX.fullmatch(random["suffix"]):
            return Controller(base, "DaemonSet")
    counted = _ORDINAL.fullmatch(pod)
    if counted:
        return Controller(counted["base"], "StatefulSet")
    return Controller(pod, "Pod")


def top_of(kind: str, name: str) -> Controller:
    """The controller above an owner: a ReplicaSet's Deployment and a Job's CronJob, where their names say so."""
    if kind == "ReplicaSet":
        hashed = _HASH.fullmatch(name)
        return Controller(hashed["base"], "Deployment") if hashed else Controller(name, "ReplicaSet")
    if kind == "Job":
        scheduled = _SCHEDULED.fullmatch(name)
        return Controller(scheduled["base"], "CronJob") if scheduled else Controller(name, "Job")
    if kind == "Node":
        return Controller(name, "Pod")
    return Controller(name, kind)
