"""Explanation: per episode the most upstream signal with evidence, across episodes the fewest causes that fit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from triage.correlate.associate import Association
from triage.correlate.episodes import Draft, Scene
from triage.correlate.seen import NOWHERE
from triage.correlate.times import MINUTE
from triage.correlate.windows import lookback

ZOMBIES, PIDS = "zombie-processes", "pid-exhaustion"
EXTERNAL = ("host-error", "vm-deleted-by-user", "guest-shutdown", "control-plane-change")
"""What was done to the VM or the control plane from outside explains everything that came after it."""
CROWD = 3
"""So many nodes within five minutes share a cause."""
_TOLERANCE = 5 * MINUTE
"""Metrics are sampled a minute apart and show up to four minutes late: order is claimed beyond that only."""
_CLOSE = 15 * MINUTE
_MOST = 0.7
"""A root that was seen in this share of the episodes of what it brings on is the cause of all that show it."""


@dataclass(frozen=True)
class Trace:
    """One cause signal's evidence for one episode: first time, how many lines, and of these with a mechanism (ns)."""

    signal: str
    node: str
    first: int
    last: int
    count: int
    mechanism: int
    metric_only: bool


@dataclass(frozen=True)
class Explanation:
    """Which cause explains which episode, with every trace that was weighed."""

    causes: tuple[str, ...]
    """Ranked."""
    by_episode: dict[int, str]
    traces: dict[int, dict[str, Trace]]
    """Episode → signal → its trace: all cause signals with evidence before NotReady on that node."""
    roots: dict[int, tuple[str, ...]]
    """Episode → the most upstream of those that deviate from the controls."""
    background: tuple[str, ...] = ()
    """Signals with evidence that is as frequent on healthy nodes: they explain nothing."""
    consistent: dict[int, str] = field(default_factory=dict)
    """Unexplained episodes that show only what an established cause also brings on."""

    def episodes_of(self, cause: str) -> list[int]:
        """The episodes that a cause explains."""
        return [i for i, c in sorted(self.by_episode.items()) if c == cause]


def explain(scene: Scene, drafts: Sequence[Draft], associations: Mapping[str, Association]) -> Explanation:
    """Weigh the cause signals of all unplanned episodes."""
    unplanned = [i for i, d in enumerate(drafts) if d.planned is None]
    traces = {i: _traces(scene, drafts, i) for i in unplanned}
    _crowds(scene, drafts, unplanned, traces)
    deviating = {s for s, a in associations.items() if a.deviates}
    deviating |= {s for found in traces.values() for s, t in found.items() if t.node == NOWHERE}
    roots = {i: _roots(scene, found, deviating) for i, found in traces.items()}
    by_episode = _cover(scene, traces, roots, deviating, associations)
    _zombies_first(scene, drafts, traces, deviating, by_episode)
    seen = {s for found in traces.values() for s in found}
    chosen = set(by_episode.values())
    consistent = {
        i: roots[i][0] for i in unplanned if i not in by_episode and roots[i] and _follows(scene, roots[i], chosen)
    }
    counts = {cause: list(by_episode.values()).count(cause) for cause in chosen}
    ranked = sorted(chosen, key=lambda c: (-counts[c], *_merit(c, traces, associations)))
    return Explanation(
        causes=tuple(ranked),
        by_episode=by_episode,
        traces=traces,
        roots=roots,
        background=tuple(sorted(seen - deviating)),
        consistent=consistent,
    )


def _traces(scene: Scene, drafts: Sequence[Draft], index: int) -> dict[str, Trace]:
    """Every cause signal with evidence before NotReady on the episode's node."""
    draft = drafts[index]
    found: dict[str, Trace] = {}
    if not draft.known_node:
        return found
    for signal in scene.seen.on(draft.node):
        if scene.graph.is_cause(signal):
            low, high = lookback(scene, drafts, index, scene.graph.reach(signal))
            trace = _trace(scene, signal, draft.node, low, high)
            if trace:
                found[signal] = trace
    return found


def _trace(scene: Scene, signal: str, node: str, low: int, high: int) -> Trace | None:
    rows = scene.seen.within(signal, node, low, high)
    if rows.empty:
        return None
    at = rows["at"].to_numpy()
    return Trace(
        signal=signal,
        node=node,
        first=int(at[0]),
        last=int(at[-1]),
        count=len(rows),
        mechanism=int(rows["mechanism"].astype(bool).sum()),
        metric_only=bool((rows["stream"] == "metric").all()),
    )


def _crowds(scene: Scene, drafts: Sequence[Draft], unplanned: list[int], traces: dict[int, dict[str, Trace]]) -> None:
    """Where three nodes or more fall together, what no node bears (the control plane, DNS) may explain them."""
    groups: dict[int, list[int]] = {}
    for i in unplanned:
        groups.setdefault(drafts[i].group, []).append(i)
    for members in groups.values():
        if len(members) < CROWD:
            continue
        onset = min(drafts[i].onset for i in members)
        for signal in (s for s in scene.seen.on(NOWHERE) if scene.graph.is_cause(s)):
            everywhere = scene.seen.times(signal, NOWHERE)
            near = (everywhere >= onset - _CLOSE) & (everywhere <= onset + MINUTE)
            trace = _trace(scene, signal, NOWHERE, onset - _CLOSE, onset + MINUTE)
            if trace and int((~near).sum()) <= int(near.sum()):
                for i in members:
                    traces[i].setdefault(signal, trace)


