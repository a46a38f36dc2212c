"""Whether a log spoke in a span of time: silence and absence are different things."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from triage.correlate.times import MINUTE, column_ns
from triage.evidence.tables import COVERAGE, frame
from triage.model.place import Gap

BIN = 5 * MINUTE
ENOUGH = 0.5
"""A span counts as looked at where at least half of its five-minute bins hold an entry."""
_ANY = "*"
CONTAINER_TYPES = ("k8s_container", "container")
_BY_OTHERS = r"^events$|^cloudaudit\.googleapis\.com/"
"""Logs in which others speak of a node as well: the node controller of one that is silent."""
METRICS_LOG = "metrics"
"""Stands for the log id of samples."""
_BROKEN_OFF = ("cut short", "breaks off")
"""What the sources say of a read that ended before its time."""


def broken_off(gaps: Iterable[Gap]) -> str:
    """Why a part of the logs was not read to its end, in the gap's words; nothing where all that was begun was read.

    A read that Ctrl-C stopped, a bundle that nobody completed, an archive that breaks off: the next line might have
    named another cause. A log that was never asked for, or may not be read, is named as missing instead.
    """
    logs = (gap.reason for gap in gaps if gap.source in ("entries", "files"))
    return next((reason for reason in logs if any(words in reason for words in _BROKEN_OFF)), "")


def told_of(coverage: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Who spoke when, as COVERAGE: as the logs tell; where there are none at all, samples of metrics do."""
    if len(coverage) or metrics.empty:
        return coverage
    rows = metrics[metrics["node"].notna() & metrics["value"].notna()]
    table = pd.DataFrame({"node": rows["node"], "bin": rows["timestamp"].dt.floor("5min"), "at": rows["timestamp"]})
    found = table.groupby(["node", "bin"], as_index=False).agg(
        count=("at", "size"), first=("at", "min"), last=("at", "max")
    )
    return frame(COVERAGE, found.assign(log_id=METRICS_LOG))


class Coverage:
    """Which five-minute bins of each node and log hold an entry."""

    def __init__(self, coverage: pd.DataFrame) -> None:
        named = coverage[coverage["node"].notna()]
        bins = column_ns(named["bin"]) // BIN
        table = pd.DataFrame({"node": named["node"].to_numpy(), "log": named["log_id"].to_numpy(), "bin": bins})
        self.known = not coverage.empty
        self._bins: dict[tuple[str, str], Any] = {}
        for (node, log), group in table.groupby(["node", "log"], sort=True):
            self._bins[node, log] = np.unique(group["bin"].to_numpy())
        for node, group in table.groupby("node", sort=True):
            self._bins[node, _ANY] = np.unique(group["bin"].to_numpy())
        self.nodes = tuple(sorted({node for node, _ in self._bins}))
        self.logs = frozenset(coverage["log_id"].dropna().unique())
        self.of_pods = bool(coverage["resource_type"].isin(CONTAINER_TYPES).any())
        """Whether it tells of pods' logs, too: live, the count of entries is known of nodes alone."""
        self._said = _said(named)
        self._steady = self._steady_logs(table)

    def filled(self, node: str, log: str | None, starts: Any, ends: Any) -> Any:
        """For each span, whether the log (None: any log of the node) spoke in at least half of its bins.

        `starts` and `ends` are int64 arrays; `ends` are outside of their spans.
        """
        bins = self._bins.get((node, log or _ANY))
        starts, ends = np.asarray(starts), np.asarray(ends)
        if bins is None:
            return np.zeros(len(starts), dtype=bool)
        low, high = starts // BIN, -(-ends // BIN)
        held = np.searchsorted(bins, high, "left") - np.searchsorted(bins, low, "left")
        return held >= ENOUGH * np.maximum(high - low, 1)

    def spoke(self, node: str, start: int, end: int) -> bool:
        """Whether the node wrote in at least half of the span."""
        return bool(self.filled(node, None, [start], [end])[0])

    def judge(self, logs: Iterable[str]) -> str | None:
        """Which log's coverage to ask for a signal seen in `logs`: a steady one of them, else any log of the node.

        Events, audit logs and serial consoles are silent for hours on a healthy node; that says nothing.
        """
        return next((log for log in sorted(logs) if log in self._steady), None)

    def last_heard(self, node: str, at: int) -> int | None:
        """The end of the five minutes in which the node last wrote something itself before `at`; None for never."""
        i = self._bin_before(node, at)
        return min((int(self._said[node][0][i]) // BIN + 1) * BIN, at) if i >= 0 else None

    def last_word(self, node: str, at: int) -> int | None:
        """As `last_heard`, to the entry where logs tell (to the minute where a metric does); `at` while it wrote on."""
        i = self._bin_before(node, at)
        return min(int(self._said[node][1][i]), at) if i >= 0 else None

    def _bin_before(self, node: str, at: int) -> int:
        firsts, _ = self._said.get(node, (np.empty(0, dtype="int64"), None))
        return int(np.searchsorted(firsts, at, "right")) - 1

    def alive(self, node: str) -> tuple[int, int] | None:
        """The first and last bin in which the node wrote, as times."""
        bins = self._bins.get((node, _ANY))
        return None if bins is None or not len(bins) else (int(bins[0]) * BIN, int(bins[-1] + 1) * BIN)

    def _steady_logs(self, table: pd.DataFrame) -> frozenset[str]:
        if table.empty:
            return frozenset()
        spans = {node: max(int(b[-1] - b[0]) + 1, 1) for (node, log), b in self._bins.items() if log == _ANY}
        shares: dict[str, list[float]] = {}
        for (node, log), bins in sorted(self._bins.items()):
            shares.setdefault(log, []).append(len(bins) / spans[node])
        half = len(spans) / 2
        return frozenset(
            log for log, found in shares.items() if log != _ANY and len(found) >= half and np.median(found) >= ENOUGH
        )


def _said(named: pd.DataFrame) -> dict[str, tuple[Any, Any]]:
    """Node → the first and last times of what it wrote itself, by five-minute bins in order."""
    own = named[~named["log_id"].str.contains(_BY_OTHERS, na=False).astype(bool)]
    bins = own.groupby(["node", "bin"], sort=True).agg(first=("first", "min"), last=("last", "max")).dropna()
    return {
        str(node): (column_ns(rows["first"]), column_ns(rows["last"]))
        for node, rows in bins.reset_index().groupby("node", sort=True)
    }
