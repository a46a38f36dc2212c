"""Explanation: per episode the most upstream signal with evidence, across episodes the fewest causes that fit."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from triage.correlate.associate import Association
from triage.correlate.episodes import Draft, Scene
from triage.correlate.seen import NOWHERE
from triage.correlate.times import MINUTE
from triage.correlate.traces import EXTERNAL, PIDS, TOLERANCE, ZOMBIES, Trace, can_take_down, read_traces, trace_of
from triage.correlate.windows import lookback

_BY_PEOPLE = ("vm-deleted-by-user", "guest-shutdown", "control-plane-change")
"""What somebody may do because a node is in trouble; no host fails for that."""
_ENDS_A_VM = ("host-error", "vm-deleted-by-user", "guest-shutdown")
_MOST = 0.7
"""A root that was seen in this share of the episodes of what it brings on is the cause of all that show it."""


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
    traces = read_traces(scene, drafts)
    deviating = {s for s, a in associations.items() if a.deviates}
    deviating |= {s for found in traces.values() for s, t in found.items() if t.node == NOWHERE}
    counts = _counts(drafts, traces, deviating)
    roots = {}
    for i, found in traces.items():
        weighed = {s: t for s, t in found.items() if s in deviating}
        able = {s for s in weighed if can_take_down(scene, drafts, i, s)}
        roots[i] = _strongest(_roots(scene, weighed, able, counts[drafts[i].node_pool]), weighed, able)
    by_episode = _cover(scene, roots, traces, associations)
    _zombies_first(scene, drafts, traces, associations, by_episode)
    seen = {s for found in traces.values() for s in found}
    chosen = set(by_episode.values())
    consistent = {
        i: roots[i][0] for i in traces if i not in by_episode and roots[i] and _follows(scene, roots[i], chosen)
    }
    explained = Counter(by_episode.values())
    ranked = sorted(chosen, key=lambda c: (-explained[c], *_merit(c, traces, associations)))
    return Explanation(
        causes=tuple(ranked),
        by_episode=by_episode,
        traces=traces,
        roots=roots,
        background=tuple(sorted(seen - deviating)),
        consistent=consistent,
    )


def _roots(scene: Scene, found: Mapping[str, Trace], able: Set[str], counts: Mapping[str, int]) -> tuple[str, ...]:
    """The deviating signals that no other deviating one brought on: declared upstream of it, and not later.

    One that only came after what it is declared to bring on is no cause of it, and no root either; but for what is not
    `able` to take a node down, which may have come of something else, or was seen in far fewer episodes. `counts` holds
    in how many episodes of the pool each was seen: a cause that explains all beats one that explains some, so that what
    was seen above it in few of them is passed over.
    """
    candidates = [t for _, t in sorted(found.items())]
    candidates = [t for t in candidates if not any(_only_ended(t, other, counts) for other in candidates)]
    kept = [t for t in candidates if not any(_passed_over(scene, t, other, counts) for other in candidates)]
    return tuple(
        t.signal
        for t in kept
        if not any(
            _brings_on(scene, other, t)
            or (other.signal in able and not _outnumbers(t, other, counts) and _came_too_late(scene, t, other))
            for other in kept
        )
    )


def _strongest(roots: tuple[str, ...], found: Mapping[str, Trace], able: Set[str]) -> tuple[str, ...]:
    """Of an episode's roots those that took the node down, where some did.

    What ended the VM from outside, or a crash that was the last heard of it; else what can take a node down and is
    named there. What can't, or is hinted at, and was merely seen first, explains a death only where nothing else does.
    """
    ends = tuple(s for s in roots if s in _ENDS_A_VM or found[s].final)
    if ends:
        return ends
    return tuple(s for s in roots if s in able and found[s].mechanism) or roots


def _only_ended(act: Trace, other: Trace, counts: Mapping[str, int]) -> bool:
    """Whether an act from outside came when the node had long been in trouble: it ended what it cannot have caused.

    Somebody deletes a VM because it is out of process ids, which lines had named for minutes before the act.
    """
    if act.signal not in _BY_PEOPLE or other.signal in EXTERNAL:
        return False
    named = other.mechanism > 0 and not other.metric_only and counts[other.signal] >= _MOST * counts[act.signal]
    return named and other.first + TOLERANCE < act.first


def _passed_over(scene: Scene, cause: Trace, effect: Trace, counts: Mapping[str, int]) -> bool:
    """Whether `cause` was seen in far fewer episodes than what it brought on here."""
    return _brings_on(scene, cause, effect) and _outnumbers(effect, cause, counts)


def _outnumbers(one: Trace, other: Trace, counts: Mapping[str, int]) -> bool:
    """Whether `one` was seen in many more episodes of the pool than `other`."""
    return counts[other.signal] < _MOST * counts[one.signal]


def _counts(
    drafts: Sequence[Draft], traces: Mapping[int, Mapping[str, Trace]], deviating: set[str]
) -> dict[str | None, Counter[str]]:
    """Node pool → in how many of its episodes each deviating signal was seen."""
    found: dict[str | None, Counter[str]] = {}
    for i, signals in traces.items():
        found.setdefault(drafts[i].node_pool, Counter()).update(s for s in signals if s in deviating)
    return found


def _came_too_late(scene: Scene, cause: Trace, effect: Trace) -> bool:
    """Whether `cause` is declared upstream of `effect` alone, and was first seen clearly after it."""
    if (cause.signal, effect.signal) == (ZOMBIES, PIDS) or cause.signal == effect.signal:
        return False
    upstream = scene.graph.upstream_of(cause.signal, effect.signal)
    cyclic = scene.graph.upstream_of(effect.signal, cause.signal)
    return upstream and not cyclic and cause.first > effect.first + _slack(cause, effect)


def _slack(cause: Trace, effect: Trace) -> int:
    return TOLERANCE if cause.metric_only or effect.metric_only else MINUTE


def _brings_on(scene: Scene, cause: Trace, effect: Trace) -> bool:
    """Declared upstream, first seen no later, and no mere metric above a line that names what broke."""
    if cause.signal == effect.signal or not scene.graph.upstream_of(cause.signal, effect.signal):
        return False
    if (cause.signal, effect.signal) == (ZOMBIES, PIDS):
        return True
    if _mere_metric(cause, effect) or _mere_words(cause, effect):
        return False
    if scene.graph.upstream_of(effect.signal, cause.signal):
        return cause.first < effect.first
    return cause.first <= effect.first + _slack(cause, effect)


def _mere_metric(cause: Trace, effect: Trace) -> bool:
    """Whether `cause` is only a metric near its limit, which many nodes live with, and a line names `effect`."""
    return cause.metric_only and effect.mechanism > 0 and not effect.metric_only


def _mere_words(cause: Trace, effect: Trace) -> bool:
    """Whether only an application says `cause`, of itself, and the node's own programs name `effect`."""
    return cause.own_words and effect.mechanism > 0


