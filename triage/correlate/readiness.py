"""When each node was NotReady, as events, the node controller, the kubelet and metrics tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from triage.correlate.audited import audit_entries, dig
from triage.correlate.times import MINUTE, column_ns
from triage.evidence.evidence import Evidence

FLAP = 5 * MINUTE
"""A node that turns NotReady again this soon after it was Ready is still in the same episode."""
BIRTH = 2 * MINUTE
"""How long after its first start a kubelet may report NotReady, and for how long, without being in trouble."""
FORGOTTEN = 30 * MINUTE
"""A second NotReady this long after the first, with no Ready between, is a new one: the Ready event was lost."""

# Kubernetes' own words: kubelet and node controller, `recordNodeStatusChange` and the lifecycle controllers.
_EVENTS = (
    ("not-ready", r"status is now: NodeNotReady"),
    ("ready", r"status is now: NodeReady\b"),
    ("cordoned", r"status is now: NodeNotSchedulable"),
    ("booted", r"^Starting kubelet\.?$|has been rebooted, boot id"),
    # The reader puts an event's reason in front of its message.
    ("started", r"^(?:Starting: )?Starting kubelet\.?$"),
    ("removed", r"event: Removing Node|because it does not exist in the cloud provider"),
)
_NODE_IN_TEXT = (
    r"(?i:node) (?P<name>[a-z0-9][a-z0-9.-]*) (?:status is now|event:|because it does not|has been rebooted)"
)
_AUDIT = "cloudaudit.googleapis.com/"
_VM_CALLS = r"compute\.instances\.(?:delete|insert)\b"
_VM_MARKS = (("compute.instances.delete", "removed"), ("compute.instances.insert", "made"))
_KUBELET_WORDS = r"Node became not ready"
_READY_METRICS = (
    ("status_condition:Ready:True", True),
    ("status_condition:Ready:False", False),
    ("status_condition:Ready:Unknown", False),
)
"""Metric → whether a value of 1 means Ready."""


@dataclass(frozen=True)
class Down:
    """A span of NotReady on one node, in ns; `until` is None while it lasts."""

    node: str
    since: int
    until: int | None
    seen_by: tuple[str, ...]


@dataclass
class Course:
    """What became of one node: its NotReady spans, boots, removals, cordons (ns, sorted)."""

    downs: list[Down] = field(default_factory=list)
    booted: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    cordoned: list[int] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    """When its kubelet started: at a boot, or anew."""
    made: list[int] = field(default_factory=list)
    """When a VM of its name was made, by audit entries."""

    def replaced(self, start: int, end: int) -> bool:
        """Whether the node was removed or booted in `[start, end]`."""
        return any(start <= t <= end for t in (*self.booted, *self.removed))

    def made_anew(self, start: int, end: int) -> bool:
        """Whether the VM was taken away in `[start, end]` and one of its name came up again by then."""
        gone = min((t for t in self.removed if start <= t <= end), default=None)
        return gone is not None and any(gone <= t <= end for t in (*self.made, *self.booted))


def read_courses(evidence: Evidence, occurrences: pd.DataFrame) -> dict[str, Course]:
    """Every node's course, by node, sorted.

    Takes `evidence.entries` and `evidence.metrics`, and `occurrences` (signal, node, timestamp, stream, clears).
    NotReady comes from events, the kubelet's "Node became not ready", occurrences of `node-not-ready` and, where it was
    collected, the Ready condition as a metric.
    """
    marks: dict[str, list[tuple[int, str, str]]] = {}
    for at, node, what, source in (*_from_events(evidence), *_from_occurrences(occurrences), *_from_metrics(evidence)):
        marks.setdefault(node, []).append((at, what, source))
    known = set(evidence.coverage["node"].dropna())
    # What the audit log says of a node (that its VM is being made) is no word of its own.
    for at, node, what in _from_audit(evidence):
        if node in marks or node in known:
            marks.setdefault(node, []).append((at, what, "audit"))
    own = ~evidence.coverage["log_id"].str.startswith(_AUDIT, na=False).astype(bool)
    firsts = evidence.coverage[own].groupby("node")["first"].min().dropna()
    heard = dict(zip(firsts.index, column_ns(firsts), strict=True))
    return {node: _course(node, sorted(set(found)), heard.get(node)) for node, found in sorted(marks.items())}


def _from_audit(evidence: Evidence) -> Iterable[tuple[int, str, str]]:
    """When VMs were deleted and made: each such operation of Compute Engine has a first and a last entry."""
    for at, entry in audit_entries(evidence.entries, _VM_CALLS):
        method = str(dig(entry, "protoPayload", "methodName") or "")
        what = next((mark for call, mark in _VM_MARKS if method.endswith(call)), None)
        node = str(dig(entry, "protoPayload", "resourceName") or "").rsplit("/", 1)[-1]
        if what and node and not dig(entry, "protoPayload", "status", "code"):
            yield at, node, what


def _from_events(evidence: Evidence) -> Iterable[tuple[int, str, str, str]]:
    entries = evidence.entries
    named = entries["message"].notna()
    events = entries[named & (entries["log_id"] == "events")]
    yield from _matching(events, _EVENTS, "event")
    kubelet = entries[named & (entries["log_id"] == "kubelet")]
    yield from _matching(kubelet, (("not-ready", _KUBELET_WORDS),), "kubelet")


def _matching(
    entries: pd.DataFrame, patterns: Iterable[tuple[str, str]], source: str
) -> Iterable[tuple[int, str, str, str]]:
    texts = entries["message"].astype("object")
    for what, pattern in patterns:
        hits = entries[texts.str.contains(pattern, regex=True, na=False).astype(bool)]
        if hits.empty:
            continue
        spoken = hits["message"].str.extract(_NODE_IN_TEXT)["name"]
        nodes = hits["node"].where(hits["node"].notna(), spoken)
        for at, node in zip(column_ns(hits["timestamp"]), nodes, strict=True):
            if isinstance(node, str):
                yield int(at), node, what, source


def _from_occurrences(occurrences: pd.DataFrame) -> Iterable[tuple[int, str, str, str]]:
    # The node controller also tells every pod of a dead node; a pod's event knows its node only by the pod's name,
    # which a StatefulSet has by then used again elsewhere.
    # The node controller's own condition, "Unknown", stands in the audit log where events are not exported.
    lost = (occurrences["signal"] == "node-status-unknown") & (occurrences["stream"] == "audit")
    rows = occurrences[((occurrences["signal"] == "node-not-ready") | lost) & occurrences["pod"].isna()]
    columns = (rows["node"], rows["extracted"], rows["clears"], rows["stream"])
    for at, node, extracted, clears, stream in zip(column_ns(rows["timestamp"]), *columns, strict=True):
        name = node or (extracted.get("node") if isinstance(extracted, dict) else None)
        if isinstance(name, str):
            yield int(at), name, "ready" if clears else "not-ready", str(stream)


def _from_metrics(evidence: Evidence) -> Iterable[tuple[int, str, str, str]]:
    """Turns of the Ready condition: `status_condition:Ready:STATUS` is 1 while the condition has that status."""
    metrics = evidence.metrics
    for metric, ready_when in _READY_METRICS:
        rows = metrics[(metrics["metric"] == metric) & metrics["node"].notna() & metrics["value"].notna()]
        rows = rows.sort_values(["node", "timestamp"], kind="stable")
        ready = (rows["value"] >= 0.5) == ready_when
        before = ready.groupby(rows["node"]).shift(fill_value=True).astype(bool)
        turns, now = rows[ready != before], ready[ready != before]
        for at, node, back in zip(column_ns(turns["timestamp"]), turns["node"], now, strict=True):
            yield int(at), str(node), "ready" if back else "not-ready", "metric"


def _course(node: str, marks: list[tuple[int, str, str]], heard: int | None) -> Course:
    """The course of a node from its marks; `heard` is when it first wrote anything."""
    course = Course(
        booted=sorted({at for at, what, _ in marks if what == "booted"}),
        removed=sorted({at for at, what, _ in marks if what == "removed"}),
        cordoned=sorted({at for at, what, _ in marks if what == "cordoned"}),
        started=sorted({at for at, what, _ in marks if what == "started"}),
        made=sorted({at for at, what, _ in marks if what == "made"}),
    )
    since: int | None = None
    last = 0
    sources: set[str] = set()
    spans: list[Down] = []
    for at, what, source in marks:
        if what == "not-ready":
            if since is not None and at - last > FORGOTTEN:
                back = [t for t in course.booted if last < t < at]
                spans.append(Down(node, since, back[0] if back else at, tuple(sorted(sources))))
                since, sources = None, set()
            since = at if since is None else since
            last = at
            sources.add(source)
        elif what == "ready" and since is not None:
            spans.append(Down(node, since, at, tuple(sorted(sources))))
            since, sources = None, set()
    if since is not None:
        spans.append(Down(node, since, None, tuple(sorted(sources))))
    course.downs = [down for down in _joined(spans) if not _birth(down, course, heard)]
    return course


def _birth(down: Down, course: Course, heard: int | None) -> bool:
    """Whether a node that has just begun to run reports NotReady for a moment, until its network is set up.

    Not where it had been down, was rebooted, or was `heard` of before: then it comes back, and the NotReady before it
    is an episode.
    """
    starts = sorted({*course.booted, *course.started})
    begun = [at for at in starts if at <= down.since <= at + BIRTH]
    first = bool(begun) and starts[0] == begun[0] and (heard is None or heard >= begun[0] - BIRTH)
    return first and down.until is not None and down.until - down.since <= BIRTH


def _joined(spans: list[Down]) -> list[Down]:
    """Spans that follow each other within `FLAP` as one."""
    joined: list[Down] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before and before.until is not None and span.since - before.until < FLAP:
            sources = tuple(sorted({*before.seen_by, *span.seen_by}))
            joined[-1] = Down(span.node, before.since, span.until, sources)
        else:
            joined.append(span)
    return joined


def downs_of(courses: Mapping[str, Course], node: str) -> list[Down]:
    """The NotReady spans of a node."""
    course = courses.get(node)
    return course.downs if course else []
