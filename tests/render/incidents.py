"""Incidents made by hand: what the renderers are shown before, and beside, whole fixtures.

Log lines follow the programs' own format strings: the kernel's `cgroup: fork rejected by pids controller in %s`
(kernel/cgroup/pids.c), kubelet's `skipping pod synchronization - %v` and `PLEG is not healthy: pleg was last seen
active %v ago; threshold is %v`, and the Go runtime's `runtime: failed to create new OS thread (have %d already;
errno=%d)`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from triage.model.incident import (
    Alert,
    Alignment,
    BudgetShare,
    Cause,
    ChainLink,
    Change,
    Confidence,
    Contrast,
    CoverageRow,
    Episode,
    Finding,
    Gate,
    Incident,
    Kind,
    Lane,
    Line,
    Marks,
    Missing,
    OccurrenceSummary,
    Provenance,
    QueryRecord,
    Recurrence,
    Repair,
    Rival,
    Series,
    ServiceAlignment,
    SignalInfo,
    Suspect,
    Timeline,
    Trend,
    Verdict,
)
from triage.model.place import Cluster, Gap, Window
from triage.model.signal import Reference, Role, Severity, Step

START = datetime(2019, 7, 9, 4, 0, tzinfo=UTC)
GENERATED = datetime(2019, 7, 10, 6, 30, tzinfo=UTC)
POOL = "pool-main"
SUSPECT = "default/pdfgenerator"
CLUSTER = Cluster(name="payments-eu", project="acme-payments", location="europe-west1-b", version="1.13.6-gke.13")
WINDOW = Window(start=START, end=START + timedelta(hours=24))
PID = "pid-exhaustion"
INFOS = (
    SignalInfo(
        id="zombie-processes",
        title="Defunct processes pile up",
        role=Role.CAUSE,
        severity=Severity.HIGH,
        description="A parent does not reap its children. Each one keeps its process id until the parent goes.",
        references=(Reference(url="https://man7.org/linux/man-pages/man2/wait.2.html", what="how a child is reaped"),),
    ),
    SignalInfo(
        id=PID,
        title="Process ids exhausted",
        role=Role.CAUSE,
        severity=Severity.CRITICAL,
        description=(
            "No process or thread can be made on the node. Kubelet, runtime and every probe that "
            "forks fail, so the node looks dead while its pods still run."
        ),
        falsepositives=("A pod that reaches its own PID limit; the node as a whole is not short of ids.",),
    ),
    SignalInfo(
        id="pleg-unhealthy",
        title="Kubelet cannot relist its pods",
        role=Role.SYMPTOM,
        severity=Severity.HIGH,
        description="The runtime answers too slowly or not at all.",
    ),
    SignalInfo(
        id="node-not-ready",
        title="Node turned NotReady",
        role=Role.CONSEQUENCE,
        severity=Severity.HIGH,
        description="The control plane takes the node's pods out of service.",
    ),
    SignalInfo(
        id="node-auto-repair",
        title="GKE repairs the node",
        role=Role.CONSEQUENCE,
        severity=Severity.MEDIUM,
        description="The node is drained and recreated; what it logged to its disk is gone.",
    ),
)
_ONSETS = (2.1, 5.4, 7.9, 11.2, 14.6, 17.3, 20.8)


def node(number: int) -> str:
    """A node's name in GKE's own shape."""
    return f"gke-payments-eu-pool-main-4d1f0a7c-{'abcdefghij'[number // 10 % 10]}{number % 10}q{'xkzwv'[number % 5]}"


def at(hours: float) -> datetime:
    """So many hours into the window."""
    return START + timedelta(seconds=round(hours * 3600))


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def line(hours: float, where: str, stream: str, signal: str, message: str, telling: str = "", **more: object) -> Line:
    """A line of evidence with its telling part marked and a link."""
    begin = message.find(telling) if telling else -1
    return Line.model_validate(
        {
            "timestamp": at(hours),
            "node": where,
            "stream": stream,
            "message": message,
            "signal": signal,
            "insert_id": f"1x{round(hours * 1e4):x}k",
            "mark": (begin, begin + len(telling)) if begin >= 0 else None,
            "console_url": "https://console.cloud.google.com/logs/query;query=insertId%3D%221x%22?project=acme-payments",
            **more,
        }
    )


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


def pid_alerts() -> tuple[Alert, ...]:
    alerts: list[Alert] = []
    for index, hours in enumerate(_ONSETS):
        for offset, service in ((0.24, "checkout"), (0.31, "statements"), (0.33, "ingress"))[: 2 + index % 2]:
            number = len(alerts) + 1
            alerts.append(
                Alert(
                    id=f"projects/acme-payments/alerts/0.{number:04d}",
                    policy=f"{service}: fast burn",
                    service=service,
                    opened=at(hours + offset),
                    closed=at(hours + offset + 0.4),
                    episode=index,
                    severity="critical",
                    reason=f"opened {round(offset * 60)} m after the episode began",
                )
            )
    for hours, service in ((9.6, "checkout"), (13.1, "search")):
        alerts.append(
            Alert(
                id=f"projects/acme-payments/alerts/0.{len(alerts) + 1:04d}",
                policy=f"{service}: fast burn",
                service=service,
                opened=at(hours),
                closed=at(hours + 0.2),
                episode=None,
                reason="no episode within five minutes",
            )
        )
    alerts.append(
        Alert(
            id="projects/acme-payments/alerts/0.9001",
            policy="checkout: slow burn (6 h)",
            service="checkout",
            opened=at(15.5),
            closed=None,
            episode=None,
            slow_burn=True,
            reason="sums up episodes 1 to 5",
        )
    )
    return tuple(sorted(alerts, key=lambda alert: alert.opened))


def pid_evidence(number: int, hours: float) -> Iterator[Line]:
    where = node(number)
    yield line(
        hours,
        where,
        "kernel",
        PID,
        f"[{9000 + number * 811}.418220] cgroup: fork rejected by pids controller in "
        "/kubepods/burstable/pod7b1c9d7e-a20f-11e9-9c3f-42010a840113",
        "fork rejected by pids controller",
        workload=SUSPECT,
    )
    yield line(
        hours + 0.05,
        where,
        "container-runtime",
        PID,
        f"runtime: failed to create new OS thread (have {18 + number} already; errno=11)",
        "failed to create new OS thread",
    )


def ramp(start: float, end: float, top: float, points: int = 160) -> tuple[tuple[int, float], ...]:
    return tuple(
        (ms(at(start + (end - start) * i / points)), 900 + (top - 900) * i / points + 40 * ((i * 37) % 5))
        for i in range(points)
    )


def pid_marks(number: int, hours: float) -> tuple[Marks, ...]:
    causes = tuple(ms(at(hours + i * 0.004 + (i * i % 7) * 0.001)) for i in range(60))
    symptoms = tuple(ms(at(hours + 0.08 + i * 0.012)) for i in range(20))
    context = tuple(ms(at(h)) for h in range(1 + number % 3, 24, 5))
    return (
        Marks(signal=PID, role=Role.CAUSE, severity=Severity.CRITICAL, times=causes),
        Marks(signal="pleg-unhealthy", role=Role.SYMPTOM, severity=Severity.HIGH, times=symptoms),
        Marks(signal="node-not-ready", role=Role.CONSEQUENCE, severity=Severity.HIGH, times=(ms(at(hours + 0.22)),)),
        Marks(signal="live-migration", role=Role.CONTEXT, severity=Severity.LOW, times=context),
    )


def pid_leak(onsets: tuple[float, ...] = _ONSETS, *, still_open: bool = False) -> Incident:
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


def pid_verdict(episodes: int) -> Verdict:
    return Verdict(
        cause=PID,
        title=f"{SUSPECT} runs its nodes out of process ids",
        confidence=Confidence.CONFIRMED,
        workload=SUSPECT,
        chain=(PID, "pleg-unhealthy", "node-not-ready", "node-auto-repair"),
        summary=(
            f"All {episodes} repaired nodes refused to fork 11 to 14 minutes before they turned "
            f"NotReady; each time the kernel named a control group of {SUSPECT}. No node without it failed."
        ),
        reason=(
            "Lines that name the exhausted resource on seven nodes, before NotReady on each, in "
            "none of 84 control windows."
        ),
        gates=(
            Gate(
                level=Confidence.CONFIRMED,
                rule="A line or metric names the exhausted resource on two episodes or more",
                met=True,
                detail="7 of 7",
            ),
            Gate(
                level=Confidence.CONFIRMED,
                rule="It explains at least 80 % of the unplanned episodes",
                met=True,
                detail="7 of 7",
            ),
            Gate(
                level=Confidence.CONFIRMED,
                rule="No rival has equal claims",
                met=True,
                detail="nearest: disk pressure, 0 of 7",
            ),
            Gate(level=Confidence.LIKELY, rule="Metrics agree", met=False, detail="no memory metrics in the evidence"),
        ),
        links=(
            ChainLink(
                cause=PID,
                effect="pleg-unhealthy",
                because="the runtime can start no process to answer kubelet",
                episodes=7,
                median_gap_s=540,
            ),
            ChainLink(
                cause="pleg-unhealthy",
                effect="node-not-ready",
                because="kubelet reports itself unhealthy",
                episodes=7,
                median_gap_s=252,
            ),
            ChainLink(
                cause="node-not-ready",
                effect="node-auto-repair",
                because="GKE repairs a node that is NotReady for ten minutes",
                episodes=7,
                median_gap_s=648,
            ),
        ),
        actions=(
            Step(
                say="See how many processes the suspect holds on a node that still lives.",
                ssh=True,
                run=(
                    f"gcloud compute ssh {node(8)} --zone=europe-west1-b --project=acme-payments -- 'ps "
                    f"-eo stat,ppid | grep -c ^Z'"
                ),
            ),
            Step(
                say="Take the pressure off: restart the suspect before the next node dies.",
                changes=True,
                run="kubectl rollout restart deployment/pdfgenerator --namespace=default",
            ),
            Step(
                say="Watch the count against the limit.", run="kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary"
            ),
        ),
        prevention=(
            "Run the container with an init that reaps, or with shareProcessNamespace.",
            "Set a pod PID limit on the node pool (GKE 1.14 and later).",
        ),
        against=("On one node (episode 4) the kernel log begins only two minutes before NotReady.",),
        rivals=(Rival(signal="disk-pressure", title="Disk pressure", reason="seen on one healthy node only"),),
        ruled_out=(
            Rival(
                signal="system-oom",
                title="Node out of memory",
                reason="no line in 24 h on any node; the kernel log covers all episodes",
            ),
            Rival(signal="host-error", title="Host error", reason="no system event in the window"),
        ),
        would_change=("A repaired node that never ran the suspect.", "Kernel logs of the two hours before episode 4."),
        missing=(
            Missing(
                what="Process counts per pod",
                why="would show the leak before the limit",
                command="triage probe manifest | kubectl apply -f -",
            ),
        ),
    )


def pid_cause(evidence: tuple[Line, ...], episodes: int) -> Cause:
    return Cause(
        signal=PID,
        rank=1,
        episodes_explained=episodes,
        episodes_total=episodes,
        rate_ratio=84.2,
        q_value=0.0004,
        lead_time_s=792,
        title="Process ids exhausted",
        variants=("node-limit",),
        lead_iqr_s=(690, 840),
        leads=7,
        evidence=evidence,
        workloads=(
            Suspect(
                name=SUSPECT,
                basis="direct",
                score=1.0,
                kind="Deployment",
                q_value=0.002,
                reason="named by the control group in 7 of 7 episodes",
                episodes=7,
            ),
            Suspect(
                name="default/statements",
                basis="co-location",
                score=0.81,
                kind="Deployment",
                q_value=0.19,
                reason="ran on 5 of 7 failing nodes and 4 of 7 others",
                episodes=5,
            ),
        ),
        contrast=Contrast(
            cases=7,
            cases_with=7,
            controls_same_node=42,
            controls_same_node_with=0,
            controls_other_nodes=42,
            controls_other_nodes_with=0,
            window_s=3600,
            ratio_low=9.8,
            ratio_high=720.0,
            tests=22,
            method="Fisher's exact test on windows of one hour, matched by node and by time.",
        ),
        trends=tuple(
            Trend(
                metric="pid_used",
                node=node(i),
                episode=i,
                start=at(_ONSETS[i] - 1.9),
                end=at(_ONSETS[i]),
                slope_per_h=16200,
                slope_low=15800,
                slope_high=16600,
                value=31900 + i * 30,
                limit=32768,
                exhausted_in_s=190,
            )
            for i in range(3)
        ),
        query='resource.type="gce_instance"\nlogName:"kernel"\n"fork rejected by pids controller"',
        query_url="https://console.cloud.google.com/logs/query;query=%22fork%20rejected%22?project=acme-payments",
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


def provenance() -> Provenance:
    return Provenance(
        version="0.1.0",
        generated=GENERATED,
        command="triage incident --cluster payments-eu --since 24h --from evidence.tar.gz",
        source="evidence.tar.gz",
        entries_read=48_211,
        entries_kept=1_930,
        outside_window=12,
        duplicates=4,
        malformed=1,
        queries=(
            QueryRecord(
                source="entries, kernel and kubelet",
                requests=3,
                entries=2_411,
                filter='resource.type="gce_instance"\n("fork rejected" OR "PLEG is not healthy")',
            ),
            QueryRecord(source="operations", filter="", requests=1, entries=7),
        ),
        coverage=(
            CoverageRow(stream="kubelet", entries=21_800, nodes=14, first=at(0), last=at(24)),
            CoverageRow(stream="kernel", entries=3_120, nodes=14, first=at(0.1), last=at(23.9)),
            CoverageRow(stream="events", entries=812, nodes=14, first=at(1), last=at(23)),
            CoverageRow(stream="serial-console", entries=0, nodes=0, first=None, last=None),
        ),
        ignored_files=("notes.txt",),
    )


def open_episode() -> Incident:
    """The same, with its last node still down."""
    return pid_leak(still_open=True)


def insufficient() -> Incident:
    """Three repairs, no line that names a cause."""
    whole = pid_leak((3.0, 9.5, 16.0))
    episodes = tuple(
        e.model_copy(
            update={
                "cause": None,
                "workload": None,
                "alerts": (),
                "signals": ("node-not-ready", "node-auto-repair"),
                "evidence": e.evidence[1:],
            }
        )
        for e in whole.episodes
    )
    return whole.model_copy(
        update={
            "episodes": episodes,
            "causes": (),
            "alerts": (),
            "alignment": Alignment(alerts=0, aligned=0, expected=None, p_value=None),
            "findings": (),
            "changes": (),
            "recurrence": (),
            "occurrences": whole.occurrences[2:3],
            "timeline": Timeline(
                healthy_nodes=11,
                lanes=tuple(lane.model_copy(update={"marks": lane.marks[2:3]}) for lane in whole.timeline.lanes),
            ),
            "gaps": (
                Gap(
                    source="alerts",
                    reason="no alerts file in the evidence",
                    remedy="gcloud alpha monitoring alerts list --format=json > alerts.json",
                ),
                Gap(
                    source="entries",
                    reason="no kernel log of any node: logging of system components is off",
                    remedy="gcloud container clusters update payments-eu --logging=SYSTEM,WORKLOAD",
                ),
            ),
            "verdict": Verdict(
                cause=None,
                title="No cause established",
                confidence=Confidence.INSUFFICIENT,
                workload=None,
                chain=(),
                summary=(
                    "Three nodes turned NotReady and were repaired. No line in the hour before names what "
                    "failed: the kernel and runtime logs of these nodes are missing."
                ),
                reason="No signal upstream of NotReady was seen in any of three episodes.",
                missing=(
                    Missing(
                        what="Kernel log of pool-main",
                        why="would show exhaustion of memory, ids or disk",
                        command=(
                            "gcloud container clusters update payments-eu --location=europe-west1-b "
                            "--logging=SYSTEM,WORKLOAD"
                        ),
                    ),
                    Missing(
                        what="Serial console of the repaired nodes",
                        why="outlives the node",
                        command=(
                            "gcloud compute project-info add-metadata --project=acme-payments "
                            "--metadata=serial-port-logging-enable=true"
                        ),
                    ),
                ),
                ruled_out=(
                    Rival(
                        signal="node-upgrade-drain", title="Node upgrade", reason="no upgrade operation in the window"
                    ),
                ),
                gates=(
                    Gate(
                        level=Confidence.POSSIBLE,
                        rule="A cause signal in at least one episode",
                        met=False,
                        detail="0 of 3",
                    ),
                ),
            ),
        }
    )


def quiet() -> Incident:
    """A day without a node failure."""
    whole = pid_leak()
    return Incident(
        cluster=CLUSTER,
        window=WINDOW,
        verdict=Verdict(
            cause=None,
            title="No node failure found",
            confidence=Confidence.INSUFFICIENT,
            workload=None,
            chain=(),
            summary=(
                "No node turned NotReady and none was repaired between 9 and 10 July; 48,211 log "
                "entries of 14 nodes were read."
            ),
            reason="Without an episode there is nothing to explain.",
        ),
        alignment=Alignment(alerts=1, aligned=0, expected=None, p_value=None),
        alerts=(
            Alert(
                id="a1",
                policy="search: fast burn",
                service="search",
                opened=at(13.1),
                closed=at(13.3),
                episode=None,
                reason="no episodes",
            ),
        ),
        occurrences=whole.occurrences[3:],
        provenance=provenance(),
        signals=INFOS,
        timeline=Timeline(healthy_nodes=14, healthy_marks=whole.timeline.healthy_marks),
    )


def planned_upgrade() -> Incident:
    """Three nodes drained and replaced by an upgrade: no fault."""
    onsets = (6.0, 6.3, 6.6)
    signal = "node-upgrade-drain"
    episodes = tuple(
        Episode(
            node=node(i),
            node_pool=POOL,
            zone="europe-west1-b",
            start=at(h),
            not_ready=at(h + 0.1),
            end=at(h + 0.25),
            ready=at(h + 0.25),
            kind=Kind.UPGRADE,
            operation="operation-1562666400000-0000beef",
            node_inferred=False,
            cause=signal,
            workload=None,
            alerts=(),
            planned=signal,
            group=i,
        )
        for i, h in enumerate(onsets)
    )
    whole = pid_leak()
    return Incident(
        cluster=CLUSTER,
        window=WINDOW,
        episodes=episodes,
        alignment=Alignment(alerts=0, aligned=0, expected=None, p_value=None),
        verdict=Verdict(
            cause=signal,
            title="Node upgrade of pool-main, no fault",
            confidence=Confidence.CONFIRMED,
            workload=None,
            chain=(signal, "node-not-ready"),
            summary="Three nodes were drained and replaced one after the other by an upgrade to 1.13.7-gke.8.",
            reason="The operation names the pool, and each node left and came back inside it.",
        ),
        causes=(
            Cause(
                signal=signal,
                rank=1,
                episodes_explained=3,
                episodes_total=3,
                rate_ratio=None,
                q_value=None,
                lead_time_s=None,
                workloads=(),
                title="Node upgrade",
                evidence=(
                    line(
                        6.0,
                        node(0),
                        "audit",
                        signal,
                        "google.container.v1.ClusterManager.UpdateNodePool pool-main 1.13.7-gke.8",
                        "UpdateNodePool",
                    ),
                ),
            ),
        ),
        timeline=Timeline(
            healthy_nodes=11,
            lanes=tuple(
                Lane(
                    node=node(i),
                    node_pool=POOL,
                    episodes=(i,),
                    marks=(Marks(signal=signal, role=Role.CAUSE, severity=Severity.LOW, times=(ms(at(h)),)),),
                )
                for i, h in enumerate(onsets)
            ),
        ),
        provenance=whole.provenance,
        signals=INFOS,
    )


def big(nodes: int = 60, occurrences: int = 10_000) -> Incident:
    """Sixty failing nodes with ten thousand occurrences each."""
    whole = pid_leak()
    hours = [0.4 + 22.5 * i / nodes for i in range(nodes)]
    day = 86_400_000
    spread = [
        tuple(sorted(ms(START) + (i * 7919 + k * 1_299_709) % day for k in range(occurrences))) for i in range(nodes)
    ]
    names = [f"gke-payments-eu-pool-main-4d1f0a7c-{i:04d}" for i in range(nodes)]
    episodes = tuple(pid_episode(i, h).model_copy(update={"node": names[i]}) for i, h in enumerate(hours))
    lanes = tuple(
        Lane(
            node=names[i],
            node_pool=POOL,
            episodes=(i,),
            marks=(
                Marks(signal=PID, role=Role.CAUSE, severity=Severity.CRITICAL, times=spread[i][: occurrences // 4]),
                Marks(
                    signal="pleg-unhealthy",
                    role=Role.SYMPTOM,
                    severity=Severity.HIGH,
                    times=spread[i][occurrences // 4 :],
                ),
            ),
        )
        for i in range(nodes)
    )
    series = tuple(
        Series(
            metric="pid_used", title="Process ids in use", node=names[i], points=ramp(0, 24, 32000, 1440), limit=32768
        )
        for i in range(nodes)
    )
    evidence = tuple(
        one.model_copy(update={"node": names[i]}) for i, h in enumerate(hours) for one in pid_evidence(i, h)
    )
    return whole.model_copy(
        update={
            "episodes": episodes,
            "causes": (whole.causes[0].model_copy(update={"evidence": evidence}),),
            "timeline": Timeline(lanes=lanes, healthy_nodes=140, series=series),
        }
    )


ALL = {
    "pid-leak": pid_leak,
    "open-episode": open_episode,
    "insufficient": insufficient,
    "quiet": quiet,
    "planned-upgrade": planned_upgrade,
}
