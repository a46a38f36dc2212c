"""Evidence for tests of detection, built entry by entry as the file source lays it out."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from triage.evidence.evidence import Evidence
from triage.evidence.tables import ENTRIES, METRICS, PLACEMENTS, PODS, frame
from triage.model.place import Cluster, Window

NODE = "gke-shop-pool-1-0a1b2c3d-x4y5"
START = datetime(2024, 3, 5, 6, 0, tzinfo=UTC)
BASE_NS = int(pd.Timestamp(START).value)


def at(seconds: float) -> pd.Timestamp:
    """A moment so many seconds into the evidence."""
    return pd.Timestamp(START) + pd.Timedelta(seconds=seconds)


def entry(
    seconds: float, log: str, resource_type: str, payload: Mapping[str, Any], *,
    labels: Mapping[str, str] | None = None, node: str | None = NODE, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """One row of the entries table with the whole entry as JSON."""
    resource = {"cluster_name": "shop", "project_id": "shop", "location": "us-central1-a", **(more.pop("resource", {}))}
    if node and resource_type == "k8s_node":
        resource["node_name"] = node
    whole = {
        "insertId": more.pop("insert_id", f"i{seconds}"),
        "logName": f"projects/shop/logs/{log.replace('/', '%2F')}",
        "timestamp": at(seconds).isoformat(),
        "resource": {"type": resource_type, "labels": resource},
        "labels": dict(labels or {}),
        **payload,
    }
    inner = payload.get("jsonPayload", {})
    message = payload.get("textPayload") or inner.get("MESSAGE") or inner.get("message")
    message = message or payload.get("protoPayload", {}).get("status", {}).get("message")
    return {
        "timestamp": at(seconds),
        "insert_id": whole["insertId"],
        "log_name": whole["logName"],
        "log_id": log,
        "resource_type": resource_type,
        "severity": "DEFAULT",
        "node": node,
        "namespace": resource.get("namespace_name"),
        "pod": resource.get("pod_name"),
        "container": resource.get("container_name"),
        "message": message,
        "entry": json.dumps(whole),
        **more,
    }


def kubelet(seconds: float, message: str, **more: Any) -> dict[str, Any]:
    return entry(seconds, "kubelet", "k8s_node", {"jsonPayload": {"MESSAGE": message}}, **more)


def runtime(seconds: float, message: str, **more: Any) -> dict[str, Any]:
    return entry(seconds, "container-runtime", "k8s_node", {"jsonPayload": {"MESSAGE": message}}, **more)


def kernel(seconds: float, message: str, **more: Any) -> dict[str, Any]:
    payload = {"jsonPayload": {"MESSAGE": message, "SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel"}}
    return entry(seconds, "node-journal", "k8s_node", payload, **more)


def event(seconds: float, reason: str, message: str, *, kind: str = "Node", **more: Any) -> dict[str, Any]:
    """A Kubernetes event; `name`, `namespace`, `uid` and `host` describe the object and who saw it."""
    name, namespace = more.pop("name", NODE), more.pop("namespace", None)
    involved = {"kind": kind, "name": name, "uid": more.pop("uid", None), "fieldPath": more.pop("path", None)}
    if namespace:
        involved["namespace"] = namespace
    payload = {
        "kind": "Event", "reason": reason, "message": message, "involvedObject": involved,
        "source": {"component": "kubelet", "host": more.pop("host", NODE)},
    }  # fmt: skip
    resource = {"namespace_name": namespace, "pod_name": name} if kind == "Pod" else {}
    resource_type = {"Pod": "k8s_pod", "Node": "k8s_node"}.get(kind, "k8s_cluster")
    return entry(seconds, "events", resource_type, {"jsonPayload": payload}, resource=resource, **more)


def container(
    seconds: float, text: str, pod: str, *, namespace: str = "default", name: str = "server", **more: Any
) -> dict[str, Any]:
    resource = {"namespace_name": namespace, "pod_name": pod, "container_name": name}
    return entry(seconds, "stderr", "k8s_container", {"textPayload": text}, resource=resource, **more)


def evidence(
    entries: Sequence[Mapping[str, Any]] = (), *, metrics: Sequence[Mapping[str, Any]] = (),
    placements: Sequence[Mapping[str, Any]] = (), pods: Sequence[Mapping[str, Any]] = (),
    objects: Sequence[Mapping[str, Any]] = (),
) -> Evidence:  # fmt: skip
    """Evidence of these rows, over a day."""
    window = Window(start=START, end=(at(86_400)).to_pydatetime())
    return Evidence(
        Cluster(name="shop"),
        window,
        entries=frame(ENTRIES, entries),
        metrics=frame(METRICS, metrics),
        placements=frame(PLACEMENTS, placements),
        pods=frame(PODS, pods),
        objects=tuple(objects),
    )
