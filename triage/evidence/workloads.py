"""Kubernetes objects, as `kubectl get … -A -o json` prints them: pods with their workloads, nodes, and all the rest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from triage.evidence.fields import first_text, mapping, number, objects, text, time_ns
from triage.evidence.tables import NODES, PLACEMENTS, PODS, frame
from triage.evidence.workload import top_controller
from triage.model.place import Gap

_ZONE = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_MACHINE = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_SPOT = ("cloud.google.com/gke-spot", "cloud.google.com/gke-preemptible")
_DEEPEST = 6
_OVER = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Workloads:
    """What kubectl saw: `pods` (PODS), `nodes` (NODES), `placements` (PLACEMENTS), and the objects themselves."""

    pods: pd.DataFrame
    nodes: pd.DataFrame
    placements: pd.DataFrame
    objects: tuple[Mapping[str, Any], ...]

    def placements_until(self, seen: int) -> pd.DataFrame:
        """The placements, with pods that are not over known to be there until `seen` (nanoseconds since the epoch)."""
        table = self.placements.copy()
        going = set(self.pods.loc[~self.pods["phase"].isin(_OVER), "uid"].dropna())
        until = table["first"].clip(lower=pd.Timestamp(seen, unit="ns", tz="UTC"))
        table["last"] = table["last"].where(~table["uid"].isin(going), until)
        return table


def parse_workloads(documents: Iterable[Any]) -> tuple[Workloads, tuple[Gap, ...]]:
    """The objects in Lists, arrays, or one after another; each object once, the last one wins."""
    found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    broken = 0
    for record in (inner for document in documents for inner in _objects(document, _DEEPEST)):
        metadata = mapping(mapping(record).get("metadata"))
        kind, name = first_text(mapping(record), "kind"), first_text(metadata, "name")
        if kind and name:
            found[kind, first_text(metadata, "namespace") or "", name] = record
        else:
            broken += 1
    owners = {
        key: objects(mapping(one.get("metadata")).get("ownerReferences"))
        for key, one in found.items()
        if key[0] in ("ReplicaSet", "Job")
    }
    pods = [_pod(one, owners) for key, one in found.items() if key[0] == "Pod"]
    nodes = [_node(one) for key, one in found.items() if key[0] == "Node"]
    placed = [_placement(pod, mapping(found["Pod", pod["namespace"], pod["pod"]])) for pod in pods if pod["node"]]
    gaps: tuple[Gap, ...] = ()
    if broken:
        reason = f"{broken} records in the workloads are no Kubernetes objects and were skipped"
        gaps = (Gap(source="workloads", reason=reason, remedy="kubectl get … -A -o json > workloads.json"),)
    return Workloads(frame(PODS, pods), frame(NODES, nodes), frame(PLACEMENTS, placed), tuple(found.values())), gaps


def _objects(document: Any, depth: int) -> Iterator[Any]:
    if isinstance(document, list):
        for inner in document if depth else ():
            yield from _objects(inner, depth - 1)
    elif isinstance(document, dict) and isinstance(document.get("items"), list) and depth:
        # the items of a typed list (`PodList`) do not repeat their kind
        kind = (first_text(document, "kind") or "").removesuffix("List")
        for inner in document["items"]:
            yield {"kind": kind, **inner} if kind and isinstance(inner, dict) else inner
    else:
        yield document


def _pod(pod: Mapping[str, Any], owners: Mapping[tuple[str, str, str], Any]) -> dict[str, Any]:
    metadata, spec, status = (mapping(pod.get(key)) for key in ("metadata", "spec", "status"))
    namespace, name = first_text(metadata, "namespace") or "", first_text(metadata, "name") or ""
    node = first_text(spec, "nodeName")
    controller = top_controller(
        namespace,
        name,
        owner_references=metadata.get("ownerReferences") or [],
        labels=mapping(metadata.get("labels")),
        owners=owners,
        node=node,
    )
    restarts = (number(one.get("restartCount")) for one in objects(status.get("containerStatuses")))
    return {
        "namespace": namespace,
        "pod": name,
        "uid": first_text(metadata, "uid"),
        "node": node,
        "workload": controller.within(namespace),
        "kind": controller.kind,
        "created": time_ns(metadata.get("creationTimestamp")),
        "phase": first_text(status, "phase"),
        "restarts": int(sum(count for count in restarts if count)),
    }


def _placement(pod: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    status = mapping(source.get("status"))
    first = time_ns(status.get("startTime")) or pod["created"]
    ended = [
        at
        for one in objects(status.get("containerStatuses"))
        if (at := time_ns(mapping(mapping(one.get("state")).get("terminated")).get("finishedAt")))
    ]
    last = max(ended, default=first) if pod["phase"] in _OVER else first
    return {
        **{key: pod[key] for key in ("namespace", "pod", "node", "uid", "workload", "kind")},
        "first": first,
        "last": max(last, first) if last is not None and first is not None else last,
        "source": "workloads",
    }


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    metadata = mapping(node.get("metadata"))
    labels, annotations = mapping(metadata.get("labels")), mapping(metadata.get("annotations"))
    info = mapping(mapping(node.get("status")).get("nodeInfo"))
    return {
        "node": first_text(metadata, "name"),
        "node_pool": first_text(labels, "cloud.google.com/gke-nodepool"),
        "zone": first_text(labels, *_ZONE),
        "machine_type": first_text(labels, *_MACHINE),
        "version": first_text(info, "kubeletVersion"),
        "image": first_text(info, "osImage"),
        "runtime": first_text(info, "containerRuntimeVersion"),
        "instance_id": text(annotations.get("container.googleapis.com/instance_id")),
        "created": time_ns(metadata.get("creationTimestamp")),
        "spot": any(labels.get(key) == "true" for key in _SPOT),
    }