def _roots(scene: Scene, found: Mapping[str, Trace], deviating: set[str]) -> tuple[str, ...]:
    """The deviating signals that no other deviating one brought on: declared upstream of it, and not later.

    One that only came after what it is declared to bring on is no cause of it, and no root either.
    """
    candidates = [t for s, t in sorted(found.items()) if s in deviating]
    return tuple(
        t.signal
        for t in candidates
        if not any(_brings_on(scene, other, t) or _came_too_late(scene, t, other) for other in candidates)
    )


def _came_too_late(scene: Scene, cause: Trace, effect: Trace) -> bool:
    """Whether `cause` is declared upstream of `effect` alone, and was first seen clearly after it."""
    if (cause.signal, effect.signal) == (ZOMBIES, PIDS) or cause.signal == effect.signal:
        return False
    upstream = scene.graph.upstream_of(cause.signal, effect.signal)
    cyclic = scene.graph.upstream_of(effect.signal, cause.signal)
    return upstream and not cyclic and cause.first > effect.first + _slack(cause, effect)


def _slack(cause: Trace, effect: Trace) -> int:
    return _TOLERANCE if cause.metric_only or effect.metric_only else MINUTE


def _brings_on(scene: Scene, cause: Trace, effect: Trace) -> bool:
    """Declared upstream, first seen no later, and no mere metric above a line that names what broke."""
    if cause.signal == effect.signal or not scene.graph.upstream_of(cause.signal, effect.signal):
        return False
    if (cause.signal, effect.signal) == (ZOMBIES, PIDS):
        return True
    if cause.metric_only and effect.mechanism and not effect.metric_only:
        return False
    if scene.graph.upstream_of(effect.signal, cause.signal):
        return cause.first < effect.first
    return cause.first <= effect.first + _slack(cause, effect)


def _cover(
    scene: Scene,
    traces: Mapping[int, Mapping[str, Trace]],
    roots: Mapping[int, tuple[str, ...]],
    deviating: set[str],
    associations: Mapping[str, Association],
) -> dict[int, str]:
    """The smallest set of causes, greedily: the one that explains most of what is left, then the better evidenced.

    A root counts where it is one. What is seen in many more episodes than any root above it is the
    common cause, and takes its own episodes: a cause that explains all beats one that explains some.
    """
    left = {i: set(signals) for i, signals in roots.items() if signals}
    by_episode: dict[int, str] = {}
    while left:
        counts = Counter(signal for signals in left.values() for signal in signals)
        best = min(counts, key=lambda s: (-counts[s], *_merit(s, traces, associations)))
        seen = Counter(s for i in left for s in traces[i] if s in deviating)
        common = _common(scene, best, counts[best], seen)
        held = {i for i in left if common in traces[i] and (common in left[i] or common != best)}
        if not _follows(scene, (common,), set(by_episode.values())):
            by_episode |= dict.fromkeys(held, common)
        for i in held:
            left.pop(i)
    return by_episode


def _common(scene: Scene, best: str, count: int, seen: Mapping[str, int]) -> str:
    """What is of `best`'s story and was seen in many more of the open episodes than any root; else `best` itself."""
    related = {s: n for s, n in seen.items() if s == best or _related(scene, best, s)}
    most = max(related.values(), default=0)
    if count >= _MOST * most:
        return best
    widest = [s for s, n in related.items() if n == most]
    return min(widest, key=lambda s: (-len(scene.graph.descendants(s)), s))


def _related(scene: Scene, best: str, signal: str) -> bool:
    return scene.graph.upstream_of(best, signal) or scene.graph.upstream_of(signal, best)


def _merit(
    signal: str, traces: Mapping[int, Mapping[str, Trace]], associations: Mapping[str, Association]
) -> tuple[int, float, float, float, float, str]:
    """Smaller is better: acts from outside, named by lines, not by metrics alone, specific, strong; the id last."""
    found = [t[signal] for t in traces.values() if signal in t]
    mechanism = sum(1 for t in found if t.mechanism) / len(found) if found else 0.0
    a = associations.get(signal)
    share = round(a.control_share, 3) if a else 0.0
    ratio = round(a.ratio or 0.0, 3) if a else 0.0
    metric = sum(1 for t in found if t.metric_only) / len(found) if found else 0.0
    return (0 if signal in EXTERNAL else 1, -mechanism, metric, share, -ratio, signal)


def _follows(scene: Scene, signals: Sequence[str], chosen: set[str]) -> bool:
    """Whether all of these signals are what a chosen cause is declared to bring on."""
    return bool(chosen) and all(any(scene.graph.upstream_of(c, s) for c in chosen) for s in signals)


def _zombies_first(
    scene: Scene,
    drafts: Sequence[Draft],
    traces: dict[int, dict[str, Trace]],
    deviating: set[str],
    by_episode: dict[int, str],
) -> None:
    """Where zombies and exhausted process IDs are both observed, zombies are the cause and exhaustion follows."""
    explained = [i for i, cause in by_episode.items() if cause == PIDS]
    observed = []
    for i in explained:
        low, _ = lookback(scene, drafts, i, scene.graph.reach(ZOMBIES))
        draft = drafts[i]
        trace = _trace(scene, ZOMBIES, draft.node, low, draft.end if draft.end is not None else scene.end)
        if trace:
            traces[i].setdefault(ZOMBIES, trace)
            observed.append(i)
    if observed and (ZOMBIES in deviating or len(observed) == len(explained)):
        by_episode |= dict.fromkeys(explained, ZOMBIES)
