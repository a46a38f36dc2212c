"""The suspect by direct evidence: lines and metrics that name whose pod drives the cause.

Who complains is seldom who caused it: on a node without process IDs every pod complains. So a line counts as direct
only where its wording names the culprit (the cgroup that was refused, the task that was killed, the pod that was
evicted for its use, a workload's own metric, a process listing with its pod). A mere complaint counts only where one
workload's complaints dominate every episode and are absent elsewhere.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from triage.correlate.complaints import find_loudest
from triage.correlate.episodes import Draft, Scene
from triage.correlate.figures import share
from triage.correlate.holders import Held
from triage.correlate.homes import Homes, is_workload
from triage.correlate.sizes import large_evictions, large_kills
from triage.correlate.times import MINUTE
from triage.correlate.traces import PIDS, ZOMBIES
from triage.correlate.windows import lookback
from triage.model.incident import Suspect

NOT_BY_A_WORKLOAD = frozenset(
    {
        "autoscaler-scale-down",
        "certificate-failure",
        "clock-skew",
        "control-plane-change",
        "disk-io-error",
        "filesystem-readonly",
        "gpu-xid",
        "guest-shutdown",
        "host-error",
        "konnectivity-down",
        "network-unavailable",
        "node-upgrade-drain",
        "preemption",
        "scale-up-blocked",
        "storage-unreachable",
        "vm-deleted-by-user",
    }
)
"""Causes that no workload brings about: pods named beside them are victims."""
_CULPRIT = re.compile(
    r"pids controller in "  # kernel, kernel/cgroup/pids.c: the group whose limit was hit
    r"|task_memcg=|Task in /\S+ killed as a result"  # kernel, mm/oom_kill.c, mm/memcontrol.c: the task that was chosen
    r"|Container \S+ was using \S+, (?:request is|which exceeds)"  # kubelet, pkg/kubelet/eviction: evicted for its use
)
_KIN = {
    ZOMBIES: (PIDS,),
    PIDS: (ZOMBIES,),
    "memory-pressure": ("system-oom",),
    "system-oom": ("memory-pressure",),
    "disk-pressure": ("ephemeral-storage-eviction",),
    "inode-exhaustion": ("ephemeral-storage-eviction", "disk-pressure"),
}
"""Signals that name the culprit of another one."""
_NAMING = frozenset({"cgroup", "pod-uid", "container-id"})
ONE_TALE = MINUTE
_DOMINANT = 0.5
_MOST = 0.8


@dataclass(frozen=True)
class Named:
    """What direct evidence says about one cause.

    `by_episode` is the workload that each episode's lines single out, where they do. `strong` tells whether wording
    names the culprit (or complaints merely dominate).
    """

    suspects: tuple[Suspect, ...]
    by_episode: dict[int, str]
    chosen: str | None
    strong: bool
    measured: bool = False
    """Whether metrics of its containers tell that it held most, and not lines alone."""


NOBODY = Named((), {}, None, strong=False)


def by_a_workload(cause: str) -> bool:
    """Whether a workload can bring this cause about at all; else whoever ran there is innocent."""
    return cause not in NOT_BY_A_WORKLOAD


def name_directly(
    scene: Scene,
    drafts: Sequence[Draft],
    cause: str,
    episodes: Sequence[int],
    *,
    homes: Homes,
    held: Mapping[int, Held] | None = None,
) -> Named:
    """The workloads that direct evidence names for these episodes of one cause, best first.

    `held` tells by episode who held most of what ran out, where metrics of containers do: that is worth more than
    lines, which name whoever asked for more when nothing was left.
    """
    if not by_a_workload(cause) or not episodes:
        return NOBODY
    rows = {i: _rows(scene, drafts, i, cause) for i in episodes}
    strong = {i: _culprits(r) for i, r in rows.items()}
    held = held or {}
    strong |= {i: Counter({by.workload: 1}) for i, by in held.items()}
    if any(strong.values()):
        return _measured(_from_strong(strong, episodes, drafts, homes), held, len(episodes))
    loudest = find_loudest(scene, rows, drafts, cause, homes)
    if loudest is None:
        return NOBODY
    suspect, complained = loudest
    return Named((suspect,), dict.fromkeys(complained, suspect.name), suspect.name, strong=False)


def _rows(scene: Scene, drafts: Sequence[Draft], index: int, cause: str) -> pd.DataFrame:
    """The occurrences of the cause (and its kin) on the episode's node that speak of a workload."""
    draft = drafts[index]
    end = draft.end if draft.end is not None else scene.end
    until = max(draft.onset, min(end, draft.onset + 10 * MINUTE)) if draft.known_node else draft.onset

    def told(signal: str) -> pd.DataFrame:
        low, _ = lookback(scene, drafts, index, scene.graph.reach(signal))
        return scene.seen.within(signal, draft.node, low, until)

    rows = pd.concat([told(signal) for signal in (cause, *_KIN.get(cause, ()))])
    named = rows[rows["workload"].map(is_workload).astype(bool)].sort_values(["at", "order"], kind="stable")
    # What a process held when all pods together had come to their limit stands in a line as of one pod's own limit.
    kept = large_kills(named, pd.concat([rows, told("container-oom")]), scene.fleet.memory(draft.node))
    return large_evictions(kept, scene.fleet.known_memory(draft.node))


