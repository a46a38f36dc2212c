"""Seven nodes that one workload runs out of process ids, each repaired: the seed's incident."""

from tests.render.incidents.leak_evidence import pid_alerts, pid_evidence, pid_marks
from tests.render.incidents.leak_verdict import pid_cause, pid_verdict
from tests.render.incidents.parts import (
    CLUSTER,
    INFOS,
    ONSETS,
    PID,
    POOL,
    SUSPECT,
    WINDOW,
    at,
    line,
    ms,
    node,
    provenance,
    ramp,
)
from triage.model.incident import (
    Alignment,
    BudgetShare,
    Change,
    Episode,
    Finding,
    Incident,
    Kind,
    Lane,
    Marks,
    OccurrenceSummary,
    Recurrence,
    Repair,
    Series,
    ServiceAlignment,
    Timeline,
)
from triage.model.place import Gap
from triage.model.signal import Role, Severity


def pid_episode(number: int, hours: float, alerts: tuple[str, ...] = (), *, still_open: bool = False) -> Episode:
    where = node(number)
    start, dead = at(hours), at(hours + 0.22)
    repair_start, repair_end = at(hours + 0.40), at(hours + 0.55)
    operation = f"operation-{1562644800000 + number * 7919}-{number:08x}"
    return Episode(
        node=where,
        node_pool=POOL,
        zone="europe-west1-b",
        instance_id=str(4_812_000_000_000_000_000 + number),
        start=start,
        not_ready=dead,
        end=None if still_open else at(hours + 0.58),
        ready=None if still_open else at(hours + 0.58),
        kind=Kind.UNREPAIRED if still_open else Kind.REPAIR,
        operation=None if still_open else operation,
        node_inferred=number == 3,
        cause=PID,
        workload=SUSPECT,
        alerts=alerts,
        group=number,
        repair=None
        if still_open
        else Repair(
            operation=operation,
            node_pool=POOL,
            start=repair_start,
            end=repair_end,
            seen_by=("operation", "audit"),
            reason="node was NotReady for ten minutes",
        ),
        signals=(PID, "pleg-unhealthy", "node-not-ready", *(() if still_open else ("node-auto-repair",))),
        notes=("The operation names no node; taken from the NotReady that came before it.",) if number == 3 else (),
        evidence=(
            line(
                hours + 0.15,
                where,
                "kubelet",
                "pleg-unhealthy",
                "E0709 06:15:08.113021    1482 kubelet.go:1854] skipping pod synchronization - [PLEG "
                "is not healthy: pleg was last "
                "seen active 3m11.2s ago; threshold is 3m0s]",
                "PLEG is not healthy",
            ),
            line(
                hours + 0.22,
                where,
                "events",
                "node-not-ready",
                f"Node {where} status is now: NodeNotReady",
                "NodeNotReady",
            ),
        ),
    )


