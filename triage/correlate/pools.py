"""What is known of each node: its pool, zone, machine type, versions, VM."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from triage.correlate.machines import GIB, memory_of
from triage.correlate.times import column_ns
from triage.evidence.evidence import Evidence

_VM_NAME = re.compile(r"(?P<stem>gke-.+)-[0-9a-f]{8}-[0-9a-z]{4}")


USUAL_MEMORY = 16.0 * GIB
"""What a node is taken to have where nothing tells: four vCPUs of a standard machine."""


@dataclass(frozen=True)
class NodeFacts:
    """One node as `nodes`, `node_pools` and the entries tell of it; None where nothing does."""

    node_pool: str | None = None
    zone: str | None = None
    machine_type: str | None = None
    version: str | None = None
    image: str | None = None
    spot: bool = False


class Fleet:
    """All nodes that the evidence names, with what is known of each."""

    def __init__(self, evidence: Evidence, extra_nodes: Iterable[str] = ()) -> None:
        self._listed: dict[str, Any] = {row.node: row for row in evidence.nodes.itertuples() if row.node}
        self._pools: dict[str, Any] = {
            str(row.node_pool): row for row in evidence.node_pools.itertuples() if row.node_pool
        }
        self._prefixes: list[tuple[str, str]] = sorted(
            ((str(prefix), pool) for pool, row in self._pools.items() for prefix in (row.group_prefixes or ())),
            key=lambda pair: (-len(pair[0]), pair),
        )
        self._zones: list[tuple[str, str]] = sorted(
            ((str(prefix), str(zone)) for row in self._pools.values() for prefix, zone in (row.group_zones or ())),
            key=lambda pair: (-len(pair[0]), pair),
        )
        named = {str(pool) for pool in evidence.operations["node_pool"] if pool}
        self.pool_names: tuple[str, ...] = tuple(sorted(named | set(self._pools)))
        spoken = evidence.entries["node"].dropna().unique()
        covered = evidence.coverage["node"].dropna().unique()
        placed = evidence.placements["node"].dropna().unique()
        self.nodes = tuple(
            sorted({*map(str, spoken), *map(str, covered), *map(str, placed), *self._listed, *extra_nodes})
        )
        self._vms = self._instances(evidence)
        sizes = evidence.metrics[evidence.metrics["metric"] == "memory_total_bytes"]
        self._memory: dict[str, float] = sizes.groupby("node")["value"].max().dropna().to_dict()
        location = evidence.cluster.location
        self._only_zone = location if location and location.count("-") == 2 else None
        """The zone of a zonal cluster, which is that of all its nodes unless they say otherwise."""
        self._known: dict[str, NodeFacts] = {}

    def facts(self, node: str) -> NodeFacts:
        """What is known of `node`."""
        if node not in self._known:
            self._known[node] = self._gather(node)
        return self._known[node]

    def pool(self, node: str) -> str | None:
        """The node pool of `node`."""
        return self.facts(node).node_pool

    def memory(self, node: str) -> float:
        """The node's memory in bytes: as a metric tells, else its machine type, else what is usual."""
        return self.known_memory(node) or USUAL_MEMORY

    def known_memory(self, node: str) -> float | None:
        """The same, None where nothing tells."""
        return self._memory.get(node) or memory_of(self.facts(node).machine_type)

    def repairs_off(self, node: str) -> bool:
        """Whether the description of the node's pool says that GKE does not repair its nodes."""
        row = self._pools.get(self.pool(node) or "")
        return row is not None and row.auto_repair is False

    def in_pool(self, pool: str | None) -> tuple[str, ...]:
        """The nodes of a pool; all nodes where the pool is unknown."""
        if pool is None:
            return self.nodes
        return tuple(node for node in self.nodes if self.pool(node) == pool)

    def _gather(self, node: str) -> NodeFacts:
        row = self._listed.get(node)
        pool = (row.node_pool if row else None) or self._pool_by_name(node)
        of_pool = self._pools.get(pool) if pool else None
        return NodeFacts(
            node_pool=pool,
            zone=(row.zone if row else None) or self._only_zone or self._zone_by_name(node),
            machine_type=(row.machine_type if row else None) or (of_pool.machine_type if of_pool else None),
            version=(row.version if row else None) or (of_pool.version if of_pool else None),
            image=(row.image if row else None) or (of_pool.image if of_pool else None),
            spot=bool((row and row.spot) or (of_pool and of_pool.spot)),
        )

    def _zone_by_name(self, node: str) -> str | None:
        """The zone of the instance group whose prefix the VM's name bears."""
        return next((zone for prefix, zone in self._zones if node.startswith(prefix)), None)

    def _pool_by_name(self, node: str) -> str | None:
        """By the instance group's prefix; else by a pool whose name ends the VM's stem (GKE cuts long names)."""
        for prefix, pool in self._prefixes:
            if node.startswith(prefix):
                return pool
        match = _VM_NAME.fullmatch(node)
        stem = match["stem"] if match else ""
        ending = sorted((pool for pool in self.pool_names if stem.endswith(f"-{pool}")), key=lambda p: (-len(p), p))
        if ending:
            return ending[0]
        return self.pool_names[0] if len(self.pool_names) == 1 and match else None

    def instance_at(self, node: str, at: int) -> str | None:
        """The number of the VM that bore the node's name at that time (ns), where an entry from before tells.

        A repaired node keeps its name and gets another VM, so what `kubectl get nodes` says later is of the next life.
        """
        times, ids = self._vms.get(node, (np.empty(0, dtype="int64"), []))
        i = int(np.searchsorted(times, at, "right")) - 1
        return ids[i] if i >= 0 else None

    @staticmethod
    def _instances(evidence: Evidence) -> dict[str, tuple[Any, list[str]]]:
        told = evidence.entries[["node", "instance_id", "timestamp"]].dropna().sort_values(["timestamp", "instance_id"])
        return {
            str(node): (column_ns(rows["timestamp"]), [str(i) for i in rows["instance_id"]])
            for node, rows in told.groupby("node", sort=True)
        }
