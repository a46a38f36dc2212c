"""Occurrences by signal and node, for quick questions about spans of time.

A line is a moment. A metric at its bound is a state: it begins when the series gets there and holds until it leaves.
"""

from typing import Any

import numpy as np
import pandas as pd

from triage.correlate.clocks import Receipts
from triage.correlate.times import column_ns
from triage.correlate.voices import of_the_node

NOWHERE = ""
"""Stands for occurrences of no node."""


class Seen:
    """The occurrences of a run, ways back to healthy left out, times corrected for clocks that run ahead.

    `rows` is the frame (sorted by time, signal, node; `spoken` tells whether a program that knows of the node says so),
    `at` its times as int64.
    """

    def __init__(self, occurrences: pd.DataFrame, received: Receipts | None = None) -> None:
        cleared = occurrences["clears"].astype(bool)
        back = occurrences[cleared & occurrences["node"].notna()]
        self._cleared = {
            (str(signal), str(node)): np.sort(column_ns(own["timestamp"]))
            for (signal, node), own in back.groupby(["signal", "node"])
        }
        rows = occurrences[~cleared]
        at = column_ns(rows["timestamp"])
        if received:
            keys = zip(rows["insert_id"], at, strict=True)
            at = np.array([received.get(key, key[1]) for key in keys], dtype="int64")
        rows = rows.assign(
            at=at,
            where=rows["node"].where(rows["node"].notna(), NOWHERE),
            order=rows["insert_id"].fillna(""),
            spoken=of_the_node(rows),
        )
        rows = rows.sort_values(["at", "signal", "where", "order"], kind="stable").reset_index(drop=True)
        self.rows = rows
        self.at = rows["at"].to_numpy()
        self._index: dict[tuple[str, str], Any] = dict(rows.groupby(["signal", "where"], sort=True).indices)
        self._times = {key: self.at[index] for key, index in self._index.items()}
        until = np.maximum(column_ns(rows["until"]), self.at)
        self._until = {key: until[index] for key, index in self._index.items() if (until[index] > self.at[index]).any()}
        written, named = rows["stream"] != "metric", rows["mechanism"].astype(bool)
        self._named = self._where(named)
        self._written = self._where(written)
        self._told = self._where(named & written & rows["spoken"])
        self.signals = tuple(sorted({signal for signal, _ in self._index}))
        self._nodes: dict[str, list[str]] = {}
        self._on: dict[str, list[str]] = {}
        for signal, node in sorted(self._index):
            self._nodes.setdefault(signal, []).append(node)
            self._on.setdefault(node, []).append(signal)

    def _where(self, wanted: pd.Series) -> dict[tuple[str, str], Any]:
        """Signal and node → the times of the wanted rows, sorted."""
        mask = wanted.to_numpy()
        return {key: self.at[index[mask[index]]] for key, index in self._index.items()}

    def times(self, signal: str, node: str) -> Any:
        """All times of a signal on a node, sorted."""
        return self._times.get((signal, node), np.empty(0, dtype="int64"))

    def held(self, signal: str, node: str, starts: Any, ends: Any) -> Any:
        """For each span, whether the signal was there: a line in `[start, end)`, or a metric at its bound meanwhile."""
        times = self.times(signal, node)
        here = _any_in(times, starts, ends)
        until = self._until.get((signal, node))
        if until is not None:
            for begin, last in zip(times, until, strict=True):
                here |= (begin < ends) & (last >= starts)
        return here

    def written(self, signal: str, node: str, starts: Any, ends: Any) -> Any:
        """As `held`, for log lines alone: metrics left out."""
        return _any_in(self._written.get((signal, node), np.empty(0, dtype="int64")), starts, ends)

    def told(self, signal: str, node: str, starts: Any, ends: Any) -> Any:
        """As `written`, for lines of the node's own programs that name what broke."""
        return _any_in(self._told.get((signal, node), np.empty(0, dtype="int64")), starts, ends)

    def nodes(self, signal: str) -> list[str]:
        """The nodes where a signal was seen (`NOWHERE` for none)."""
        return self._nodes.get(signal, [])

    def on(self, node: str) -> list[str]:
        """The signals seen on a node."""
        return self._on.get(node, [])

    def count(self, signal: str, node: str, start: int, end: int) -> int:
        """How often in `[start, end]`."""
        times = self.times(signal, node)
        return int(np.searchsorted(times, end, "right") - np.searchsorted(times, start, "left"))

    def first(self, signal: str, node: str, start: int, end: int) -> int | None:
        """The first time in `[start, end]`."""
        times = self.times(signal, node)
        i = int(np.searchsorted(times, start, "left"))
        return int(times[i]) if i < len(times) and times[i] <= end else None

    def since(self, signal: str, node: str, start: int, end: int) -> int | None:
        """The first time in `[start, end]`; where a metric was at its bound at `start`, when it had got there."""
        lasting = self._lasting(signal, node, start, end)
        return int(self._times[signal, node][lasting[0]]) if len(lasting) else self.first(signal, node, start, end)

    def named(self, signal: str, node: str) -> Any:
        """The times of what names the mechanism, sorted; hints left out."""
        return self._named.get((signal, node), np.empty(0, dtype="int64"))

    def cleared(self, signal: str, node: str, before: int) -> int | None:
        """When the node last said, at `before` or earlier, that it is over."""
        times = self._cleared.get((signal, node), np.empty(0, dtype="int64"))
        i = int(np.searchsorted(times, before, "right")) - 1
        return int(times[i]) if i >= 0 else None

    def first_written(self, signal: str, node: str, start: int, end: int) -> int | None:
        """The first log line in `[start, end]`; crossings of metrics left out: they tell that a failure nears."""
        times = self._written.get((signal, node), np.empty(0, dtype="int64"))
        i = int(np.searchsorted(times, start, "left"))
        return int(times[i]) if i < len(times) and times[i] <= end else None

    def positions(self, signal: str, node: str, start: int, end: int) -> Any:
        """Row numbers in `[start, end]` in order of time, with those of metrics that were at their bound at `start`."""
        times = self.times(signal, node)
        low, high = np.searchsorted(times, start, "left"), np.searchsorted(times, end, "right")
        index = self._index.get((signal, node), np.empty(0, dtype="int64"))
        return np.concatenate([index[self._lasting(signal, node, start, end)], index[low:high]])

    def _lasting(self, signal: str, node: str, start: int, end: int) -> Any:
        """Positions, among the signal's times on the node, of metrics that reached their bound earlier and held it."""
        until = self._until.get((signal, node))
        if until is None or end < start:
            return np.empty(0, dtype="int64")
        return np.flatnonzero((self._times[signal, node] < start) & (until >= start))

    def within(self, signal: str, node: str, start: int, end: int) -> pd.DataFrame:
        """The occurrences in `[start, end]`, in order of time."""
        return self.rows.iloc[self.positions(signal, node, start, end)]


def _any_in(times: Any, starts: Any, ends: Any) -> Any:
    """For each span `[start, end)`, whether one of the sorted times lies in it."""
    return np.searchsorted(times, ends, "left") > np.searchsorted(times, starts, "left")
