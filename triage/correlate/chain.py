"""The causal chain: each link passes three tests – declared, both ends out of the ordinary on that node, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from triage.correlate.associate import Association
from triage.correlate.episodes import Draft, Scene
from triage.correlate.graph import AUTO_REPAIR, NOT_READY
from triage.correlate.times import MINUTE, SECOND, length_ns
from triage.correlate.traces import PIDS, ZOMBIES, Trace
from triage.correlate.windows import lookback
from triage.model.incident import ChainLink
from triage.model.signal import Role

_SLACK = MINUTE
_LONGEST = 12


@dataclass(frozen=True)
class Chain:
    """Signals upstream first, and what holds each link."""

    signals: tuple[str, ...]
    links: tuple[ChainLink, ...]

    @property
    def complete(self) -> bool:
        """Whether it ends at a consequence, or at a symptom for nodes that serve badly."""
        return len(self.signals) > 1


def build_chain(
    scene: Scene,
    drafts: Sequence[Draft],
    cause: str,
    episodes: Sequence[int],
    associations: Mapping[str, Association],
    *,
    traces: Mapping[int, Mapping[str, Trace]],
) -> Chain:
    """The longest well-supported path of declared links from the cause to the last observed consequence.

    `traces` are those of the explanation: they know of causes that no node bears.
    """
    firsts = {i: _firsts(scene, drafts, i) for i in episodes}
    for i, found in firsts.items():
        if cause not in found and cause in traces[i]:
            found[cause] = traces[i][cause].first
    accepted = _accepted(scene, firsts, associations, cause)
    path = _best_path(scene, cause, accepted)
    links = []
    for a, b in pairwise(path):
        declared = scene.graph.link(a, b)
        gaps = accepted[a, b]
        links.append(
            ChainLink(
                cause=a,
                effect=b,
                because=declared.because if declared else "",
                episodes=len(gaps),
                median_gap_s=round(median(gaps) / 1e9, 3) if len(gaps) >= 2 and median(gaps) >= 0 else None,
            )
        )
    return Chain(path, tuple(links))


def _firsts(scene: Scene, drafts: Sequence[Draft], index: int) -> dict[str, int]:
    """Signal → its first time in the episode or its lead-up, on that node."""
    draft = drafts[index]
    end = draft.end if draft.end is not None else scene.end
    found: dict[str, int] = {}
    for signal in scene.seen.on(draft.node):
        low, _ = lookback(scene, drafts, index, scene.graph.reach(signal))
        first = scene.seen.since(signal, draft.node, low, end)
        if first is not None:
            found[signal] = max(first, low)
    if draft.not_ready is not None:
        found[NOT_READY] = draft.not_ready
    if draft.repair:
        found[AUTO_REPAIR] = max(draft.repair.start, found.get(NOT_READY, 0))
    return found


def _accepted(
    scene: Scene, firsts: Mapping[int, Mapping[str, int]], associations: Mapping[str, Association], cause: str
) -> dict[tuple[str, str], list[int]]:
    """Declared link → the gaps (ns) of the episodes in which it holds; links that fail more often are left out."""
    accepted: dict[tuple[str, str], list[int]] = {}
    signals = sorted({s for found in firsts.values() for s in found} | {cause})
    for a in signals:
        for link in scene.graph.links(a):
            b = link.id
            if b not in signals or not (
                _unusual(scene, a, associations, cause) and _unusual(scene, b, associations, cause)
            ):
                continue
            both = [found[b] - found[a] for found in firsts.values() if a in found and b in found]
            held = both if (a, b) == (ZOMBIES, PIDS) else _in_order(both, length_ns(link.within))
            if held:
                accepted[a, b] = held
    return accepted


def _in_order(gaps: list[int], within: int) -> list[int]:
    """The gaps that fit cause and effect; none where they are the fewer, or their median speaks against it."""
    held = [gap for gap in gaps if -_SLACK <= gap <= 2 * within]
    return held if held and 2 * len(held) >= len(gaps) and median(held) >= -SECOND else []


def _unusual(scene: Scene, signal: str, associations: Mapping[str, Association], cause: str) -> bool:
    """Consequences are out of the ordinary by themselves; the rest must deviate from the controls."""
    if signal == cause or scene.graph.role(signal) is Role.CONSEQUENCE or signal in (NOT_READY, AUTO_REPAIR):
        return True
    a = associations.get(signal)
    return a is not None and a.deviates


def _best_path(scene: Scene, cause: str, accepted: Mapping[tuple[str, str], list[int]]) -> tuple[str, ...]:
    """Of all paths from the cause, the best: ends at a consequence, its weakest link seen most often, the longest."""
    onward: dict[str, list[str]] = {}
    for a, b in sorted(accepted):
        onward.setdefault(a, []).append(b)
    most = max((len(g) for g in accepted.values()), default=1)
    best: tuple[tuple[object, ...], tuple[str, ...]] = ((0, 0.0, 0), (cause,))

    def walk(path: tuple[str, ...]) -> None:
        nonlocal best
        steps = list(pairwise(path))
        consequence = path[-1] == AUTO_REPAIR or scene.graph.role(path[-1]) is Role.CONSEQUENCE
        last = 2 if path[-1] == AUTO_REPAIR else 1 if consequence else 0
        weakest = min((len(accepted[step]) / most for step in steps), default=0.0)
        score = (last, weakest >= 0.5, len(path), weakest)
        if len(path) > 1 and score > best[0]:
            best = (score, path)
        if len(path) < _LONGEST:
            for following in onward.get(path[-1], ()):
                if following not in path:
                    walk((*path, following))

    walk((cause,))
    return best[1]
