"""What an alert's labels say of whom it is about: the service, the node, the workload."""

import re
from collections.abc import Mapping
from typing import Any

from triage.evidence.fields import first_text, text
from triage.evidence.workload import job_controller, top_controller

_SERVICE = (
    "service_name",
    "service",
    "destination_service_name",
    "canonical_service_name",
    "destination_canonical_service_name",
    "destination_canonical_service",
    "destination_workload",
    "slo_service",
    "sloth_service",
    "kubernetes_service",
    "app_kubernetes_io_name",
    "app",
    "service_id",
    "top_level_controller_name",
    "deployment",
    "workload",
    "workload_name",
    "job",
)
_NODE = ("node_name", "node", "kubernetes_node", "nodename", "kubernetes_io_hostname", "exported_node")
_CONTROLLER = (
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("cronjob", "CronJob"),
)
_GKE_NODE = re.compile(r"gke-[a-z0-9-]{1,60}")


def service_of(labels: Mapping[str, Any]) -> str | None:
    """The service that an alert is about, by the labels that mesh, SLO and rule tools give; None where none says."""
    return first_text(labels, *_SERVICE)


def place_of(labels: Mapping[str, Any], *, resource_type: str | None = None) -> dict[str, str | None]:
    """`cluster`, `node`, `namespace` and `workload` (namespace/name) as far as the labels name them."""
    namespace = first_text(labels, "namespace_name", "namespace", "kubernetes_namespace", "exported_namespace")
    name = _controller(labels, namespace)
    return {
        "cluster": first_text(labels, "cluster_name", "cluster"),
        "node": _node(labels, resource_type),
        "namespace": namespace,
        "workload": f"{namespace}/{name}" if namespace and name else None,
    }


def _node(labels: Mapping[str, Any], resource_type: str | None) -> str | None:
    named = first_text(labels, *_NODE)
    if named:
        return named
    instance = first_text(labels, "instance_name", "name") if resource_type == "gce_instance" else None
    if instance:
        return instance
    # `instance` is what was scraped, HOST:PORT: a node where the host is named like one, else a pod's address.
    host = (first_text(labels, "instance") or "").partition(":")[0]
    return host if _GKE_NODE.fullmatch(host) else None


def _controller(labels: Mapping[str, Any], namespace: str | None) -> str | None:
    for label, _ in _CONTROLLER:
        named = first_text(labels, label)
        if named:
            return named
    named = first_text(labels, "top_level_controller_name", "workload_name", "workload", "destination_workload")
    if named:
        return named
    job = first_text(labels, "job_name")
    if job:
        return job_controller(job).name
    pod = first_text(labels, "pod_name", "pod", "exported_pod")
    return top_controller(namespace or "", pod).name if pod and text(pod, 253) else None
