"""Sightings: each place in the evidence that ties a pod to a node, a uid, a container id, or a controller.

Message formats: containerd `internal/cri/server/service.go` (returns sandbox id, returns container id), kubelet
`kubelet.go` (SyncLoop (PLEG)), scheduler (`Successfully assigned ns/pod to node`), controllers (`Created pod:`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from triage.evidence.evidence import Evidence
from triage.evidence.workload import Controller, job_controller, replica_set_controller
from triage.lql.document import parsed
from triage.signals.entry_fields import fields_of
from triage.signals.extract import compiled
from triage.signals.mentions import dashed, mention_in
from triage.signals.text import valid

_MAX_SCANNED = 4_000
"""Characters of a line that are searched; the telling words stand at its start."""
_SANDBOX = compiled(
    r"(?i)RunPodSandbox for &?PodSandboxMetadata\{Name:([^,\s]+),Uid:([^,\s]+),Namespace:([^,\s]+),.*"
    r'returns sandbox id \\?"([0-9a-f]{64})'
)
_CREATED = compiled(
    r'CreateContainer within sandbox \\?"([0-9a-f]{64})\\?" for &?ContainerMetadata\{Name:([^,\s]+),.*'
    r'returns container id \\?"([0-9a-f]{64})'
)
_STARTED = compiled(r'"?Data"?: ?"?([0-9a-f]{64})')
_PLEG_UID = compiled(r'"?ID"?: ?"?([0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32})')
_WITH_ID = compiled(r'containerID="?(?:(?:containerd|docker|cri-o)://)?([0-9a-f]{64})')
_BARE_ID = compiled(r"(?:^|//)([0-9a-f]{64})$")
_WITH_NAME = compiled(r'containerName="([^"\s]+)"')
_ASSIGNED = compiled(r"^Successfully assigned (?:([^/\s]+)/)?(\S+) to (\S+)")
_CREATED_POD = compiled(r"^Created pod: (\S+)$")
_AUDIT_POD = compiled(r"^core/v1/namespaces/([^/]+)/pods/([^/]+)")

_EVENT_FIELDS = {
    "kind": "$.jsonPayload.involvedObject.kind",
    "name": "$.jsonPayload.involvedObject.name",
    "namespace": "$.jsonPayload.involvedObject.namespace",
    "uid": "$.jsonPayload.involvedObject.uid",
    "reason": "$.jsonPayload.reason",
    "message": "$.jsonPayload.message",
    "host": "$.jsonPayload.source.host",
    "instance": "$.jsonPayload.reportingInstance",
    "component": "$.jsonPayload.source.component",
    "top_kind": '$.labels."logging.gke.io/top_level_controller_type"',
    "top_name": '$.labels."logging.gke.io/top_level_controller_name"',
}
_CONTROLLERS = ("ReplicaSet", "DaemonSet", "StatefulSet", "Job", "ReplicationController")


class Sighting(NamedTuple):
    """What one place in the evidence tells; times are nanoseconds since the epoch."""

    first: int
    last: int
    source: str
    namespace: str | None = None
    pod: str | None = None
    node: str | None = None
    uid: str | None = None
    container_id: str | None = None
    sandbox_id: str | None = None
    container: str | None = None
    controller: Controller | None = None


def sightings_in(evidence: Evidence) -> list[Sighting]:
    """Everything that the evidence tells of pods, the surest first."""
    entries = evidence.entries
    found = [*_from_pods(evidence), *_from_objects(evidence), *_from_placements(evidence.placements)]
    if len(entries):
        times = entries["timestamp"].astype("int64")
        found += _from_events(entries[entries["log_id"] == "events"], times)
        found += _from_own_logs(entries[entries["resource_type"].isin(["k8s_container", "container"])], times)
        found += _from_lines(entries[_of_nodes(entries)], times)
        found += _from_documents(entries[entries["log_id"].isin(_DOCUMENTS)], times)
    return found


def top_of(kind: str, name: str) -> Controller:
    """The controller above an owner: a ReplicaSet's Deployment and a Job's CronJob, where their names say so."""
    match kind:
        case "ReplicaSet":
            return replica_set_controller(name)
        case "Job":
            return job_controller(name)
        case _:
            return Controller(name, kind)


def _from_pods(evidence: Evidence) -> Iterator[Sighting]:
    end = int(pd.Timestamp(evidence.window.end).value)
    for row in evidence.pods.itertuples(index=False):
        first = end if pd.isna(row.created) else int(row.created.value)
        yield Sighting(
            min(first, end), end, "workloads", row.namespace, row.pod, row.node, row.uid,
            controller=_told(row.workload, row.kind),
        )  # fmt: skip


def _from_objects(evidence: Evidence) -> Iterator[Sighting]:
    """The containers of pods as their status names them, the present ones and those that ended before."""
    end = int(pd.Timestamp(evidence.window.end).value)
    for pod in evidence.objects:
        if _at(pod, "kind") != "Pod":
            continue
        namespace, name, uid = (_text(pod, "metadata", key) for key in ("namespace", "name", "uid"))
        node = _text(pod, "spec", "nodeName")
        for group in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            for status in _list(pod, "status", group):
                ids = (_text(status, "containerID"), _text(status, "lastState", "terminated", "containerID"))
                for container_id in ids:
                    told = _BARE_ID.search(container_id or "")
                    if told and namespace and name:
                        container = _text(status, "name")
                        yield Sighting(end, end, "workloads", namespace, name, node, uid, told[1], container=container)


def _from_placements(placements: pd.DataFrame) -> Iterator[Sighting]:
    for row in placements.itertuples(index=False):
        if pd.isna(row.first) or pd.isna(row.last):
            continue
        first, last = int(row.first.value), int(row.last.value)
        controller = _told(row.workload, row.kind)
        yield Sighting(first, last, row.source, row.namespace, row.pod, row.node, row.uid, controller=controller)


def _told(workload: str | None, kind: str | None) -> Controller | None:
    """What a source says of the top controller; without a kind it may be no more than a guess, and is left out."""
    return Controller(workload.partition("/")[2], kind) if workload and kind else None


def _from_events(entries: pd.DataFrame, times: pd.Series) -> Iterator[Sighting]:
    if entries.empty:
        return
    for at, event in zip(times[entries.index].to_list(), fields_of(entries, _EVENT_FIELDS), strict=True):
        if event["kind"] == "Pod" and event["name"]:
            yield _pod_event(int(at), event)
        elif event["kind"] in _CONTROLLERS and event["reason"] == "SuccessfulCreate":
            made = _CREATED_POD.search((event["message"] or "")[:_MAX_SCANNED])
            if made and event["name"]:
                controller = top_of(event["kind"], event["name"])
                yield Sighting(int(at), int(at), "event", event["namespace"], made[1], controller=controller)


def _pod_event(at: int, event: Mapping[str, str | None]) -> Sighting:
    node = event["host"] or (event["instance"] if event["component"] == "kubelet" else None)
    if event["reason"] == "Scheduled":
        assigned = _ASSIGNED.search((event["message"] or "")[:_MAX_SCANNED])
        node = assigned[3] if assigned else node
    top = top_of(event["top_kind"], event["top_name"]) if event["top_kind"] and event["top_name"] else None
    # The uid of a static pod's mirror is not the one that cgroup paths carry, yet it names the same pod.
    return Sighting(at, at, "event", event["namespace"], event["name"], node, event["uid"], controller=top)


def _from_own_logs(entries: pd.DataFrame, times: pd.Series) -> Iterator[Sighting]:
    named = entries[entries["namespace"].notna() & entries["pod"].notna()]
    if named.empty:
        return
    labels = {name: _EVENT_FIELDS[name] for name in ("top_kind", "top_name")}
    for at, row, told in zip(
        times[named.index].to_list(), named.itertuples(index=False), fields_of(named, labels), strict=True
    ):
        top = top_of(told["top_kind"], told["top_name"]) if told["top_kind"] and told["top_name"] else None
        yield Sighting(int(at), int(at), "container-log", row.namespace, row.pod, row.node, controller=top)


def _of_nodes(entries: pd.DataFrame) -> pd.Series:
    """Lines of nodes that may tell an id."""
    message = entries["message"].fillna("")
    telling = (
        message.str.contains("returns ", regex=False)
        | message.str.contains("PLEG", regex=False)
        | message.str.contains('pod="', regex=False)
        | message.str.contains("podUID", regex=False)
        | message.str.contains("_", regex=False) & message.str.contains("(", regex=False)
    )
    return telling & entries["resource_type"].isin(["k8s_node", "gce_instance"])


def _from_lines(entries: pd.DataFrame, times: pd.Series) -> Iterator[Sighting]:
    columns = (times[entries.index].to_list(), entries["node"].to_list(), entries["message"].to_list())
    for at, node, message in zip(*columns, strict=True):
        line = valid(message[:_MAX_SCANNED])
        sighting = _runtime_line(int(at), node, line) or _kubelet_line(int(at), node, line)
        if sighting:
            yield sighting


def _runtime_line(at: int, node: str | None, message: str) -> Sighting | None:
    """containerd's two lines: a sandbox of a pod, a container in a sandbox."""
    if "returns sandbox id" in message:
        made = _SANDBOX.search(message)
        if made:
            return Sighting(at, at, "runtime", made[3], made[1], node, dashed(made[2]), container_id=made[4])
    if "returns container id" in message:
        made = _CREATED.search(message)
        if made:
            return Sighting(at, at, "runtime", node=node, container_id=made[3], sandbox_id=made[1], container=made[2])
    return None


