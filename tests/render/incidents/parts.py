"""What incidents made by hand are made of: names, times, lines of evidence.

Log lines follow the programs' own format strings: the kernel's `cgroup: fork rejected by pids controller in %s`
(kernel/cgroup/pids.c), kubelet's `skipping pod synchronization - %v` and `PLEG is not healthy: pleg was last seen
active %v ago; threshold is %v`, and the Go runtime's `runtime: failed to create new OS thread (have %d already;
errno=%d)`.
"""

from datetime import UTC, datetime, timedelta

from triage.model.incident import (
    CoverageRow,
    Line,
    Provenance,
    QueryRecord,
    SignalInfo,
)
from triage.model.place import Cluster, Window
from triage.model.signal import Reference, Role, Severity

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
ONSETS = (2.1, 5.4, 7.9, 11.2, 14.6, 17.3, 20.8)
"""When its nodes began to go bad, in hours."""


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


def ramp(start: float, end: float, top: float, points: int = 160) -> tuple[tuple[int, float], ...]:
    return tuple(
        (ms(at(start + (end - start) * i / points)), 900 + (top - 900) * i / points + 40 * ((i * 37) % 5))
        for i in range(points)
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
