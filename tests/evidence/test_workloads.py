"""Kubernetes objects as kubectl prints them."""

from typing import Any

import pandas as pd
import pytest

from triage.evidence.workloads import parse_workloads


def pod(name: str, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "creationTimestamp": "2026-03-01T03:00:00Z",
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-odd", "controller": True}],
        },
        "spec": {"nodeName": "node-1"},
        "status": {
            "phase": "Running",
            "startTime": "2026-03-01T03:00:05Z",
            "containerStatuses": [{"restartCount": 2}, {"restartCount": 3}],
        },
        **more,
    }


SET = {
    "kind": "ReplicaSet",
    "metadata": {
        "name": "web-odd",
        "namespace": "shop",
        "ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}],
    },
}
NODE = {
    "kind": "Node",
    "metadata": {
        "name": "node-1",
        "creationTimestamp": "2026-02-01T00:00:00Z",
        "labels": {
            "cloud.google.com/gke-nodepool": "main",
            "topology.kubernetes.io/zone": "us-east1-b",
            "node.kubernetes.io/instance-type": "e2-standard-8",
            "cloud.google.com/gke-spot": "true",
        },
        "annotations": {"container.googleapis.com/instance_id": "8675309"},
    },
    "status": {
        "nodeInfo": {
            "kubeletVersion": "v1.33.2-gke.1240000",
            "osImage": "Container-Optimized OS from Google",
            "containerRuntimeVersion": "containerd://2.0.4",
        }
    },
}


@pytest.mark.parametrize(
    "documents",
    [
        [{"kind": "List", "items": [pod("web-1"), SET, NODE]}],
        [[pod("web-1"), SET, NODE]],
        [pod("web-1"), {"kind": "List", "items": [SET]}, NODE],
        [{"kind": "PodList", "items": [{k: v for k, v in pod("web-1").items() if k != "kind"}]}, SET, NODE],
    ],
    ids=["list", "array", "several", "typed list"],
)
def test_every_shape(documents: list[Any]) -> None:
    found, gaps = parse_workloads(documents)
    assert not gaps
    assert len(found.objects) == 3
    row = found.pods.iloc[0]
    assert (row["workload"], row["kind"], row["node"], row["restarts"]) == ("shop/web", "Deployment", "node-1", 5)
    node = found.nodes.iloc[0]
    assert (node["node_pool"], node["zone"], node["instance_id"], node["spot"]) == (
        "main",
        "us-east1-b",
        "8675309",
        True,
    )


def test_running_pods_are_there_until_kubectl_looked() -> None:
    over = pod(
        "done",
        status={
            "phase": "Succeeded",
            "startTime": "2026-03-01T03:00:00Z",
            "containerStatuses": [{"state": {"terminated": {"finishedAt": "2026-03-01T03:10:00Z"}}}],
        },
    )
    found, _ = parse_workloads([[pod("web-1"), over, pod("waiting", spec={})]])
    seen = pd.Timestamp("2026-03-01T12:00:00Z")
    placed = found.placements_until(seen.value).set_index("pod")
    assert placed.loc["web-1", "last"] == seen
    assert placed.loc["done", "last"] == pd.Timestamp("2026-03-01T03:10:00Z")
    assert "waiting" not in placed.index


def test_what_is_no_object_is_counted() -> None:
    found, gaps = parse_workloads([[pod("web-1"), 7, {"kind": "Pod"}, {"metadata": {"name": "x"}}]])
    assert len(found.pods) == 1
    assert "3 records" in gaps[0].reason


def test_wrong_types_everywhere_are_absences() -> None:
    odd = {"kind": "Pod", "metadata": {"name": "x", "labels": [], "ownerReferences": {}}, "spec": "s", "status": [1]}
    node = {"kind": "Node", "metadata": {"name": "n", "labels": 7, "annotations": None}, "status": {"nodeInfo": []}}
    found, _ = parse_workloads([[odd, node]])
    assert found.pods["node"].tolist() == [None]
    assert found.nodes["zone"].tolist() == [None]
