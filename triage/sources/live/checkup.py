"""What a collection would meet: every source is really asked, for as little as it can be asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Any

from triage.errors import InputError, SourceError
from triage.model.place import Ask, Window
from triage.sources.live.access import Access
from triage.sources.live.ahead import Ahead
from triage.sources.live.clusters import location_of, pick_cluster
from triage.sources.live.container import ContainerReader
from triage.sources.live.kubernetes import read_workloads
from triage.sources.live.logging import LogReader
from triage.sources.live.monitoring import NODE_METRICS, MonitoringReader


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    what: str
    good: bool
    detail: str
    remedy: str = ""
    source: bool = True
    """Whether a source was read (rather than a setting judged): access to none is exit status 4."""


def check_up(access: Access, ask: Ask, *, now: datetime, kubeconfig: Path | None = None) -> Iterator[Check]:
    """Try each source once. With a cluster named, look at what it logs and whether its API server is reached.

    Yields a check as soon as its answer is there; never raises for a source that fails.
    """
    window = Window(start=now - timedelta(minutes=10), end=now)
    clusters: list[dict[str, Any]] = []

    def list_clusters() -> str:
        found, missing = ContainerReader(access, patience_s=20).clusters()
        clusters.extend(found)
        if missing:
            raise SourceError(
                f"reading clusters: no answer from {', '.join(missing)}", remedy="run it again in a while"
            )
        return f"{len(clusters)} in project {access.project}"

    def list_operations() -> str:
        return f"{len(ContainerReader(access, patience_s=20).operations()[0])} listed"

    def list_alerts() -> str:
        return f"{len(MonitoringReader(access, patience_s=20).alerts(window))} in the last day"

    # Side by side, so that one that is silent costs the others no time.
    listing = _begin("clusters", list_clusters)
    others = [
        _begin("operations", list_operations),
        _begin("logs", lambda: _newest_entry(access, window)),
        _begin("alerts", list_alerts),
    ]
    listed = listing.result()
    yield listed
    name = ask.cluster or (str(clusters[0].get("name")) if clusters else "none")
    monitoring = MonitoringReader(access, patience_s=20)
    others.append(_begin("metrics", lambda: _reporting(monitoring.series(NODE_METRICS[0], name, window))))
    for check in others:
        yield check.result()
    if ask.cluster and (listed.good or any(cluster.get("name") == ask.cluster for cluster in clusters)):
        yield from _of_cluster(access, clusters, ask, kubeconfig)


def _of_cluster(access: Access, clusters: list[dict[str, Any]], ask: Ask, kubeconfig: Path | None) -> Iterator[Check]:
    try:
        cluster = pick_cluster(clusters, ask)
    except InputError as error:
        yield Check("cluster", False, str(error), error.remedy, source=False)
        return
    where = f"{location_of(cluster)}, Kubernetes {cluster.get('currentMasterVersion', '?')}"
    yield Check("cluster", True, f"{cluster['name']} in {where}", source=False)
    parts = ((cluster.get("loggingConfig") or {}).get("componentConfig") or {}).get("enableComponents") or []
    logs_system = "SYSTEM_COMPONENTS" in parts or "kubernetes" in str(cluster.get("loggingService", ""))
    name, place, project = (quote(str(part)) for part in (cluster["name"], location_of(cluster), access.project))
    switch_on = (
        f"gcloud container clusters update {name} --location={place} --project={project}"
        " --logging=SYSTEM,WORKLOAD   # changes the cluster"
    )
    if logs_system:
        yield Check("system logs", True, "kubelet, runtime and node logs are collected", source=False)
    else:
        yield Check("system logs", False, "system logging is switched off", switch_on, source=False)
    off = [str(p["name"]) for p in cluster.get("nodePools") or [] if not (p.get("management") or {}).get("autoRepair")]
    on = "\n".join(
        f"gcloud container node-pools update {quote(pool)} --cluster={name} --location={place} --project={project}"
        " --enable-autorepair   # changes the cluster"
        for pool in off
    )
    told = f"off in {', '.join(off)}: nothing repairs their nodes" if off else "on in every node pool"
    yield Check("auto-repair", not off, told, on, source=False)
    yield _try("workloads", lambda: f"{len(read_workloads(cluster, access.project, kubeconfig=kubeconfig))} objects")


def _newest_entry(access: Access, window: Window) -> str:
    start = window.start.isoformat()
    reader = LogReader(access, (f"projects/{access.project}",), patience_s=20)
    page = next(reader.pages(f'log_id("events") timestamp>="{start}"'), [])
    return f"{len(page)} events in the last ten minutes" if page else "readable; no events in the last ten minutes"


def _reporting(series: list[dict[str, Any]]) -> str:
    return f"{len(series)} nodes report PIDs" if series else "readable; no node told its PIDs in the last ten minutes"


def _begin(what: str, ask: Callable[[], str]) -> Ahead[Check]:
    return Ahead(lambda: _try(what, ask), f"check-{what}")


def _try(what: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(what, True, ask())
    except (SourceError, InputError) as error:
        return Check(what, False, str(error), error.remedy)
