"""Pods at a limit of their own: they are refused forks all day, and that says nothing of the node they are on."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from triage.correlate.episodes import Draft, Scene
from triage.correlate.times import HOUR
from triage.correlate.traces import PIDS
from triage.correlate.windows import lookback

_REFUSED = "fork rejected by pids controller in "


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
    names = _capped(scene, drafts, lead_ups) if lead_ups else set()
    if not names:
        return occurrences
    refused = occurrences["message"].str.contains(_REFUSED, regex=False, na=False)
    return occurrences[~(refused & (occurrences["signal"] == PIDS) & occurrences["workload"].isin(sorted(names)))]
