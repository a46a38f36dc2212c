"""Case and control windows: the unit of every statistic is a window on a node, never a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from triage.correlate.coverage import Coverage
from triage.correlate.episodes import Draft, Scene
from triage.correlate.times import DAY, HOUR, SECOND

LENGTH = HOUR
"""How long a case window is, and each control."""
_SAME_HOUR = 2 * HOUR
_TICK = SECOND
"""Events bear whole seconds, so what the same second holds may have come before."""

Spans = dict[str, tuple[Any, Any]]
"""Node → starts and ends of its windows (int64 arrays, end outside)."""


def lookback(scene: Scene, drafts: Sequence[Draft], index: int, reach: int) -> tuple[int, int]:
    """The span in which evidence of an episode's cause lies: up to `reach` before onset, not before the last episode.

    Episodes without NotReady are looked at while they last.
    """
    draft = drafts[index]
    if draft.served_badly:
        return draft.start, draft.end if draft.end is not None else scene.end
    return max(draft.onset - reach, _floor(drafts, index)), draft.onset + _TICK


def _floor(drafts: Sequence[Draft], index: int) -> int:
    """The end of the last episode on that node: what was before it died with the VM."""
    draft = drafts[index]
    ends = [
        d.end if d.end is not None else d.onset
        for i, d in enumerate(drafts)
        if i != index and d.node == draft.node and d.onset < draft.onset
    ]
    return max((end for end in ends if end < draft.onset), default=0)


@dataclass(frozen=True)
class Windows:
    """Case windows by episode index, and the controls: the same nodes at other times, their peers at the same time."""

    cases: dict[int, tuple[str, int, int]]
    same_node: Spans
    other_nodes: Spans


def make_windows(scene: Scene, drafts: Sequence[Draft], reach: int = LENGTH) -> Windows:
    """The windows of all unplanned episodes on known nodes, with controls for a signal of that reach.

    What may come that long before a failure (zombies pile up for hours) makes no control of a node's own last hours;
    its peers at that time still are, or a node that lives with it would have nothing to be compared with.
    """
    cases = {}
    for i, draft in enumerate(drafts):
        if draft.planned is None and draft.known_node:
            low, high = lookback(scene, drafts, i, LENGTH)
            cases[i] = (draft.node, low, high)
    same = _same(scene, drafts, cases, _busy(drafts, scene.end, reach))
    return Windows(cases, same, _others(scene, drafts, cases, _busy(drafts, scene.end, LENGTH)))


def _busy(drafts: Sequence[Draft], end: int, reach: int) -> dict[str, list[tuple[int, int]]]:
    """Per node, the spans in which it does not count as healthy: from `reach` before episodes to `LENGTH` after."""
    busy: dict[str, list[tuple[int, int]]] = {}
    for draft in drafts:
        until = draft.end if draft.end is not None else end
        busy.setdefault(draft.node, []).append((min(draft.start, draft.onset) - reach, until + LENGTH))
    return busy


def _clear(starts: Any, ends: Any, busy: list[tuple[int, int]]) -> Any:
    free = np.ones(len(starts), dtype=bool)
    for low, high in busy:
        free &= (ends <= low) | (starts >= high)
    return free


def _same(
    scene: Scene,
    drafts: Sequence[Draft],
    cases: dict[int, tuple[str, int, int]],
    busy: dict[str, list[tuple[int, int]]],
) -> Spans:
    """Windows tiled over the failing nodes' healthy time; at the same hour of day where the evidence reaches back."""
    starts = np.arange(scene.start, scene.end - LENGTH + 1, LENGTH, dtype="int64")
    spans: Spans = {}
    for node in sorted({node for node, _, _ in cases.values()}):
        free = _clear(starts, starts + LENGTH, busy[node])
        if _reaches_back(scene, node):
            onsets = np.array([drafts[i].onset for i, (name, _, _) in cases.items() if name == node])
            apart = np.abs((starts[:, None] + LENGTH - onsets[None, :] + DAY // 2) % DAY - DAY // 2)
            free &= (apart <= _SAME_HOUR).any(axis=1)
        if free.any():
            spans[node] = (starts[free], starts[free] + LENGTH)
    return spans


def _reaches_back(scene: Scene, node: str) -> bool:
    """Whether the node's own evidence, not only the window that was asked for, holds the same hours of other days."""
    alive = scene.coverage.alive(node)
    return alive is not None and scene.end - max(scene.start, alive[0]) >= 2 * DAY


def _others(
    scene: Scene,
    drafts: Sequence[Draft],
    cases: dict[int, tuple[str, int, int]],
    busy: dict[str, list[tuple[int, int]]],
) -> Spans:
    """The case windows' own time on the other nodes of the pool, where those were healthy."""
    by_pool: dict[str | None, list[int]] = {}
    for i in cases:
        by_pool.setdefault(drafts[i].node_pool, []).append(drafts[i].onset)
    found: dict[str, list[tuple[Any, Any]]] = {}
    for pool, onsets in sorted(by_pool.items(), key=lambda item: item[0] or ""):
        ends = np.unique(np.array(onsets, dtype="int64"))
        starts = ends - LENGTH
        for node in scene.fleet.in_pool(pool):
            free = _clear(starts, ends, busy.get(node, []))
            if free.any():
                found.setdefault(node, []).append((starts[free], ends[free]))
    return {
        node: (np.concatenate([s for s, _ in parts]), np.concatenate([e for _, e in parts]))
        for node, parts in found.items()
    }


class Covered:
    """Which windows count for a signal: those in which its log (or any log of the node) spoke half of the time."""

    def __init__(self, windows: Windows, coverage: Coverage, logs: Mapping[str, set[str]]) -> None:
        self.windows = windows
        self._coverage = coverage
        self._logs = logs
        self._spans = {"same": windows.same_node, "other": windows.other_nodes}
        self._cache: dict[tuple[str, str | None], dict[str, Any]] = {}

    def log(self, signal: str) -> str | None:
        """The log whose coverage counts for a signal; None for any log of the node."""
        return self._coverage.judge(self._logs.get(signal, set()))

    def masks(self, which: str, log: str | None) -> dict[str, Any]:
        """Per node, a boolean array over its windows."""
        key = (which, log)
        if key not in self._cache:
            self._cache[key] = {
                node: self._coverage.filled(node, log, starts, ends)
                for node, (starts, ends) in self._spans[which].items()
            }
        return self._cache[key]
