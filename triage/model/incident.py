"""The incident: what the correlator hands on and all that renderers see.

`Incident` in JSON is the report contract: keys may be added, never renamed. `reports/incident.schema.json` is made
from these classes and kept in step by a test.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from triage.model.base import Model, Moment
from triage.model.place import Cluster, Gap, Window
from triage.model.signal import Reference, Role, Severity, Step

SCHEMA_VERSION: Literal["1"] = "1"


class Confidence(StrEnum):
    """How sure a verdict is; the rules are in `triage.correlate.gates` and printed in the report."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    INSUFFICIENT = "insufficient"


class Kind(StrEnum):
    """What ended an episode."""

    REPAIR = "repair"
    UPGRADE = "upgrade"
    PREEMPTION = "preemption"
    SCALE_DOWN = "scale-down"
    UNREPAIRED = "unrepaired"


class Line(Model):
    """A log line as evidence, verbatim but for escaped control characters and its bounded length."""

    timestamp: Moment
    node: str | None
    stream: str
    message: str
    insert_id: str | None
    console_url: str | None
    signal: str | None = None
    workload: str | None = None
    mark: tuple[int, int] | None = None
    """The telling part of `message`: start and end offsets."""


class Gate(Model):
    """A rule that a confidence level asks for, and whether this evidence meets it."""

    level: Confidence
    rule: str
    met: bool
    detail: str


class Missing(Model):
    """What would make the verdict surer, and the command that supplies it."""

    what: str
    why: str
    command: str | None = None


class ChainLink(Model):
    """One step of the causal chain: `cause` brings on `effect`."""

    cause: str
    effect: str
    because: str
    episodes: int
    """Episodes in which both were seen on the node, in this order."""
    median_gap_s: float | None


class Rival(Model):
    """Another explanation, and why it lost or was ruled out."""

    signal: str
    title: str
    reason: str


class Verdict(Model):
    """The answer: cause, suspect, confidence, and what each rests on."""

    cause: str | None
    title: str
    confidence: Confidence
    workload: str | None
    chain: tuple[str, ...]
    summary: str
    missing: tuple[Missing, ...] = ()
    reason: str = ""
    """One sentence: why this confidence and no other."""
    gates: tuple[Gate, ...] = ()
    links: tuple[ChainLink, ...] = ()
    actions: tuple[Step, ...] = ()
    """What to do now, commands filled in and quoted."""
    prevention: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    """Evidence that speaks against the verdict, in sentences."""
    rivals: tuple[Rival, ...] = ()
    ruled_out: tuple[Rival, ...] = ()
    would_change: tuple[str, ...] = ()
    """What would change this verdict."""


class Suspect(Model):
    """A workload that the evidence ties to a cause."""

    name: str
    basis: Literal["direct", "co-location"]
    score: float | None
    """Direct: share of the explained episodes whose evidence names it. Co-location: 1 − q."""
    kind: str | None = None
    q_value: float | None = None
    reason: str = ""
    episodes: int = 0
    tied: bool = False
    """The evidence cannot tell it from the other tied suspects."""
    complains: bool = False
    """Direct, but by its own complaints alone: no line names it as the culprit."""


class Trend(Model):
    """A metric on its way to a limit, on one node, up to one episode."""

    metric: str
    node: str
    episode: int | None
    start: Moment
    end: Moment
    slope_per_h: float
    slope_low: float
    slope_high: float
    value: float
    limit: float | None
    exhausted_in_s: float | None
    """Seconds from `end` until the limit is reached at this slope."""


class Contrast(Model):
    """How often a signal precedes an episode, against matched controls; windows are the unit, never lines."""

    cases: int
    cases_with: int
    controls_same_node: int
    controls_same_node_with: int
    controls_other_nodes: int
    controls_other_nodes_with: int
    window_s: float
    ratio_low: float | None
    ratio_high: float | None
    tests: int
    method: str


class Cause(Model):
    """A signal that explains episodes, ranked."""

    signal: str
    rank: int = Field(ge=1)
    episodes_explained: int
    episodes_total: int
    rate_ratio: float | None
    q_value: float | None
    lead_time_s: float | None
    workloads: tuple[Suspect, ...]
    evidence: tuple[Line, ...]
    title: str = ""
    variants: tuple[str, ...] = ()
    contrast: Contrast | None = None
    lead_iqr_s: tuple[float, float] | None = None
    leads: int = 0
    """Explained episodes in which it came before NotReady."""
    trends: tuple[Trend, ...] = ()
    query: str = ""
    """The filter that finds these lines in Logs Explorer."""
    query_left_out: int = 0
    """Wordings that matched as well, but that the address of a query can't hold."""
    query_url: str | None = None


class Repair(Model):
    """How GKE (or the instance group) brought a node back, and who saw it."""

    operation: str | None
    node_pool: str | None
    start: Moment
    end: Moment | None
    seen_by: tuple[Literal["operation", "audit", "instance-group"], ...]
    reason: str | None = None