def _cover(
    scene: Scene,
    roots: Mapping[int, tuple[str, ...]],
    traces: Mapping[int, Mapping[str, Trace]],
    associations: Mapping[str, Association],
) -> dict[int, str]:
    """The smallest set of causes, greedily: the one that explains most of what is left, then the better evidenced.

    An episode whose only root is what a chosen cause is declared to bring on stays open: it is consistent, not more.
    """
    left = {i: signals for i, signals in roots.items() if signals}
    by_episode: dict[int, str] = {}
    while left:
        counts = Counter(signal for signals in left.values() for signal in signals)
        best = min(counts, key=lambda s: (-counts[s], *_merit(s, traces, associations)))
        held = [i for i in left if best in left[i]]
        if not _follows(scene, (best,), set(by_episode.values())):
            by_episode |= dict.fromkeys(held, best)
        for i in held:
            left.pop(i)
    return by_episode


def _merit(
    signal: str, traces: Mapping[int, Mapping[str, Trace]], associations: Mapping[str, Association]
) -> tuple[int, float, float, float, float, float, str]:
    """Smaller is better: acts from outside, named by lines, not by metrics alone, specific, first, strong; the id last.

    Who came first decides between what is alike in all else, and never how sure a verdict is.
    """
    found = [t[signal] for t in traces.values() if signal in t]
    mechanism = sum(1 for t in found if t.mechanism) / len(found) if found else 0.0
    a = associations.get(signal)
    share = round(a.control_share, 3) if a else 0.0
    ratio = round(a.ratio or 0.0, 3) if a else 0.0
    metric = sum(1 for t in found if t.metric_only) / len(found) if found else 0.0
    late = _late(signal, traces, associations) / len(found) if found else 0.0
    return (0 if signal in EXTERNAL else 1, -mechanism, metric, share, late, -ratio, signal)


def _late(signal: str, traces: Mapping[int, Mapping[str, Trace]], associations: Mapping[str, Association]) -> int:
    """In how many episodes another signal that deviates had clearly come before it."""
    return sum(
        1
        for found in traces.values()
        if signal in found
        and any(
            other.first + _slack(other, found[signal]) < found[signal].first
            for name, other in found.items()
            if name != signal and name in associations and associations[name].deviates
        )
    )


def _follows(scene: Scene, signals: Sequence[str], chosen: set[str]) -> bool:
    """Whether all of these signals are what a chosen cause is declared to bring on."""
    return bool(chosen) and all(any(scene.graph.upstream_of(c, s) for c in chosen) for s in signals)


def _zombies_first(
    scene: Scene,
    drafts: Sequence[Draft],
    traces: dict[int, dict[str, Trace]],
    associations: Mapping[str, Association],
    by_episode: dict[int, str],
) -> None:
    """Where zombies and exhausted process IDs are both observed, zombies are the cause and exhaustion follows.

    They may be listed only once the node is down, so that no lead-up shows them; and while they pile up, for hours and
    on nodes that are still healthy, so that controls show them as well.
    """
    explained = [i for i, cause in by_episode.items() if cause == PIDS]
    observed = []
    for i in explained:
        low, _ = lookback(scene, drafts, i, scene.graph.reach(ZOMBIES))
        draft = drafts[i]
        trace = trace_of(scene, ZOMBIES, draft.node, low, draft.end if draft.end is not None else scene.end)
        if trace:
            traces[i].setdefault(ZOMBIES, trace)
            observed.append(i)
    deviates = ZOMBIES in associations and associations[ZOMBIES].deviates
    if observed and (deviates or len(observed) == len(explained)):
        by_episode |= dict.fromkeys(explained, ZOMBIES)
