"""Who complains: what pods say of themselves while a resource runs out, which names victims as readily as culprits."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from triage.correlate.episodes import Draft, Scene
from triage.correlate.figures import share
from triage.correlate.homes import Homes
from triage.correlate.traces import ZOMBIES
from triage.model.incident import Suspect

# Kubelet (pkg/kubelet/kuberuntime, pkg/kubelet/pod_workers.go), its events, containerd and docker on a pod that cannot
# start: it runs nothing yet, and whoever it is was only scheduled there last.
_NOT_STARTED = re.compile(
    r"(?i)\b(?:Create|Run)PodSandbox|error syncing pod|\b(?:Start|Create|Run)Container(?:Error)?\b|MountVolume\.|"
    r"failed to (?:create|start|run|set ?up) (?:the )?(?:pod )?(?:sandbox|container|containerd|shim)|"
    r"unable to (?:attach or )?mount volumes|handler for POST \S*/containers/(?:create|\S+/start)"
)
_DOMINANT = 0.5
_MOST = 0.8


def find_loudest(
    scene: Scene, rows: Mapping[int, pd.DataFrame], drafts: Sequence[Draft], cause: str, homes: Homes
) -> tuple[Suspect, tuple[int, ...]] | None:
    """The workload whose own complaints come first or make up most of them, and the episodes that have any; or None.

    Needs two such episodes and most of all episodes; never a DaemonSet; and its pods on healthy nodes must be quiet.
    Who forks most complains most, culprit or not, so this names somebody to look at; the placements have to agree.
    """
    own = {i: r[[_complains(row) for row in r.itertuples()]] for i, r in rows.items()}
    with_any = {i: r for i, r in own.items() if len(r)}
    if len(with_any) < 2 or len(with_any) < _MOST * len(rows):
        return None
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
        return None
    name = qualified[0]
    suspect = Suspect(
        name=name,
        basis="direct",
        score=round(len(with_any) / len(rows), 4),
        kind=homes.kinds.get(name),
        reason=f"Its complaints come first, or are most of them, in {share(len(with_any), len(rows), 'episode')}.",
        episodes=len(with_any),
        complains=True,
    )
    return suspect, tuple(with_any)


def _complains(row: Any) -> bool:
    """Whether a line tells that a workload fares badly. Who prints a list of processes, or never started, does not."""
    return row.signal != ZOMBIES and (row.stream == "container" or not _NOT_STARTED.search(row.message or ""))
