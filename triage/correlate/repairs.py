"""Repairs, from the three places that tell of them, joined by operation.

GKE's own repairs come from operations and from audit entries. What the managed instance group recreates by itself is a
different layer (it acts when the VM died): it is kept apart, and shown beside the repair.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from triage.correlate.audited import audit_entries, dig
from triage.correlate.plain import plain
from triage.correlate.times import MINUTE, column_ns, known
from triage.evidence.evidence import Evidence

_TELLING = r"gke-current-operation|RepairNodePool|AUTO_REPAIR_NODES|recreateInstance"
_TARGET = re.compile(r"/nodePools/(?P<pool>[^/\"\s]+)(?:/nodes?/(?P<node>[^/\"\s]+))?")
_STARTED_AT = re.compile(r"operation-(\d{13})-")
REPAIR_TYPE = "AUTO_REPAIR_NODES"


@dataclass(frozen=True)
class GkeRepair:
    """One GKE repair operation. Times in ns; `nodes` only where something names them, with what named each."""

    operation: str | None
    node_pool: str | None
    start: int
    end: int | None
    seen_by: frozenset[str]
    nodes: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Recreate:
    """The instance group recreated a VM: when, which, and why it says so."""

    node: str
    at: int
    reason: str


@dataclass(frozen=True)
class Annotation:
    """GKE wrote on the Node object what it is about to do."""

    node: str
    at: int
    text: str


def find_repairs(evidence: Evidence) -> tuple[list[GkeRepair], list[Recreate], list[Annotation]]:
    """GKE's repairs (sorted by start), the instance groups' recreations, and annotations for other work (upgrades).

    Reads `evidence.operations` and the audit entries among `evidence.entries` (their JSON). An entry that is no JSON
    object is left out: the reader of files has already counted it.
    """
    repairs = {repair.operation: repair for repair in _from_operations(evidence.operations)}
    annotations: list[Annotation] = []
    recreates: list[Recreate] = []
    calls: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at, entry in audit_entries(evidence.entries, _TELLING):
        method = str(dig(entry, "protoPayload", "methodName") or dig(entry, "jsonPayload", "event_subtype") or "")
        if "recreateInstance" in method:
            recreates.extend(_recreate(at, entry))
        elif "RepairNodePool" in method:
            calls.setdefault(str(dig(entry, "operation", "id") or ""), []).append((at, entry))
        else:
            annotations.extend(_annotation(at, entry))
    calls.pop("", None)
    for operation, entries in sorted(calls.items()):
        repairs[operation] = _from_calls(operation, entries, repairs.get(operation))
    found = _annotated(sorted(repairs.values(), key=_order), [a for a in annotations if REPAIR_TYPE in a.text])
    others = [a for a in annotations if REPAIR_TYPE not in a.text]
    return sorted(found, key=_order), _distinct(recreates), sorted(others, key=lambda a: (a.at, a.node))


def _order(repair: GkeRepair) -> tuple[int, str, str]:
    return repair.start, repair.operation or "", min(repair.nodes, default="")


def _from_operations(operations: pd.DataFrame) -> Iterator[GkeRepair]:
    rows = operations[operations["type"] == REPAIR_TYPE]
    for row, start, end in zip(rows.itertuples(), column_ns(rows["start"]), column_ns(rows["end"]), strict=True):
        begun = known(start) if known(start) is not None else _start_by_name(row.name)
        if begun is None:
            continue
        nodes = {row.node: "the operation's target"} if row.node else {}
        reason = plain(row.error) if row.error else None
        yield GkeRepair(row.name, row.node_pool, begun, known(end), frozenset({"operation"}), nodes, reason)


def _start_by_name(operation: str | None) -> int | None:
    """Operations are called `operation-<epoch milliseconds>-…`: the start, where nothing else tells it."""
    match = _STARTED_AT.match(operation or "")
    return int(match[1]) * 1_000_000 if match else None


def _recreate(at: int, entry: dict[str, Any]) -> Iterator[Recreate]:
    resource = dig(entry, "protoPayload", "resourceName") or dig(entry, "jsonPayload", "resource", "name") or ""
    node = str(resource).rstrip("/").rsplit("/", 1)[-1]
    said = str(dig(entry, "protoPayload", "status", "message") or dig(entry, "jsonPayload", "message") or "")
    if node:
        yield Recreate(node, at, plain(said.split("Reason:", 1)[-1]))


def _distinct(recreates: Iterable[Recreate]) -> list[Recreate]:
    return sorted({(r.at, r.node): r for r in recreates}.values(), key=lambda r: (r.at, r.node))


def _annotation(at: int, entry: dict[str, Any]) -> Iterator[Annotation]:
    node = str(dig(entry, "protoPayload", "resourceName") or "")
    request = json.dumps(dig(entry, "protoPayload", "request"), ensure_ascii=False)
    if node.startswith("core/v1/nodes/") and "gke-current-operation" in request:
        yield Annotation(node.split("/")[3], at, request)


def _from_calls(operation: str, entries: list[tuple[int, dict[str, Any]]], listed: GkeRepair | None) -> GkeRepair:
    """First and last audit entry of one `RepairNodePool` call, joined with the operation where that is listed."""
    firsts = [at for at, entry in entries if dig(entry, "operation", "first")]
    lasts = [(at, entry) for at, entry in entries if dig(entry, "operation", "last")]
    text = json.dumps([entry for _, entry in entries], ensure_ascii=False)
    targets = sorted({(m["pool"], m["node"] or "") for m in _TARGET.finditer(text)})
    failed = [str(dig(entry, "protoPayload", "status", "message") or "") for _, entry in lasts]
    end = lasts[-1][0] if lasts else None
    if listed:
        nodes = dict(listed.nodes) | {node: "the operation's target" for _, node in targets if node}
        return replace(listed, end=listed.end or end, seen_by=listed.seen_by | {"audit"}, nodes=nodes)
    start = firsts[0] if firsts else _start_by_name(operation) or entries[0][0]
    return GkeRepair(
        operation=operation,
        node_pool=targets[0][0] if targets else None,
        start=min(start, end) if end else start,
        end=end,
        seen_by=frozenset({"audit"}),
        nodes={node: "the operation's target" for _, node in targets if node},
        reason=next((plain(words) for words in failed if words), None),
    )


def _annotated(repairs: list[GkeRepair], annotations: list[Annotation]) -> list[GkeRepair]:
    """Give each annotated node to the operation that was running; an annotation of no known operation is a repair."""
    named: dict[int, dict[str, str]] = {}
    alone: dict[str, list[Annotation]] = {}
    for note in sorted(annotations, key=lambda a: (a.at, a.node)):
        fits = [i for i, repair in enumerate(repairs) if _may_be_of(note, repair)]
        by_name = [i for i in fits if (repairs[i].operation or "\0") in note.text]
        free = [i for i in fits if not repairs[i].nodes and not named.get(i)]
        chosen = by_name or sorted(free or fits, key=lambda i: (abs(repairs[i].start - note.at), i))
        if chosen:
            named.setdefault(chosen[0], {})[note.node] = "an audit entry of the node"
        elif not any(note.at - earlier.at < 60 * MINUTE for earlier in alone.get(note.node, [])):
            alone.setdefault(note.node, []).append(note)
    joined = [
        replace(repair, nodes={**named[i], **repair.nodes}, seen_by=repair.seen_by | {"audit"})
        if i in named
        else repair
        for i, repair in enumerate(repairs)
    ]
    return joined + [
        GkeRepair(None, None, a.at, None, frozenset({"audit"}), {a.node: "an audit entry of the node"})
        for notes in alone.values()
        for a in notes
    ]


def _may_be_of(note: Annotation, repair: GkeRepair) -> bool:
    end = repair.end if repair.end is not None else repair.start + 90 * MINUTE
    pool = repair.node_pool
    return repair.start - 3 * MINUTE <= note.at <= end + MINUTE and (pool is None or f"-{pool[:8]}" in note.node)
