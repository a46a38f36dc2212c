"""Everything collected about one cluster and window, as plain tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from triage.evidence.asked import Query, Tally
from triage.evidence.tables import (
    ALERTS,
    COVERAGE,
    ENTRIES,
    METRICS,
    NODE_POOLS,
    NODES,
    OPERATIONS,
    PLACEMENTS,
    PODS,
    frame,
)
from triage.model.place import Cluster, Gap, Window


@dataclass(frozen=True)
class Evidence:
    """What the sources hand on. Frames have the columns of `triage.evidence.tables`."""

    cluster: Cluster
    window: Window
    entries: pd.DataFrame = field(default_factory=lambda: frame(ENTRIES))
    coverage: pd.DataFrame = field(default_factory=lambda: frame(COVERAGE))
    placements: pd.DataFrame = field(default_factory=lambda: frame(PLACEMENTS))
    """Placements that container logs and `workloads.json` tell; `signals.identity` adds those from entries."""
    operations: pd.DataFrame = field(default_factory=lambda: frame(OPERATIONS))
    alerts: pd.DataFrame = field(default_factory=lambda: frame(ALERTS))
    metrics: pd.DataFrame = field(default_factory=lambda: frame(METRICS))
    pods: pd.DataFrame = field(default_factory=lambda: frame(PODS))
    nodes: pd.DataFrame = field(default_factory=lambda: frame(NODES))
    node_pools: pd.DataFrame = field(default_factory=lambda: frame(NODE_POOLS))
    objects: tuple[Mapping[str, Any], ...] = ()
    """Kubernetes objects of `workloads.json` as they are, for checks that need their whole spec."""
    present: frozenset[str] = frozenset()
    """Which sources were there at all: entries, operations, cluster, alerts, metrics, workloads."""
    gaps: tuple[Gap, ...] = ()
    queries: tuple[Query, ...] = ()
    tally: Tally = field(default_factory=Tally)
    ignored: tuple[str, ...] = ()
    """Files that are no evidence, by name."""
