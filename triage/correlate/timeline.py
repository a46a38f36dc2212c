"""The picture's data: one lane a failing node, healthy nodes folded together, metrics thinned to what can be seen."""

from collections.abc import Sequence

import numpy as np

from triage.correlate.episodes import Draft, Scene
from triage.correlate.trend import Series as NodeSeries
from triage.model.incident import Lane, Marks, Series, Timeline
from triage.model.signal import Severity

MOST_MARKS = 2000
"""Marks of one signal on one lane; more are thinned to one a minute, then evenly."""
MOST_POINTS = 400
_MOST_SERIES = 24
_TITLES = {
    "pid_used": ("Process ids in use", ""),
    "memory_used": ("Memory in use", "B"),
    "memory_utilization": ("Memory in use, share of allocatable", "%"),
    "disk_used": ("Disk in use", "B"),
    "inodes_free": ("Free inodes", ""),
}


def metric_title(metric: str) -> str:
    """A metric's name for people."""
    return _TITLES.get(metric, (metric.replace("_", " ").capitalize(), ""))[0]


def make_timeline(
    scene: Scene, drafts: Sequence[Draft], series: NodeSeries, shown: Sequence[tuple[str, str | None]]
) -> Timeline:
    """Lanes by first onset, then name. `shown` are the metrics to draw, each with the metric of its limit."""
    failing: dict[str, list[int]] = {}
    for i, draft in enumerate(drafts):
        failing.setdefault(draft.node, []).append(i)
    order = sorted(failing, key=lambda node: (min(drafts[i].onset for i in failing[node]), node))
    lanes = tuple(
        Lane(
            node=node,
            node_pool=drafts[failing[node][0]].node_pool,
            episodes=tuple(failing[node]),
            marks=_marks(scene, [node]),
        )
        for node in order
    )
    healthy = [node for node in scene.fleet.nodes if node not in failing]
    return Timeline(
        lanes=lanes,
        healthy_nodes=len(healthy),
        healthy_marks=_marks(scene, healthy),
        series=_series(series, order, shown),
    )


def _marks(scene: Scene, nodes: Sequence[str]) -> tuple[Marks, ...]:
    times: dict[str, list[np.ndarray]] = {}
    for node in nodes:
        for signal in scene.seen.on(node):
            times.setdefault(signal, []).append(scene.seen.times(signal, node))
    found = []
    for signal in sorted(times):
        declared = scene.graph.signal(signal)
        at = np.unique(np.concatenate(times[signal]) // 1_000_000)
        found.append(
            Marks(
                signal=signal,
                role=scene.graph.role(signal),
                severity=declared.severity if declared else Severity.LOW,
                times=tuple(int(t) for t in _thinned(at)),
            )
        )
    return tuple(found)


def _thinned(at: np.ndarray) -> np.ndarray:
    if len(at) > MOST_MARKS:
        at = at[np.unique(at // 60_000, return_index=True)[1]]
    if len(at) > MOST_MARKS:
        at = at[np.unique(np.linspace(0, len(at) - 1, MOST_MARKS).astype(int))]
    return at


def _series(series: NodeSeries, nodes: Sequence[str], shown: Sequence[tuple[str, str | None]]) -> tuple[Series, ...]:
    found: list[Series] = []
    for metric, limit in shown:
        title, unit = metric_title(metric), _TITLES.get(metric, ("", ""))[1]
        for node in nodes:
            points = series.get((metric, node))
            if points is None or len(found) >= _MOST_SERIES:
                continue
            ceiling = series.get((limit, node)) if limit else None
            found.append(
                Series(
                    metric=metric,
                    title=title,
                    node=node,
                    points=_points(*points),
                    limit=float(ceiling[1][-1]) if ceiling is not None else None,
                    unit=unit,
                )
            )
    return tuple(found)


def _points(times: np.ndarray, values: np.ndarray) -> tuple[tuple[int, float], ...]:
    """First, least, greatest and last of each column: the same picture from fewer points."""
    if len(times) <= MOST_POINTS:
        kept = np.arange(len(times))
    else:
        columns = np.array_split(np.arange(len(times)), MOST_POINTS // 4)
        picks = [(c[0], c[values[c].argmin()], c[values[c].argmax()], c[-1]) for c in columns]
        kept = np.unique(np.array(picks).ravel())
    return tuple((int(times[i] // 1_000_000), round(float(values[i]), 6)) for i in kept)