class Episode(Model):
    """One node going bad: from its first symptom, through NotReady, to the end of the repair or recovery."""

    node: str
    node_pool: str | None
    start: Moment
    not_ready: Moment | None
    end: Moment | None
    kind: Kind
    operation: str | None
    node_inferred: bool
    cause: str | None
    workload: str | None
    alerts: tuple[str, ...]
    zone: str | None = None
    instance_id: str | None = None
    group: int = 0
    """Episodes whose onsets chain within five minutes share a group."""
    repair: Repair | None = None
    ready: Moment | None = None
    signals: tuple[str, ...] = ()
    """Signals seen on the node in the episode or its lead-up, by first appearance."""
    planned: str | None = None
    """The planned signal that explains it, if one does."""
    notes: tuple[str, ...] = ()
    evidence: tuple[Line, ...] = ()


class Alert(Model):
    """A fired alert, and the episode that it belongs to (index into `episodes`)."""

    id: str
    policy: str | None
    service: str | None
    opened: Moment
    closed: Moment | None
    episode: int | None
    severity: str | None = None
    slow_burn: bool = False
    url: str | None = None
    reason: str = ""
    """Why it is tied, or why not."""


class ServiceAlignment(Model):
    """Alerts of one service."""

    service: str
    alerts: int
    aligned: int


class BudgetShare(Model):
    """How much of the error budget that a service burned in the window burned inside episodes."""

    service: str
    objective: str
    """The objective's name or number, as its series has it; may be empty."""
    share: float | None
    """Of what burned while it was measured, the share inside an episode or within five minutes of its end, 0 to 1; None
    where the series cannot tell."""
    time_share: float | None
    """The share of that time that those spans take: what `share` would be if the burn knew nothing of episodes."""
    burned: float | None = None
    """The part of the whole budget that burned in the window, where the series says it: 1 is all of it."""
    measure: Literal["budget-fraction", "burn-rate"]
    lookback_s: float = 0.0
    """How far back each value of a burn rate looks, in seconds."""


class Alignment(Model):
    """Whether alerts and episodes coincide more than chance would have it."""

    alerts: int
    aligned: int
    expected: float | None
    p_value: float | None
    method: str = ""
    services: tuple[ServiceAlignment, ...] = ()
    budget: tuple[BudgetShare, ...] = ()
    """One an objective whose budget or burn rate is among the metrics, by service; empty where none burned."""


class OccurrenceSummary(Model):
    """One signal's occurrences over the window."""

    signal: str
    count: int
    nodes: tuple[str, ...]
    first: Moment
    last: Moment
    title: str = ""
    role: Role | None = None
    episodes: int = 0
    """Episodes with the signal in them or their lead-up."""


class Finding(Model):
    """A resilience weakness that widened the blast radius, with the patch that mends it."""

    check: str
    severity: str
    workload: str | None
    message: str
    patch: str | None


class Marks(Model):
    """Occurrences of one signal on one lane of the timeline, as epoch milliseconds, sorted."""

    signal: str
    role: Role
    severity: Severity
    times: tuple[int, ...]


class Lane(Model):
    """One node on the timeline."""

    node: str
    node_pool: str | None
    episodes: tuple[int, ...]
    marks: tuple[Marks, ...]


class Series(Model):
    """A metric over time, thinned to what a picture can show: (epoch milliseconds, value)."""

    metric: str
    title: str
    node: str | None
    points: tuple[tuple[int, float], ...]
    limit: float | None
    unit: str = ""


class Timeline(Model):
    """The picture that makes the case: affected nodes as lanes, healthy ones folded together."""

    lanes: tuple[Lane, ...] = ()
    healthy_nodes: int = 0
    healthy_marks: tuple[Marks, ...] = ()
    series: tuple[Series, ...] = ()


class Recurrence(Model):
    """What the episodes have in common."""

    aspect: Literal["node", "node-pool", "zone", "machine-type", "image", "version", "hour", "interval", "workload"]
    value: str
    episodes: int
    of: int
    note: str = ""


class Change(Model):
    """A change just before the first episode; context, not cause."""

    timestamp: Moment
    what: str
    who: str | None
    resource: str | None
    console_url: str | None = None


class SignalInfo(Model):
    """What a reader needs to know of a signal that the report names."""

    id: str
    title: str
    role: Role
    severity: Severity
    description: str
    falsepositives: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


class QueryRecord(Model):
    """One read of a source."""

    source: str
    filter: str
    requests: int
    entries: int


class CoverageRow(Model):
    """What was looked at: one stream, on how many nodes it spoke, how many entries were read."""

    stream: str
    entries: int
    nodes: int
    first: Moment | None
    last: Moment | None


class Provenance(Model):
    """Everything that is needed to do it again."""

    version: str
    queries: tuple[QueryRecord, ...]
    generated: Moment
    command: str = ""
    source: str = ""
    entries_read: int = 0
    entries_kept: int = 0
    outside_window: int = 0
    other_cluster: int = 0
    duplicates: int = 0
    malformed: int = 0
    ignored_files: tuple[str, ...] = ()
    coverage: tuple[CoverageRow, ...] = ()


class Incident(Model):
    """One cluster, one window: what happened, why, how sure, and what to do."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    cluster: Cluster
    window: Window
    verdict: Verdict
    causes: tuple[Cause, ...] = ()
    episodes: tuple[Episode, ...] = ()
    alerts: tuple[Alert, ...] = ()
    alignment: Alignment
    occurrences: tuple[OccurrenceSummary, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    provenance: Provenance
    timeline: Timeline = Timeline()
    recurrence: tuple[Recurrence, ...] = ()
    changes: tuple[Change, ...] = ()
    signals: tuple[SignalInfo, ...] = ()