def _culprits(rows: pd.DataFrame) -> Counter[str]:
    """How often each workload is named: a pod once a minute, for one refusal is logged by several streams."""
    if rows.empty:
        return Counter()
    named = rows[rows.apply(_names_culprit, axis=1)]
    named = named.assign(told=named["at"] // ONE_TALE).drop_duplicates(["workload", "namespace", "pod", "told"])
    return Counter(named["workload"])


def _names_culprit(row: pd.Series) -> bool:
    if row["stream"] == "metric":
        return bool(row["pod"])
    if row["signal"] == ZOMBIES:
        return row["basis"] in _NAMING
    return bool(_CULPRIT.search(row["message"] or ""))


def _from_strong(
    strong: Mapping[int, Counter[str]], episodes: Sequence[int], drafts: Sequence[Draft], homes: Homes
) -> Named:
    """Who is singled out, over all episodes: the kernel also names pods whose forks failed for others' sake."""
    tops = {i: _top(counts) for i, counts in strong.items() if counts}
    present = Counter(name for counts in strong.values() for name in counts)
    tally = Counter(name for names in tops.values() for name in names)
    alone = Counter(names[0] for names in tops.values() if len(names) == 1)
    best = max(tally.values())
    leader = min(tally, key=lambda name: (-alone[name], -tally[name], -present[name], name))
    chosen = leader if _stands_out(leader, len(tops), alone, present) else None
    if chosen and tally[chosen] <= _DOMINANT * len(episodes):
        rest = [drafts[i] for i in episodes if i not in tops]
        enough = tally[chosen] >= min(2, _DOMINANT * len(episodes))
        chosen = chosen if enough and _ran_on(chosen, rest, homes) else None
    suspects = tuple(
        Suspect(
            name=name,
            basis="direct",
            score=round(n / len(episodes), 4),
            kind=homes.kinds.get(name),
            reason=f"Lines that name the culprit name it in {share(n, len(episodes), 'episode')}.",
            episodes=n,
            tied=chosen is None,
        )
        for name, n in sorted(tally.items(), key=lambda item: (-item[1], item[0]))
        if (name == chosen if chosen else n >= _MOST * best)
    )
    by_episode = {i: names[0] for i, names in sorted(tops.items()) if len(names) == 1}
    if chosen:
        by_episode |= {i: chosen for i, names in tops.items() if chosen in names}
    return Named(suspects[:8], by_episode, chosen, strong=True)


def _measured(named: Named, held: Mapping[int, Held], total: int) -> Named:
    """The same with the words that its metrics deserve, where these tell who held most."""
    shares = [by.share for by in held.values() if by.workload == named.chosen]
    if not shares:
        return named
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    much = low if low == high else f"{low} to {high}"
    reason = (
        f"Metrics of its containers show {much} of what all containers on the node held when it went, in "
        f"{share(len(shares), total, 'episode')}."
    )
    suspects = tuple(s.model_copy(update={"reason": reason}) if s.name == named.chosen else s for s in named.suspects)
    return replace(named, suspects=suspects, measured=True)


def _ran_on(name: str, rest: Sequence[Draft], homes: Homes) -> bool:
    """Whether a workload that few episodes name also ran on the nodes of nearly all the others, which name nobody."""
    return sum(1 for draft in rest if name in homes.on(draft.node, draft.onset - 1)) >= _MOST * len(rest)


def _stands_out(leader: str, episodes: int, alone: Counter[str], present: Counter[str]) -> bool:
    """Named alone in at least half of the episodes and others hardly ever; or named in all, and nobody else in most."""
    others_alone = sum(n for name, n in alone.items() if name != leader)
    if 2 * alone[leader] >= episodes and 4 * others_alone <= alone[leader]:
        return True
    next_best = max((n for name, n in present.items() if name != leader), default=0)
    return episodes >= 3 and present[leader] >= 0.9 * episodes and next_best <= 0.6 * episodes


def _top(counts: Counter[str]) -> list[str]:
    """The workload that an episode's lines name most; several where none has twice as many as the next."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    most = ordered[0][1]
    return [name for name, n in ordered if 2 * n > most]
