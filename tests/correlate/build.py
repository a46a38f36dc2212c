"""Small incidents, frame by frame: a cluster of nodes, what was seen on them, and a pack of a few signals."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pandas as pd

from triage.correlate import correlate
from triage.evidence.evidence import Evidence
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import ALERTS, COVERAGE, ENTRIES, METRICS, NODE_POOLS, OPERATIONS, PLACEMENTS, frame
from triage.model.incident import Incident
from triage.model.place import Cluster, Gap, Window
from triage.model.signal import Link, MetricRule, Pack, Remedy, Role, Severity, Signal, Status, Step

DAY = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 9, tzinfo=UTC)
LOGS = ("kubelet", "container-runtime", "node-journal")
ALL = frozenset({"entries", "operations", "cluster", "alerts", "metrics", "workloads"})


def at(hours: float) -> datetime:
    """Hours into the window."""
    return DAY + timedelta(hours=hours)


def signal(name: str, role: Role, *leads_to: str, **more: Any) -> Signal:
    """A signal of the test pack; `leads_to` lists ids, each within half an hour."""
    links = tuple(Link(id=to, within=timedelta(minutes=30), because=f"{name} brings on {to}") for to in leads_to)
    title = more.pop("title", name.replace("-", " ").capitalize())
    return Signal(
        id=name,
        title=title,
        status=Status.TEST,
        role=role,
        severity=Severity.HIGH,
        description="For tests.",
        leads_to=links,
        summary="{node}: " + name + " ({count}× in {duration})",
        **more,
    )


def pack() -> Pack:
    """Enough signals to ask every question: chains, rivals, symptoms, planned work."""
    cause, symptom, consequence = Role.CAUSE, Role.SYMPTOM, Role.CONSEQUENCE
    steps = (
        Step(say="Look", run="gcloud compute ssh {node} --zone {zone} --project {project} --command 'ps'", ssh=True),
        Step(say="Restart", run="kubectl rollout restart -n {namespace} {workload}", changes=True),
        Step(say="Keep pods away", run="kubectl cordon {node}", changes=True),
    )
    signals = (
        signal("zombie-processes", cause, "pid-exhaustion"),
        signal(
            "pid-exhaustion",
            cause,
            "runtime-down",
            "probe-failure",
            "node-not-ready",
            metrics=(MetricRule(name="near-limit", metric="pid_used", limit="pid_limit", at=0.9),),
            remedy=Remedy(now=steps),
            because="no process ids were left",
        ),
        signal("runtime-down", cause, "pleg-unhealthy", "node-not-ready"),
        signal("memory-pressure", cause, "system-oom", "node-not-ready"),
        signal("system-oom", cause, "node-not-ready"),
        signal("conntrack-full", cause, "probe-failure", "node-not-ready"),
        signal("host-error", cause, "node-not-ready"),
        signal("control-plane-change", cause, "node-status-unknown", "node-not-ready"),
        signal("pleg-unhealthy", symptom, "node-not-ready"),
        signal("probe-failure", symptom),
        signal("node-status-unknown", consequence, "node-not-ready"),
        signal("node-not-ready", consequence, "node-auto-repair"),
        signal("node-auto-repair", consequence),
        signal("preemption", cause, "node-not-ready", planned=True),
        signal("node-upgrade-drain", cause, "node-not-ready", planned=True),
        signal("autoscaler-scale-down", cause, "node-not-ready", planned=True),
        signal("live-migration", Role.CONTEXT),
    )
    return Pack(signals=signals, streams=())


@dataclass
class Story:
    """An incident in the making. Times are hours into the window."""

    nodes: int = 12
    hours: float = 24
    pool: str = "pool-1"
    autopilot: bool = False
    private: bool = False
    auto_repair: bool = True
    silent_logs: bool = False
    pods_speak: bool = False
    """Whether the logs of pods are known, too."""
    present: frozenset[str] = ALL
    gaps: tuple[Gap, ...] = ()
    entries: list[dict[str, Any]] = field(default_factory=list)
    occurrences: list[dict[str, Any]] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    placements: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    quiet: list[tuple[str, float, float]] = field(default_factory=list)
    pools: tuple[str, ...] = ("pool-1", "pool-2")
    spot: tuple[str, ...] = ()

    def node(self, index: int, pool: str | None = None) -> str:
        """The name of a node."""
        return f"gke-shop-{pool or self.pool}-0a1b2c3d-n{index:03d}"

    def names(self) -> list[str]:
        """All nodes of the first pool, and three of the second."""
        return [self.node(i) for i in range(self.nodes)] + [self.node(i, "pool-2") for i in range(3)]

    def event(self, node: str, hours: float, message: str, **payload: Any) -> None:
        """A Kubernetes event of a node."""
        self._entry("events", "k8s_node", hours, node, message, {"jsonPayload": {"message": message, **payload}})

    def goes_down(self, node: str, hours: float, *, back: float | None = None) -> None:
        """NotReady, and Ready again after a fresh boot."""
        self.event(node, hours, f"Node {node} status is now: NodeNotReady")
        if back is not None:
            self.event(node, back - 0.01, "Starting kubelet.")
            self.event(node, back, f"Node {node} status is now: NodeReady")

    def repair(
        self, start: float, end: float | None, *, node: str | None = None, pool: str = "pool-1", name: str | None = None
    ) -> str:
        """A repair as `gcloud container operations list` shows it."""
        operation = name or f"operation-{int(at(start).timestamp() * 1000)}-0000"
        self.operations.append(
            {
                "name": operation,
                "type": "AUTO_REPAIR_NODES",
                "status": "RUNNING" if end is None else "DONE",
                "node_pool": pool,
                "node": node,
                "start": at(start),
                "end": None if end is None else at(end),
            }
        )
        return operation

    def dies(self, node: str, hours: float, *, named: bool = True, pool: str = "pool-1") -> str:
        """NotReady, ten minutes, a repair of five, Ready."""
        self.goes_down(node, hours, back=hours + 0.26)
        return self.repair(hours + 10 / 60, hours + 15 / 60, node=node if named else None, pool=pool)

    def annotate(self, node: str, hours: float, operation_type: str = "AUTO_REPAIR_NODES", said: str = "") -> None:
        """The audit entry of GKE's annotation on the Node object."""
        annotations = {"gke-current-operation": f"operation_type: {operation_type} {said}".strip()}
        payload = {
            "serviceName": "k8s.io",
            "methodName": "io.k8s.core.v1.nodes.update",
            "resourceName": f"core/v1/nodes/{node}",
            "request": {"metadata": {"annotations": annotations}},
        }
        self._entry("cloudaudit.googleapis.com/activity", "k8s_cluster", hours, None, "", {"protoPayload": payload})

    def recreate(self, node: str, hours: float, reason: str) -> None:
        """The managed instance group's own repair."""
        payload = {
            "methodName": "compute.instances.repair.recreateInstance",
            "resourceName": f"projects/p/zones/us-central1-a/instances/{node}",
            "status": {
                "message": f"Instance Group Manager 'g' initiated recreateInstance on instance. Reason: {reason}"
            },
        }
        self._entry(
            "cloudaudit.googleapis.com/system_event", "gce_instance", hours, node, "", {"protoPayload": payload}
        )

    def see(
        self, name: str, node: str | None, hours: float, *, times: int = 1, every_s: float = 30, **more: Any
    ) -> None:
        """A signal, once or several times."""
        for i in range(times):
            moment = at(hours) + timedelta(seconds=every_s * i)
            self.occurrences.append(
                {
                    "signal": name,
                    "alternative": "line",
                    "mechanism": True,
                    "timestamp": moment,
                    "node": node,
                    "stream": "kernel",
                    "insert_id": f"{name}-{node}-{moment.timestamp()}",
                    "log_name": "projects/p/logs/node-journal",
                    "message": f"{name} on {node}",
                    "extracted": {},
                    **more,
                }
            )

    def refused(self, node: str, hours: float, workload: str, pod: str = "pod-1", *, times: int = 1) -> None:
        """The kernel names the group whose fork it refused (kernel/cgroup/pids.c)."""
        namespace = workload.split("/", maxsplit=1)[0]
        self.see(
            "pid-exhaustion",
            node,
            hours,
            times=times,
            every_s=61,
            message=f"cgroup: fork rejected by pids controller in /kubepods/burstable/pod{pod}/c0",
            workload=workload,
            kind="Deployment",
            namespace=namespace,
            pod=pod,
            basis="cgroup",
        )

    def place(self, workload: str, node: str, first: float = 0, last: float | None = None, **more: Any) -> None:
        """A pod of a workload on a node."""
        namespace, name = workload.split("/")
        pod = more.pop("pod", f"{name}-{len(self.placements)}")
        self.placements.append(
            {
                "namespace": namespace,
                "pod": pod,
                "node": node,
                "workload": workload,
                "kind": "Deployment",
                "first": at(first),
                "last": at(self.hours if last is None else last),
                "source": "container-log",
                **more,
            }
        )

    def alert(self, name: str, hours: float, service: str = "cart", **more: Any) -> None:
        """A fired alert, open for ten minutes."""
        row = {
            "id": name,
            "policy": f"{service} burns",
            "service": service,
            "opened": at(hours),
            "closed": at(hours + 1 / 6),
            "lookback_s": 3600.0,
            "source": "monitoring",
        }
        self.alerts.append({**row, **more})

    def measure(self, metric: str, node: str, points: list[tuple[float, float]]) -> None:
        """Points of a node's metric: (hours, value)."""
        self.metrics += [{"timestamp": at(h), "metric": metric, "node": node, "value": v} for h, v in points]

    def evidence(self) -> Evidence:
        """The frames."""
        return Evidence(
            cluster=Cluster(
                name="shop",
                project="shop-prod",
                location="us-central1-a",
                autopilot=self.autopilot,
                private_nodes=self.private,
            ),
            window=Window(start=DAY, end=at(self.hours)),
            entries=frame(ENTRIES, self.entries),
            coverage=frame(COVERAGE, self._coverage()),
            operations=frame(OPERATIONS, self.operations),
            alerts=frame(ALERTS, self.alerts),
            metrics=frame(METRICS, self.metrics),
            node_pools=frame(
                NODE_POOLS,
                [
                    {
                        "node_pool": pool,
                        "auto_repair": self.auto_repair,
                        "spot": pool in self.spot,
                        "group_prefixes": (f"gke-shop-{pool}-0a1b2c3d-",),
                    }
                    for pool in self.pools
                ],
            ),
            present=self.present,
            gaps=self.gaps,
        )

    def tell(self, signals: Pack | None = None) -> Incident:
        """The incident that the correlator makes of it."""
        occurrences = frame(OCCURRENCES, self.occurrences)
        placements = frame(PLACEMENTS, self.placements)
        return correlate(self.evidence(), occurrences, placements, signals or pack(), now=NOW)

    def _entry(
        self, log: str, resource: str, hours: float, node: str | None, message: str, payload: dict[str, Any]
    ) -> None:
        self.entries.append(
            {
                "timestamp": at(hours),
                "insert_id": f"e{len(self.entries)}",
                "log_name": f"projects/p/logs/{log.replace('/', '%2F')}",
                "log_id": log,
                "resource_type": resource,
                "severity": "INFO",
                "node": node,
                "message": message,
                "entry": json.dumps(payload),
            }
        )

    def _coverage(self) -> pd.DataFrame:
        """Every node writes in every bin, but in the spans where it is said to be quiet."""
        if self.silent_logs:
            return frame(COVERAGE)
        table = _chatter(tuple(self.names()), int(self.hours * 12), self.pods_speak)
        for name, low, high in self.quiet:
            table = table[~((table["node"] == name) & (table["bin"] >= at(low)) & (table["bin"] < at(high)))]
        return table


