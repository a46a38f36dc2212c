"""How much a pod held that was evicted or killed: who is chosen when a node runs out need not be who used it up.

The kubelet evicts one pod after the other, the kernel takes BestEffort pods first; only what was large is a culprit.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

# kubelet, pkg/kubelet/eviction/helpers.go: evictionMessage; the threshold's quantity is told since Kubernetes 1.24.
_SHORT_OF = re.compile(r"low on resource: ([a-z-]+)")
_QUANTITY = r"(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?\b"
_THRESHOLD = re.compile(rf"Threshold quantity: {_QUANTITY}")
_USING = re.compile(rf"Container \S+ was using {_QUANTITY}")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_LEAST = {"memory": 2**28, "ephemeral-storage": 2**30}
"""Bytes below which no node runs short for one pod's sake, whatever it reserves."""
_MUCH = 0.5
"""Of pods that are evicted in a row, one that used this part of what the largest used may be the one."""

# kernel, mm/oom_kill.c: dump_oom_summary, __oom_kill_process
_KILLED = re.compile(r"Killed process (\d+)(.{0,400})", re.DOTALL)
_RSS = re.compile(r"(?:anon|file|shmem)-rss:(\d+)kB")
_CHOSEN = re.compile(
    r"(?:global_oom\b|oom_memcg=/kubepods(?:\.slice)?(?:/(?:kubepods-)?(?:burstable|besteffort)(?:\.slice)?)?,)"
    r".{0,600}\bpid=(\d+)",
    re.DOTALL,
)
"""Whom the kernel chose among all pods of the node (or of a class), and not within the limit of one."""
_LARGE = 0.25
"""Of the node's memory: who holds less is a victim rather than the reason. The kernel kills whoever has the highest
`oom_score_adj` first, which the kubelet sets by what a pod requests: a pod without requests goes first at any size."""
_UNKNOWN_NODE = 2**30
"""What is large on a node of which nothing tells the memory."""
_AT_ONCE = 60 * 10**9
"""Kills within this time (ns) free what was held at once; later ones what had grown again."""


def large_evictions(rows: pd.DataFrame, memory: float | None) -> pd.DataFrame:
    """Without the evictions of pods that used little: less than the node was short of, or than half of the largest.

    Takes and returns one episode's occurrences (`message`, `workload`, `pod`); what tells no use stays. Of memory the
    pods of a workload count together, and must have used a large part of the node's: pressure evicts whoever stands
    there. `memory` is the node's in bytes, None where it is unknown.
    """
    if not rows["message"].str.contains("was using", regex=False, na=False).any():
        return rows
    used = rows["message"].map(_usage).astype(float)
    least = rows["message"].map(_least).astype(float)
    of_memory = rows["message"].str.contains("low on resource: memory", regex=False, na=False)
    pods = rows.assign(used=used)[of_memory & used.notna()].sort_values("used").drop_duplicates("pod", keep="last")
    together = rows["workload"].map(pods.groupby("workload")["used"].sum()).astype(float)
    used = used.where(~of_memory, together.fillna(used))
    least = least.where(~of_memory, np.maximum(least, _UNKNOWN_NODE if memory is None else _LARGE * memory))
    return rows[used.isna() | ((used >= least) & (used >= _MUCH * used.max()))]


def _usage(message: str | None) -> float:
    """What the largest container of an evicted pod used, in bytes; NaN where nothing is told."""
    return max((_bytes(number, unit) for number, unit in _USING.findall(message or "")), default=np.nan)


def _least(message: str | None) -> float:
    """What a pod must have used to be why its node was short: as much as the kubelet keeps free, where it says so."""
    short, told = _SHORT_OF.search(message or ""), _THRESHOLD.search(message or "")
    least = _LEAST.get(short[1], 0) if short else 0
    return max(least, _bytes(told[1], told[2])) if told else least


def _bytes(number: str, unit: str | None) -> float:
    return float(number) * _UNITS[unit or ""]


def large_kills(named: pd.DataFrame, told: pd.DataFrame, memory: float) -> pd.DataFrame:
    """Without the kills, for want of memory on the whole node, of workloads that held little of it.

    `named` are one episode's occurrences that speak of a workload, `told` all that may tell what a process held
    (`message`): which process was chosen stands in one line, what it held in the next. `memory` is the node's, in
    bytes. A workload of which no line says what it held stays.
    """
    pids = named["message"].fillna("").str.extract(_CHOSEN)[0]
    if pids.isna().all():
        return named
    held: Mapping[str, int] = {
        pid: sum(map(int, _RSS.findall(rest)))
        for pid, rest in told["message"].dropna().str.extract(_KILLED).dropna().values
    }
    kills = pd.DataFrame({"workload": named["workload"], "at": named["at"], "pid": pids, "kb": pids.map(held)})
    kills = kills.dropna(subset=["kb"]).drop_duplicates(["workload", "pid"])
    most = {
        str(workload): max(own["kb"][own["at"].between(at, at + _AT_ONCE)].sum() for at in own["at"])
        for workload, own in kills.groupby("workload")
    }
    return named[pids.isna() | (named["workload"].map(most).fillna(np.inf) * 1024 >= _LARGE * memory)]
