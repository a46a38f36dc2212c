"""Who held what ran out, as metrics of single containers tell: cAdvisor's and Cloud Monitoring's."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from triage.correlate.episodes import Draft
from triage.correlate.homes import Homes
from triage.correlate.pools import Fleet
from triage.correlate.times import MINUTE, column_ns

_THREADS = ("container_threads", "container_processes")
"""What counts against a node's process ids; threads say more than processes where both are there."""
_MEMORY = ("container_memory_bytes",)
_OF = {
    "pid-exhaustion": _THREADS,
    "zombie-processes": _THREADS,
    "memory-pressure": _MEMORY,
    "system-oom": _MEMORY,
}
_FRESH = 15 * MINUTE
_LARGEST = 0.5
"""Of all that the node's containers hold: who holds as much holds more than all others together."""
_LEAST_IDS = 1000
"""Fewer are never why a node has none left; the least limit of a node is some thousands."""
_LEAST_MEMORY = 0.25
"""Of the node's memory."""
_NOBODY = ""
"""Stands for pods of which nothing tells whose they are."""


@dataclass(frozen=True)
class Held:
    """Who held the most, and how much of all that containers held there (0 to 1)."""

    workload: str
    share: float


def holders(
    metrics: pd.DataFrame, drafts: Sequence[Draft], cause: str, episodes: Sequence[int], *, homes: Homes, fleet: Fleet
) -> dict[int, Held]:
    """Episode → the workload whose containers held at least half of what ran out when the node went, by their metrics.

    `metrics` has the columns METRICS. Sums over groups of containers, which cAdvisor exports as well, are left out.
    """
    found: dict[int, Held] = {}
    for metric in _OF.get(cause, ()):
        rows = metrics[(metrics["metric"] == metric) & metrics["pod"].notna() & metrics["value"].notna()]
        rows = rows[rows["container"].notna() & (rows["container"] != "POD")]
        if rows.empty:
            continue
        table = rows.assign(at=column_ns(rows["timestamp"]), full=rows["namespace"].fillna("") + "/" + rows["pod"])
        for i in episodes:
            draft = drafts[i]
            least = _LEAST_MEMORY * fleet.memory(draft.node) if metric in _MEMORY else _LEAST_IDS
            held = _held(table, draft, homes)
            if i not in found and held:
                name, most = held.most_common(1)[0]
                share = most / held.total()
                if name != _NOBODY and most >= least and share >= _LARGEST:
                    found[i] = Held(name, share)
    return found


def _held(table: pd.DataFrame, draft: Draft, homes: Homes) -> Counter[str]:
    """Workload → what its containers on the node held in their last points before it went."""
    owners = {
        stay.pod.rsplit("/", 1)[0]: stay.workload
        for at in (draft.onset, draft.onset - _FRESH)
        for stay in homes.stays(draft.node, at)
    }
    here = (table["node"] == draft.node) | (table["node"].isna() & table["full"].isin(list(owners)))
    fresh = table[here & (table["at"] <= draft.onset) & (table["at"] >= draft.onset - _FRESH)]
    last = fresh.sort_values("at").drop_duplicates(["full", "container"], keep="last")
    last = last[np.isfinite(last["value"])]
    held: Counter[str] = Counter()
    for full, value in zip(last["full"], last["value"], strict=True):
        held[owners.get(full, _NOBODY)] += int(value)
    return held
