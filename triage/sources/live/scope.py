"""Which entries of a project are this cluster's: the part of a filter that every read shares."""

from collections.abc import Mapping, Sequence
from typing import Any

from triage.model.links import quoted
from triage.model.place import Window
from triage.units import format_time

LONGEST_CLAUSE = 3_000
VM_RESOURCES = ("gce_instance", "gce_instance_group", "gce_instance_group_manager")


def group_prefixes(cluster: Mapping[str, Any]) -> tuple[str, ...]:
    """The name prefixes of the cluster's VMs, from its instance groups: `gke-CLUSTER-POOL-HASH`."""
    urls = [url for pool in cluster.get("nodePools") or [] for url in pool.get("instanceGroupUrls") or []]
    urls += cluster.get("instanceGroupUrls") or []
    return tuple(sorted({str(url).rsplit("/", 1)[-1].removesuffix("-grp") for url in urls}))


def cluster_clause(name: str, prefixes: Sequence[str]) -> str:
    """The cluster's own resources, or VMs: those carry no cluster label, only a name (or not even that).

    Where so many prefixes would make the filter too long, all VMs of the project are asked for; those of other clusters
    are told apart when the bundle is read.
    """
    vms = " OR ".join(f'"{kind}"' for kind in VM_RESOURCES)
    machines = f"resource.type=({vms})"
    if prefixes:
        names = " OR ".join(quoted(prefix) for prefix in prefixes)
        named = (
            f'({machines} (labels."compute.googleapis.com/resource_name":({names})'
            f" OR protoPayload.resourceName:({names}) OR jsonPayload._HOSTNAME:({names})"
            f" OR protoPayload.status.message:({names}) OR jsonPayload.resource.name:({names})))"
        )
        machines = named if len(named) <= LONGEST_CLAUSE else machines
    return f"(resource.labels.cluster_name={quoted(name)} OR {machines})"


def within(text: str, clause: str, window: Window) -> str:
    """The whole filter of one read: what is wanted, of this cluster, in this window (both ends inside)."""
    start, end = format_time(window.start), format_time(window.end)
    return f'({text})\n{clause}\ntimestamp>="{start}"\ntimestamp<="{end}"'
