"""What each cause signal showed before an episode, on its node: first and last time, how often, how clearly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from triage.correlate.control_plane import SIGNAL as CONTROL_PLANE
from triage.correlate.episodes import Draft, Scene
from triage.correlate.graph import AUTO_REPAIR, NOT_READY, UNKNOWN
from triage.correlate.seen import NOWHERE
from triage.correlate.times import HOUR, MINUTE, column_ns
from triage.correlate.voices import naming
from triage.correlate.windows import lookback

ZOMBIES, PIDS = "zombie-processes", "pid-exhaustion"
EXTERNAL = ("host-error", "vm-deleted-by-user", "guest-shutdown", "control-plane-change")
"""What was done to the VM or the control plane from outside explains everything that came after it."""
TOLERANCE = 5 * MINUTE
"""Metrics are sampled a minute apart and show up to four minutes late: order is claimed beyond that only."""
CROWD = 3
"""So many nodes within five minutes share a cause."""
_TO_THE_API = r"/apis?/|node lease|node status"
"""What the kubelet asks of the API server (client-go's request URLs; pkg/kubelet/kubelet_node_status.go)."""
_CLOSE = 15 * MINUTE
_FRESH = 30 * MINUTE
_AT_ONCE = MINUTE
"""Several programs tell of one moment within this time."""
_FEW = 3
_WORKED_ON = 2 * MINUTE
"""Nodes that go down fall silent sooner than this after what took them down, or tell what else fails."""
_CRASHES = ("kernel-panic",)
_LASTING = (ZOMBIES, "filesystem-readonly", "gpu-xid")
"""What does not heal by itself: nobody reaps zombies, and a GPU that fell off the bus is gone until a reset."""
# kubelet, pkg/kubelet/nodestatus/setters.go, and node-problem-detector: a condition that turned bad
_CONDITION = r"NodeHas(?:Insufficient|Disk)|[Cc]ondition \S+ is now: True"


@dataclass(frozen=True)
class Trace:
    """One cause signal's evidence for one episode: first time, how many lines, and of these with a mechanism (ns).

    `own_words` tells that only applications speak, each about itself (`triage.correlate.voices`).
    """

    signal: str
    node: str
    first: int
    last: int
    count: int
    mechanism: int
    metric_only: bool
    told: bool = False
    """Whether a program of the node itself names it, or a metric."""
    own_words: bool = False
    standing: bool = False
    """Whether it is a state that lasts until something ends it."""
    once: bool = False
    """Whether it is one moment: no program tells of it twice."""
    brief: bool = False
    """Whether it is little more: no program tells of it more than three times, within three minutes."""
    final: bool = False
    """Whether it is a crash of the kernel after which the node said nothing more."""
    faded: bool = False
    """Whether the node worked on after it as if nothing were, so that it is no more than a hint."""


def read_traces(scene: Scene, drafts: Sequence[Draft]) -> dict[int, dict[str, Trace]]:
    """Unplanned episode → signal → its trace."""
    unplanned = [i for i, d in enumerate(drafts) if d.planned is None]
    traces = {i: _traces(scene, drafts, i) for i in unplanned}
    _crowds(scene, drafts, traces)
    return traces


def _traces(scene: Scene, drafts: Sequence[Draft], index: int) -> dict[str, Trace]:
    """Every cause signal with evidence before NotReady on the episode's node."""
    draft = drafts[index]
    found: dict[str, Trace] = {}
    if not draft.known_node:
        return found
    for signal in scene.seen.on(draft.node):
        if scene.graph.is_cause(signal):
            low, high = lookback(scene, drafts, index, scene.graph.reach(signal))
            trace = trace_of(scene, signal, draft.node, low, high)
            if trace and not _over(scene, draft, trace):
                faded = _stale(scene, draft, trace) or _passed(scene, draft, trace)
                final = _final(scene, draft, trace)
                found[signal] = replace(trace, mechanism=0, faded=True) if faded else replace(trace, final=final)
    return found


def _over(scene: Scene, draft: Draft, trace: Trace) -> bool:
    """Whether the node said that it was over, minutes before it went, and nothing of it came again."""
    cleared = scene.seen.cleared(trace.signal, trace.node, draft.onset - TOLERANCE)
    return cleared is not None and cleared >= trace.last and not draft.served_badly


def _stale(scene: Scene, draft: Draft, trace: Trace) -> bool:
    """Whether the node worked on for half an hour after the last of it: that refutes what kills within minutes.

    A state that nobody ended stays: a condition, a file system that is read-only, processes that nobody reaps.
    """
    if trace.standing or draft.served_badly or draft.onset - trace.last <= _FRESH:
        return False
    heard = scene.coverage.last_word(trace.node, draft.onset)
    return heard is not None and heard - trace.last > _FRESH


def _final(scene: Scene, draft: Draft, trace: Trace) -> bool:
    """Whether it is a crash, and the last that was heard of the node: what merely came before did not end it."""
    if trace.signal not in _CRASHES or not trace.mechanism or draft.served_badly:
        return False
    heard = scene.coverage.last_word(trace.node, draft.onset)
    return (heard if heard is not None else draft.onset) - trace.last <= _WORKED_ON


def _passed(scene: Scene, draft: Draft, trace: Trace) -> bool:
    """Whether it was a moment, after which the node worked on for minutes and showed no step from it to its end.

    What takes a node down is told again and again, or such a step follows from it, or it is the last that the node
    says: one dropped packet is none of these, nor are two slow calls to a runtime that then works on. Acts from outside
    are told once.
    """
    if not trace.brief or trace.standing or draft.served_badly or trace.signal in EXTERNAL:
        return False
    course = scene.courses.get(trace.node)
    if course and any(trace.first <= at <= draft.onset for at in course.booted):
        return False
    heard = scene.coverage.last_word(trace.node, draft.onset)
    worked_on = heard is not None and heard - trace.last > (_WORKED_ON if trace.once else TOLERANCE)
    followed = steps(scene, trace.signal, trace.node, trace.first, draft.onset)
    return worked_on and not any(scene.graph.link(step, NOT_READY) for step in followed)


def steps(scene: Scene, signal: str, node: str, low: int, high: int) -> Iterator[str]:
    """What a signal is declared to bring on, as far as it was seen on the node in a span: NotReady itself left out.

    That the node's status is unknown is a step in the kubelet's own words; the node controller says so of every silent
    node.
    """
    for effect in scene.seen.on(node):
        if effect not in (NOT_READY, AUTO_REPAIR) and scene.graph.upstream_of(signal, effect):
            rows = scene.seen.within(effect, node, low, high)
            if len(rows) and (effect != UNKNOWN or (rows["stream"] == "kubelet").any()):
                yield effect


def can_take_down(scene: Scene, drafts: Sequence[Draft], index: int, cause: str) -> bool:
    """Whether the cause is declared to take a node down, or a step that is was seen on the node before it went.

    That the kubelet's requests to the API server fail is such a step where its own words name the cause: any kubelet
    that dies fails to renew its lease. Zombies and changes to the control plane need no step: nobody reaps the ones,
    and no node bears the others.
    """
    draft, graph = drafts[index], scene.graph
    if draft.served_badly or cause in (ZOMBIES, CONTROL_PLANE) or graph.link(cause, NOT_READY):
        return True
    low, high = lookback(scene, drafts, index, max(HOUR, graph.reach(cause)))
    own = scene.seen.within(cause, draft.node, low, high)
    if (own["stream"].eq("kubelet") & own["message"].str.contains(_TO_THE_API, na=False)).any():
        return True
    seen = steps(scene, cause, draft.node, low, high)
    return any(s != UNKNOWN and graph.link(s, NOT_READY) for s in seen)


def trace_of(scene: Scene, signal: str, node: str, low: int, high: int) -> Trace | None:
    """One signal's evidence on a node (`NOWHERE`: of no node) in a span; None where there is none."""
    rows = scene.seen.within(signal, node, low, high)
    if rows.empty:
        return None
    at = rows["at"].to_numpy()
    until = np.maximum(column_ns(rows["until"]), at)
    lines, lasted = int(rows["stream"].value_counts().max()), int(until.max() - at[0])
    return Trace(
        signal=signal,
        node=node,
        first=int(at[0]),
        last=int(until.max()),
        count=len(rows),
        mechanism=int((names := naming(rows)).sum()),
        metric_only=bool((rows["stream"] == "metric").all()),
        told=bool((rows["spoken"] & names).any()),
        own_words=not (rows["spoken"] | names).any(),
        once=lines == 1 and lasted <= _AT_ONCE,
        brief=lines <= _FEW and lasted <= _FEW * MINUTE and "metric" not in set(rows["stream"]),
        standing=signal in _LASTING or bool(rows["message"].str.contains(_CONDITION, na=False).any()),
    )


def _crowds(scene: Scene, drafts: Sequence[Draft], traces: dict[int, dict[str, Trace]]) -> None:
    """Where three nodes or more fall together, what no node bears (the control plane, DNS) may explain them.

    Not what was seen at other times as often as about such a fall: every operation has a beginning and an end.
    """
    groups: dict[int, list[int]] = {}
    for i in traces:
        groups.setdefault(drafts[i].group, []).append(i)
    crowds = {min(drafts[i].onset for i in members): members for members in groups.values() if len(members) >= CROWD}
    for signal in (s for s in scene.seen.on(NOWHERE) if scene.graph.is_cause(s)):
        at = scene.seen.times(signal, NOWHERE)
        near = sum(1 for time in at if any(abs(int(time) - onset) <= _CLOSE for onset in crowds))
        for onset, members in crowds.items():
            trace = trace_of(scene, signal, NOWHERE, onset - _CLOSE, onset + MINUTE)
            if trace and 2 * near > len(at):
                for i in members:
                    traces[i].setdefault(signal, trace)