@cache
def _chatter(names: tuple[str, ...], bins: int, pods_speak: bool) -> pd.DataFrame:
    starts = pd.date_range(DAY, periods=bins, freq="5min")
    parts = [
        pd.DataFrame({"bin": starts, "first": starts, "last": starts + pd.Timedelta(minutes=4)}).assign(
            node=name, log_id=log, resource_type=resource, count=3
        )
        for name in names
        for log, resource in [*((log, "k8s_node") for log in LOGS), *([("stdout", "k8s_container")] * pods_speak)]
    ]
    return frame(COVERAGE, pd.concat(parts, ignore_index=True))


def leak(story: Story, *, episodes: int = 4, workload: str | None = "shop/pdf", direct: bool = True) -> Story:
    """A PID leak: nodes die one after the other, with lines before, and the workload on each."""
    for i in range(episodes):
        node, hours = story.node(i), 2.5 + 4 * i
        if workload:
            story.place(workload, node, first=max(0.0, hours - 4), last=hours)
            if direct:
                story.refused(node, hours - 0.4, workload, pod=f"pdf-{i}")
        story.see("pid-exhaustion", node, hours - 0.35, times=10, stream="kubelet")
        story.see("pleg-unhealthy", node, hours - 0.05, times=3)
        story.dies(node, hours)
        story.alert(f"a{i}", hours + 0.05)
    for i in range(story.nodes):
        for name in ("shop/cart", "shop/web"):
            if (i + len(name)) % 3:
                story.place(name, story.node(i))
        story.place("kube-system/agent", story.node(i), kind="DaemonSet")
    return story
