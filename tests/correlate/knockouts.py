"""Knock-outs: evidence with a piece taken out or moved, so that what rested on it must go."""

import random
from dataclasses import replace
from typing import Any

import pandas as pd

from triage.evidence.evidence import Evidence

Case = tuple[Evidence, pd.DataFrame, pd.DataFrame]
"""Evidence, occurrences, placements."""


def without_signals(case: Case, *signals: str) -> Case:
    """No line (and no metric) shows these signals."""
    evidence, occurrences, placements = case
    return evidence, occurrences[~occurrences["signal"].isin(signals)].reset_index(drop=True), placements


def with_shuffled_placements(case: Case, seed: int) -> Case:
    """Every pod sits on a node drawn by lot, and no line says whose pod it speaks of."""
    evidence, occurrences, placements = case
    nodes = sorted(placements["node"].dropna().unique())
    rng = random.Random(seed)
    moved = placements.assign(node=[rng.choice(nodes) for _ in range(len(placements))])
    return without_names((evidence, occurrences, moved))


def without_names(case: Case) -> Case:
    """No line says whose pod it speaks of; placements stay."""
    evidence, occurrences, placements = case
    bare = occurrences.copy()
    bare.loc[bare["signal"] != "node-not-ready", ["workload", "kind", "basis", "namespace", "pod", "uid"]] = None
    return evidence, bare, placements


def with_shifted_alerts(case: Case, seed: int) -> Case:
    """Each alert opens at a random time of the window."""
    evidence, occurrences, placements = case
    rng = random.Random(seed)
    start, end = pd.Timestamp(evidence.window.start), pd.Timestamp(evidence.window.end)
    length = (end - start).total_seconds()
    alerts = evidence.alerts
    opened = [start + pd.Timedelta(seconds=rng.random() * length) for _ in range(len(alerts))]
    moved = alerts.assign(opened=pd.Series(opened, index=alerts.index).astype("datetime64[ns, UTC]"), closed=pd.NaT)
    moved["closed"] = pd.to_datetime(moved["closed"], utc=True).astype("datetime64[ns, UTC]")
    return replace(evidence, alerts=moved), occurrences, placements


def with_moved_failures(case: Case, seed: int, *, times: bool = False) -> Case:
    """NotReady, boots, repairs and their annotations happen on other nodes (and at other times); the lines stay.

    Each node's course moves as a whole to another node, by a permutation without a fixed point.
    """
    evidence, occurrences, placements = case
    rng = random.Random(seed)
    nodes = sorted(set(evidence.entries["node"].dropna()) | set(evidence.coverage["node"].dropna()))
    shuffled = nodes[:]
    while any(a == b for a, b in zip(nodes, shuffled, strict=True)):
        rng.shuffle(shuffled)
    names = dict(zip(nodes, shuffled, strict=True))
    shift = pd.Timedelta(hours=rng.uniform(2, 22)) if times else pd.Timedelta(0)
    entries = evidence.entries
    courses = entries["message"].fillna("").str.contains(_COURSE, regex=True)
    notes = (
        entries["entry"].fillna("").str.contains("gke-current-operation|RepairNodePool|recreateInstance", regex=True)
    )
    told = entries[courses | notes].copy()
    told["entry"] = [_renamed(text, names) for text in told["entry"]]
    told["message"] = [_renamed(text, names) for text in told["message"]]
    told["node"] = told["node"].map(names).astype("object").where(told["node"].notna(), None)
    told["timestamp"] = _wrapped(told["timestamp"], shift, evidence)
    operations = evidence.operations.copy()
    operations["node"] = operations["node"].map(names).astype("object").where(operations["node"].notna(), None)
    lengths = operations["end"] - operations["start"]
    operations["start"] = _wrapped(operations["start"], shift, evidence)
    operations["end"] = operations["start"] + lengths
    kept = entries[~(courses | notes)]
    moved = replace(evidence, entries=pd.concat([kept, told], ignore_index=True), operations=operations)
    lines = occurrences[~occurrences["signal"].isin(_TOLD_BY_EVENTS)].reset_index(drop=True)
    return moved, lines, placements


_COURSE = (
    r"status is now: Node(?:Not)?Ready|Node became not ready|Starting kubelet"
    r"|does not exist in the cloud|Removing Node|been rebooted"
)
_TOLD_BY_EVENTS = ("node-not-ready", "node-status-unknown", "node-auto-repair", "node-boot", "kubelet-restart")


def _renamed(text: Any, names: dict[str, str]) -> Any:
    if not isinstance(text, str):
        return text
    for old, new in names.items():
        if old in text:
            return text.replace(old, new)
    return text


def _wrapped(times: pd.Series, shift: pd.Timedelta, evidence: Evidence) -> pd.Series:
    start, end = pd.Timestamp(evidence.window.start), pd.Timestamp(evidence.window.end)
    moved = times + shift
    return moved.where(moved <= end, moved - (end - start))