def _kubelet_line(at: int, node: str | None, message: str) -> Sighting | None:
    mention = mention_in(message)
    if mention is None or mention.basis == "cgroup" or not (mention.namespace and mention.pod):
        return None
    uid, container_id, container = mention.uid, None, None
    if "PLEG" in message:
        started, named = _STARTED.search(message), _PLEG_UID.search(message)
        container_id = started[1] if started and "ContainerStarted" in message else None
        uid = uid or (named[1] if named else None)
    else:
        with_id, with_name = _WITH_ID.search(message), _WITH_NAME.search(message)
        container_id = with_id[1] if with_id else None
        container = with_name[1] if with_name else None
    return Sighting(at, at, "runtime", mention.namespace, mention.pod, node, uid, container_id, container=container)


_VISIBILITY = "container.googleapis.com/cluster-autoscaler-visibility"
_DOCUMENTS = ("cloudaudit.googleapis.com/activity", "cloudaudit.googleapis.com/data_access", _VISIBILITY)


def _from_documents(entries: pd.DataFrame, times: pd.Series) -> Iterator[Sighting]:
    for at, text in zip(times[entries.index].to_list(), entries["entry"].to_list(), strict=True):
        if ".pods." not in text and "evictedPods" not in text:
            continue
        try:
            entry = parsed(text)
        except ValueError:
            continue  # cut at the size that is kept of one entry: what it told is out of reach
        yield from _audited(int(at), entry)
        yield from _evicted(int(at), entry)


