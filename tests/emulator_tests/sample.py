"""A small evidence directory, written for these tests: one repair, thirty lines, two alerts, two pods."""

import gzip
import json
from pathlib import Path
from typing import Any

PROJECT = "shop-prod"
NUMBER = "518203771946"
LOCATION = "europe-west1"
NODE = "gke-front-default-3c7d-k2x9"
REPAIR = "operation-1772340000000-5d2c9b1e-7a41-4a2f-9f63-0c1d2e3f4a5b"
AUDIT_LOG = f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity"


def kubelet_line(number: int, *, at: str = "", **more: Any) -> dict[str, Any]:
    """A kubelet entry of `NODE`; by default two share each second, so that insertId must break the tie."""
    return {
        "logName": f"projects/{PROJECT}/logs/kubelet",
        "insertId": f"k{number:04d}",
        "timestamp": at or f"2026-03-01T04:00:{number // 2:02d}.123456789Z",
        "receiveTimestamp": "2026-03-01T04:01:00Z",
        "resource": {
            "type": "k8s_node",
            "labels": {
                "project_id": PROJECT,
                "location": LOCATION,
                "cluster_name": "front",
                "node_name": NODE,
            },
        },
        "jsonPayload": {"MESSAGE": f"sync loop took {number}s", "_PID": "1711", "number": number},
        **more,
    }


def audit_line() -> dict[str, Any]:
    """The closing audit entry of the repair, with a key that no released AuditLog has."""
    return {
        "logName": AUDIT_LOG,
        "insertId": "a1",
        "timestamp": "2026-03-01T04:20:00.5Z",
        "severity": "NOTICE",
        "resource": {
            "type": "gke_nodepool",
            "labels": {
                "project_id": PROJECT,
                "location": LOCATION,
                "cluster_name": "front",
                "nodepool_name": "default",
            },
        },
        "operation": {"id": REPAIR, "producer": "container.googleapis.com", "last": True},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "container.googleapis.com",
            "methodName": "google.container.internal.ClusterManagerInternal.RepairNodePool",
            "resourceName": f"projects/{PROJECT}/zones/{LOCATION}/clusters/front/nodePools/default",
            "metadata": {"operationType": "AUTO_REPAIR_NODES"},
            "request": {"@type": "type.googleapis.com/unheard.of.Request", "count": 2},
            "serviceData": {"@type": "type.googleapis.com/unheard.of.Data", "value": 1},
            "aFieldOfTomorrow": {"deep": [1]},
            "status": {},
        },
    }


def operation(name: str = REPAIR, kind: str = "AUTO_REPAIR_NODES", zone: str = LOCATION) -> dict[str, Any]:
    link = f"https://container.googleapis.com/v1/projects/{NUMBER}/locations/{zone}"
    return {
        "name": name,
        "operationType": kind,
        "status": "DONE",
        "zone": zone,
        "selfLink": f"{link}/operations/{name}",
        "targetLink": f"{link}/clusters/front/nodePools/default",
        "startTime": "2026-03-01T04:12:00.103625653Z",
        "endTime": "2026-03-01T04:20:00.551338207Z",
    }


def cluster() -> dict[str, Any]:
    return {
        "name": "front",
        "location": LOCATION,
        "zone": LOCATION,
        "selfLink": f"https://container.googleapis.com/v1/projects/{PROJECT}/locations/{LOCATION}/clusters/front",
        "currentMasterVersion": "1.31.5-gke.1023000",
        "currentNodeVersion": "1.31.5-gke.1023000",
        "endpoint": "203.0.113.10",
        "status": "RUNNING",
        "nodePools": [
            {"name": "default", "management": {"autoRepair": True}, "config": {"machineType": "e2-standard-4"}}
        ],
    }


def alert(number: int, opened: str, closed: str = "") -> dict[str, Any]:
    record = {
        "name": f"projects/{PROJECT}/alerts/0.{number}",
        "state": "CLOSED" if closed else "OPEN",
        "openTime": opened,
        "policy": {
            "name": f"projects/{PROJECT}/alertPolicies/{number % 2}",
            "displayName": f"SLO burn {number % 2}",
            "severity": "CRITICAL",
        },
        "resource": {"type": "k8s_cluster", "labels": {"project_id": PROJECT}},
    }
    return {**record, "closeTime": closed} if closed else record


def pid_series(node: str, values: list[int]) -> dict[str, Any]:
    points = [
        {
            "interval": {"startTime": f"2026-03-01T04:{m:02d}:00Z", "endTime": f"2026-03-01T04:{m:02d}:00Z"},
            "value": {"int64Value": str(value)},
        }
        for m, value in enumerate(values, start=1)
    ]
    return {
        "metric": {"type": "kubernetes.io/node/pid_used"},
        "resource": {"type": "k8s_node", "labels": {"project_id": PROJECT, "cluster_name": "front", "node_name": node}},
        "metricKind": "GAUGE",
        "valueType": "INT64",
        "points": points[::-1],
    }


def workloads() -> dict[str, Any]:
    def pod(name: str, namespace: str) -> dict[str, Any]:
        meta = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": {"app": name.partition("-")[0]}}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": meta,
            "spec": {"nodeName": NODE, "containers": [{"name": "main"}]},
        }

    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "labels": {"pool": "default"}}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"replicas": 1},
    }
    items = [pod("cart-5f6d-aaaaa", "shop"), pod("mail-7c8b-bbbbb", "office"), node, deployment]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def write_evidence(directory: Path) -> Path:
    """The whole directory, in the mixture of file forms that the contract allows."""
    lines = [kubelet_line(n) for n in range(30)]
    # Entries of the emulator's own shapes: an array, lines, and compressed lines with a duplicate.
    (directory / "entries-1.json").write_text(json.dumps(lines[20:]))
    (directory / "entries-2.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines[10:20]) + "{broken\n")
    with gzip.open(directory / "entries-3.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in [*lines[:10], lines[3], audit_line()])
    others = [operation(), operation("operation-2-zonal", "UPGRADE_MASTER", "us-central1-a")]
    (directory / "operations.json").write_text(json.dumps(others))
    (directory / "cluster.json").write_text(json.dumps(cluster()))
    alerts = [alert(1, "2026-03-01T04:05:00Z", "2026-03-01T04:30:00Z"), alert(2, "2026-03-01T04:06:00Z")]
    (directory / "alerts.json").write_text(json.dumps({"alerts": alerts}))
    series = [pid_series(NODE, [100, 200, 300, 400]), pid_series("gke-front-default-3c7d-other", [10, 10, 10, 10])]
    (directory / "metrics.json").write_text(json.dumps({"timeSeries": series}))
    (directory / "workloads.json").write_text(json.dumps(workloads()))
    (directory / "notes.txt").write_text("not evidence")
    return directory