def pid_leak(onsets: tuple[float, ...] = ONSETS, *, still_open: bool = False) -> Incident:
    """Seven nodes die of PID exhaustion by one workload; most alerts fall into the episodes."""
    alerts = pid_alerts()
    episodes = tuple(
        pid_episode(i, h, tuple(a.id for a in alerts if a.episode == i), still_open=still_open and i == len(onsets) - 1)
        for i, h in enumerate(onsets)
    )
    evidence = tuple(one for i, h in enumerate(onsets) for one in pid_evidence(i, h))
    return Incident(
        cluster=CLUSTER,
        window=WINDOW,
        verdict=pid_verdict(len(episodes)),
        causes=(pid_cause(evidence, len(episodes)),),
        episodes=episodes,
        alerts=alerts,
        alignment=Alignment(
            alerts=len(alerts),
            aligned=sum(a.episode is not None for a in alerts),
            expected=2.4,
            p_value=0.001,
            method="Circular shift of the alerts over the window, 1,999 shifts, seed fixed; slow-burn alerts left out.",
            services=(
                ServiceAlignment(service="checkout", alerts=9, aligned=7),
                ServiceAlignment(service="statements", alerts=7, aligned=7),
            ),
            budget=(
                BudgetShare(
                    service="checkout",
                    objective="availability",
                    share=0.87,
                    time_share=0.11,
                    burned=0.42,
                    measure="budget-fraction",
                ),
            ),
        ),
        occurrences=(
            OccurrenceSummary(
                signal=PID,
                title="Process ids exhausted",
                role=Role.CAUSE,
                count=420,
                episodes=7,
                nodes=tuple(node(i) for i in range(7)),
                first=at(2.1),
                last=at(21.1),
            ),
            OccurrenceSummary(
                signal="pleg-unhealthy",
                title="Kubelet cannot relist its pods",
                role=Role.SYMPTOM,
                count=140,
                episodes=7,
                nodes=tuple(node(i) for i in range(7)),
                first=at(2.2),
                last=at(21.2),
            ),
            OccurrenceSummary(
                signal="node-not-ready",
                title="Node turned NotReady",
                role=Role.CONSEQUENCE,
                count=7,
                episodes=7,
                nodes=tuple(node(i) for i in range(7)),
                first=at(2.3),
                last=at(21.0),
            ),
            OccurrenceSummary(
                signal="image-pull-failure",
                title="Images can't be pulled",
                role=Role.SYMPTOM,
                count=3,
                episodes=0,
                nodes=(node(9),),
                first=at(4.4),
                last=at(4.5),
            ),
        ),
        findings=(
            Finding(
                check="exec-probe-forks",
                severity="high",
                workload=SUSPECT,
                message=(
                    "The readiness probe starts a shell every ten seconds, 360 forks an hour and pod; its "
                    "children are not reaped."
                ),
                patch=(
                    "spec:\n  template:\n    spec:\n      shareProcessNamespace: true\n      "
                    "containers:\n      - name: pdfgenerator\n        readinessProbe:\n"
                    "          httpGet: {path: /readiness, port: 8080}\n          exec: null\n"
                ),
            ),
            Finding(
                check="single-replica",
                severity="blocker",
                workload="istio-system/istio-ingressgateway",
                message="The one gateway pod ran on a node that died; everything behind it was dark for nine minutes.",
                patch=None,
            ),
        ),
        gaps=(
            Gap(
                source="metrics",
                reason="no memory metrics in the evidence",
                remedy=(
                    "gcloud monitoring time-series list --filter='metric.type=\"kubernetes.io/node/memory/used_bytes\"'"
                ),
            ),
            Gap(
                source="serial-console",
                reason="nodes recreated by a repair keep no serial console output",
                remedy="gcloud compute project-info add-metadata --metadata=serial-port-logging-enable=true",
            ),
        ),
        provenance=provenance(),
        timeline=pid_timeline(onsets),
        recurrence=(
            Recurrence(aspect="workload", value=SUSPECT, episodes=7, of=7, note="runs on 7 of 14 nodes"),
            Recurrence(
                aspect="interval", value="about 3 h", episodes=6, of=6, note="2 h 30 m to 3 h 30 m between onsets"
            ),
        ),
        changes=(
            Change(
                timestamp=at(0.4),
                what="deployments.patch",
                who="deployer@acme-payments.iam.gserviceaccount.com",
                resource="default/deployments/pdfgenerator",
                console_url="https://console.cloud.google.com/logs/query;query=x?project=acme-payments",
            ),
        ),
        signals=INFOS,
    )


def pid_timeline(onsets: tuple[float, ...]) -> Timeline:
    return Timeline(
        lanes=tuple(
            Lane(node=node(i), node_pool=POOL, episodes=(i,), marks=pid_marks(i, h)) for i, h in enumerate(onsets)
        ),
        healthy_nodes=7,
        healthy_marks=(
            Marks(
                signal="image-pull-failure", role=Role.SYMPTOM, severity=Severity.LOW, times=(ms(at(4.4)), ms(at(4.5)))
            ),
        ),
        series=tuple(
            Series(
                metric="pid_used",
                title="Process ids in use",
                node=node(i),
                limit=32768,
                unit="",
                points=(*ramp(max(0, h - 2.0), h + 0.2, 31900), *ramp(h + 0.6, min(24, h + 3), 4000, 60)),
            )
            for i, h in enumerate(onsets[:4])
        ),
    )


def open_episode() -> Incident:
    """The same, with its last node still down."""
    return pid_leak(still_open=True)