def _at(value: Any, *keys: str) -> Any:
    """The value below nested objects, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(value: Any, *keys: str) -> str | None:
    found = _at(value, *keys)
    return found if isinstance(found, str) and found else None


def _list(value: Any, *keys: str) -> Sequence[Any]:
    found = _at(value, *keys)
    return found if isinstance(found, list) else ()


def _audited(at: int, entry: Any) -> Iterator[Sighting]:
    """A pod that was created, bound, evicted or deleted through the Kubernetes API."""
    payload = _at(entry, "protoPayload")
    place = _AUDIT_POD.search(_text(payload, "resourceName") or "")
    if not place or ".pods." not in (_text(payload, "methodName") or ""):
        return
    pod = _at(payload, "response") if _at(payload, "response", "kind") == "Pod" else _at(payload, "request")
    owner = next((o for o in _list(pod, "metadata", "ownerReferences") if _at(o, "controller") is not False), None)
    kind, name = _text(owner, "kind"), _text(owner, "name")
    if kind == "Node":  # a static pod's mirror: its name tells more
        kind = None
    node = _text(pod, "spec", "nodeName") or _text(payload, "request", "target", "name")
    uid = _text(pod, "metadata", "uid") if _at(pod, "kind") == "Pod" else None
    controller = top_of(kind, name) if kind and name else None
    yield Sighting(at, at, "audit", place[1], place[2], node, uid, controller=controller)


def _evicted(at: int, entry: Any) -> Iterator[Sighting]:
    """Pods that a scale-down evicts, with their node and controller."""
    for removed in _list(entry, "jsonPayload", "decision", "scaleDown", "nodesToBeRemoved"):
        node = _text(removed, "node", "name")
        for pod in _list(removed, "evictedPods"):
            namespace, name = _text(pod, "namespace"), _text(pod, "name")
            kind, owner = _text(pod, "controller", "kind"), _text(pod, "controller", "name")
            controller = top_of(kind, owner) if kind and owner else None
            if namespace and name:
                yield Sighting(at, at, "audit", namespace, name, node, controller=controller)
