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
from typing import Any

import pandas as pd

from triage.correlate.episodes import Draft, Scene
from triage.correlate.explain import PIDS, ZOMBIES
from triage.correlate.holders import Held
from triage.correlate.homes import Homes, is_workload
from triage.correlate.sizes import large_evictions, large_kills
from triage.correlate.times import HOUR, MINUTE
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
_REFUSED = "fork rejected by pids controller in "
_CULPRIT = re.compile(
    r"pids controller in "  # kernel, kernel/cgroup/pids.c: the group whose limit was hit
    r"|task_memcg=|Task in /\S+ killed as a result"  # kernel, mm/oom_kill.c, mm/memcontrol.c: the task that was chosen
    r"|Container \S+ was using \S+, (?:request is|which exceeds)"  # kubelet, pkg/kubelet/eviction: evicted for its use
)
# Kubelet (pkg/kubelet/kuberuntime, pkg/kubelet/pod_workers.go), its events, containerd and docker on a pod that cannot
# start: it runs nothing yet, and whoever it is was only scheduled there last.
_NOT_STARTED = re.compile(
    r"(?i)\b(?:Create|Run)PodSandbox|error syncing pod|\b(?:Start|Create|Run)Container(?:Error)?\b|MountVolume\.|"
    r"failed to (?:create|start|run|set ?up) (?:the )?(?:pod )?(?:sandbox|container|containerd|shim)|"
    r"unable to (?:attach or )?mount volumes|handler for POST \S*/containers/(?:create|\S+/start)"
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
    capped = _capped(scene, drafts, rows)
    strong = {i: Counter({n: c for n, c in _culprits(r).items() if n not in capped}) for i, r in rows.items()}
    held = held or {}
    strong |= {i: Counter({by.workload: 1}) for i, by in held.items()}
    if any(strong.values()):
        return _measured(_from_strong(strong, episodes, drafts, homes), held, len(episodes))
    return _from_complaints(scene, rows, drafts, cause, homes)


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
    return large_evictions(large_kills(named, pd.concat([rows, told("container-oom")]), scene.fleet.memory(draft.node)))


def _culprits(rows: pd.DataFrame) -> Counter[str]:
    """How often each workload is named: a pod once a minute, for one refusal is logged by several streams."""
    if rows.empty:
        return Counter()
    named = rows[rows.apply(_names_culprit, axis=1)]
    named = named.assign(told=named["at"] // ONE_TALE).drop_duplicates(["workload", "namespace", "pod", "told"])
    return Counter(named["workload"])


def _capped(scene: Scene, drafts: Sequence[Draft], rows: Mapping[int, pd.DataFrame]) -> set[str]:
    """The workloads that are refused forks more often while nothing goes bad: pods at a limit of their own.

    Their limit keeps them from taking the node's ids, so a refusal before a failure says nothing either.
    """
    said = scene.seen.rows[scene.seen.rows["signal"] == PIDS]
    said = said[said["message"].str.contains(_REFUSED, regex=False, na=False) & said["workload"].notna()]
    if said.empty:
        return set()
    moments = said.drop_duplicates(["workload", "where", "at"])[["workload", "where", "at"]]
    inside = pd.concat(list(rows.values()))[["workload", "where", "at"]].drop_duplicates()
    failing = pd.Series(False, index=moments.index)
    for draft in drafts:
        until = draft.end if draft.end is not None else scene.end
        failing |= (moments["where"] == draft.node) & moments["at"].between(draft.start - HOUR, until)
    outside = Counter(moments["workload"][~failing])
    before = Counter(inside["workload"])
    return {name for name, times in outside.items() if times > before[name]}


def without_capped(scene: Scene, drafts: Sequence[Draft], occurrences: pd.DataFrame) -> pd.DataFrame:
    """The occurrences without refusals in pods that are at a limit of their own all day: they say nothing of nodes.

    A node's own want of process ids would else seem as frequent on healthy nodes as such pods are.
    """
    lead_ups = {}
    for i, draft in enumerate(drafts):
        low, high = lookback(scene, drafts, i, scene.graph.reach(PIDS))
        lead_ups[i] = scene.seen.within(PIDS, draft.node, low, high)
    capped = _capped(scene, drafts, lead_ups) if lead_ups else set()
    if not capped:
        return occurrences
    refused = occurrences["message"].str.contains(_REFUSED, regex=False, na=False)
    return occurrences[~(refused & (occurrences["signal"] == PIDS) & occurrences["workload"].isin(sorted(capped)))]


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
    if chosen and tally[chosen] < _DOMINANT * len(episodes):
        rest = [drafts[i] for i in episodes if i not in tops]
        chosen = chosen if tally[chosen] >= 2 and _ran_on(chosen, rest, homes) else None
    suspects = tuple(
        Suspect(
            name=name,
            basis="direct",
            score=round(n / len(episodes), 4),
            kind=homes.kinds.get(name),
            reason=f"Lines that name the culprit name it in {n} of {len(episodes)} episodes.",
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
        f"Metrics of its containers show {much} of what all containers on the node held, in {len(shares)} of {total} "
        "episodes, when it went."
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


def _complains(row: Any) -> bool:
    """Whether a line tells that a workload fares badly. Who prints a list of processes, or never started, does not."""
    return row.signal != ZOMBIES and (row.stream == "container" or not _NOT_STARTED.search(row.message or ""))


def _from_complaints(
    scene: Scene, rows: Mapping[int, pd.DataFrame], drafts: Sequence[Draft], cause: str, homes: Homes
) -> Named:
    """One workload whose own complaints come first or make up most of them, in every episode that has any.

    Needs two such episodes and most of all episodes; never a DaemonSet; and its pods on healthy nodes must be quiet.
    Who forks most complains most, culprit or not, so this names somebody to look at; the placements have to agree.
    """
    own = {i: r[[_complains(row) for row in r.itertuples()]] for i, r in rows.items()}
    with_any = {i: r for i, r in own.items() if len(r)}
    if len(with_any) < 2 or len(with_any) < _MOST * len(rows):
        return NOBODY
    common = set.intersection(*(set(r["workload"]) for r in with_any.values()))
    failing = {drafts[i].node for i in rows}
    qualified = []
    for name in sorted(common):
        leads = [
            i
            for i, r in with_any.items()
            if r["workload"].iloc[0] == name or (r["workload"] == name).mean() > _DOMINANT
        ]
        others = [
            i
            for i, r in with_any.items()
            if any((r["workload"] == o).mean() > 0.3 for o in set(r["workload"]) - {name})
        ]
        if len(leads) < len(with_any) or 2 * len(others) > len(with_any) or homes.kinds.get(name) == "DaemonSet":
            continue
        elsewhere = scene.seen.rows[(scene.seen.rows["signal"] == cause) & (scene.seen.rows["workload"] == name)]
        if (~elsewhere["where"].isin(failing)).mean() <= 0.1:
            qualified.append(name)
    if len(qualified) != 1:
        return NOBODY
    name = qualified[0]
    suspect = Suspect(
        name=name,
        basis="direct",
        score=round(len(with_any) / len(rows), 4),
        kind=homes.kinds.get(name),
        reason=f"Its complaints come first, or are most of them, in {len(with_any)} of {len(rows)} episodes.",
        episodes=len(with_any),
        complains=True,
    )
    return Named((suspect,), dict.fromkeys(with_any, name), name, strong=False)
