"""Everything in an evidence directory but the log entries, parsed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote
from typing import Any

import pandas as pd

from triage.evidence.alerts import alerts_of, parse_alerts
from triage.evidence.clusters import Description, parse_clusters
from triage.evidence.manifest import Manifest
from triage.evidence.metrics import parse_metrics
from triage.evidence.operations import operations_of, parse_operations
from triage.evidence.tables import NODE_POOLS, frame
from triage.evidence.workloads import Workloads, parse_workloads
from triage.model.place import Cluster, Gap
from triage.sources.files.contents import Contents
from triage.sources.files.documents import REMEDIES, read_documents

ABSENT = {
    "entries": "no log entries were given, so only operations can be told",
    "operations": "no operations list was given; repairs are known only as far as logs tell of them",
    "cluster": "no cluster description was given; node pools are told by the names of nodes",
    "alerts": "no alerts were given",
    "metrics": "no metrics were given",
    "workloads": "no Kubernetes objects were given; pods are known only as far as logs tell of them",
}
"""What the absence of each kind of evidence means."""


@dataclass(frozen=True)
class Companions:
    """The parsed documents. Operations, and with them alerts and metrics, may still be of several clusters."""

    manifest: Manifest
    descriptions: list[Description]
    operations: pd.DataFrame
    alerts: pd.DataFrame
    metrics: list[Any]
    """Documents: they are parsed when the cluster is known."""
    workloads: Workloads
    present: frozenset[str]
    gaps: tuple[Gap, ...]

    def described(self, cluster: Cluster) -> Description | None:
        """The description of that cluster, where there is one."""
        same = [one for one in self.descriptions if one.cluster.name == cluster.name]
        exact = [one for one in same if one.cluster.location == cluster.location]
        return next(iter(exact), same[0] if len(same) == 1 else None)


@dataclass(frozen=True)
class OfCluster:
    """What the companions say of one cluster."""

    cluster: Cluster
    node_pools: pd.DataFrame
    operations: pd.DataFrame
    alerts: pd.DataFrame
    metrics: pd.DataFrame
    logged: pd.DataFrame
    """COVERAGE, as the metric `log_entry_count` tells it."""
    gaps: tuple[Gap, ...]

    def times(self) -> Iterator[int]:
        """The latest time of each kind, as nanoseconds since the epoch."""
        columns = [self.operations["start"], self.operations["end"], self.metrics["timestamp"]]
        for column in [*columns, self.alerts["opened"], self.alerts["closed"]]:
            latest = column.max()
            if pd.notna(latest):
                yield int(latest.value)


def read_companions(contents: Contents, manifest: Manifest, broken: Iterable[Gap]) -> Companions:
    """Read and parse every other file that is not of log entries; what is absent or broken is a gap.

    `broken` are the gaps of the manifest's own file.
    """
    gaps = [*broken]
    found: dict[str, list[Any]] = {}
    for kind in ("cluster", "operations", "alerts", "metrics", "workloads"):
        found[kind], unsound = read_documents(contents.of(kind))
        gaps += unsound
    explained = {gap.source for gap in manifest.gaps}  # the collection knows better why something is missing
    for kind in ("operations", "cluster", "alerts", "metrics", "workloads"):
        if not contents.of(kind) and kind not in explained:
            gaps.append(Gap(source=kind, reason=ABSENT[kind], remedy=REMEDIES[kind]))
    descriptions, of_clusters = parse_clusters(found["cluster"])
    operations, of_operations = parse_operations(found["operations"])
    alerts, of_alerts = parse_alerts(found["alerts"])
    workloads, of_workloads = parse_workloads(found["workloads"])
    gaps += [*manifest.gaps, *of_clusters, *of_operations, *of_alerts, *of_workloads]
    present = frozenset(kind for kind, documents in found.items() if documents and kind in ABSENT)
    return Companions(manifest, descriptions, operations, alerts, found["metrics"], workloads, present, tuple(gaps))


def of_cluster(companions: Companions, cluster: Cluster) -> OfCluster:
    """What the companions say of `cluster`; its description fills in what entries do not tell."""
    description = companions.described(cluster)
    operations, _ = operations_of(companions.operations, cluster)
    metrics, logged, gaps = parse_metrics(companions.metrics, cluster=cluster.name)
    if description:
        told = description.cluster.model_dump(exclude_none=True)
        cluster = Cluster(**{**told, **cluster.model_dump(exclude_none=True)})
        if description.logging_off:
            reason = "the cluster sends no logs to Cloud Logging (loggingService is none)"
            remedy = f"gcloud container clusters update {quote(cluster.name)} --logging=SYSTEM,WORKLOAD"
            gaps = (*gaps, Gap(source="entries", reason=reason, remedy=remedy))
    node_pools = description.node_pools if description else frame(NODE_POOLS)
    alerts = alerts_of(companions.alerts, cluster.name)
    return OfCluster(cluster, node_pools, operations, alerts, metrics, logged, gaps)
