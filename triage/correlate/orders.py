"""What was ordered for node pools (upgrades, deletions, other sizes), as operations or audit entries tell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from triage.correlate.audited import audit_entries, dig
from triage.correlate.pools import Fleet
from triage.correlate.readiness import Course
from triage.correlate.times import DAY, HOUR, MINUTE, column_ns, known, moment
from triage.evidence.evidence import Evidence
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import frame

UPGRADES = ("UPGRADE_NODES", "AUTO_UPGRADE_NODES")
"""Operations that replace a pool's nodes."""
REMOVALS = {
    "DELETE_NODE_POOL": "somebody deleted the node pool",
    "SET_NODE_POOL_SIZE": "somebody made the node pool smaller",
}
"""Operations by which somebody takes nodes away, and what that is as a clause."""
REMOVED = "vm-deleted-by-user"
_CALLS = {"DeleteNodePool": "DELETE_NODE_POOL", "SetNodePoolSize": "SET_NODE_POOL_SIZE"}
"""Calls that are one kind of operation each; what `UpdateNodePool` brings about stands in the entry."""
_METHOD = re.compile(r"ClusterManager(?:Internal)?\.(?P<call>\w+)$")
_POOL = re.compile(r"/nodePools/(?P<pool>[^/\"\s]+)")
_TELLING = "|".join((*UPGRADES, *REMOVALS, *_CALLS))
_AFTER = 5 * MINUTE
_BEFORE = MINUTE
_LONGEST = {**dict.fromkeys(UPGRADES, DAY), **dict.fromkeys(REMOVALS, HOUR)}
"""How long an operation is taken to run where nothing tells its end."""


@dataclass(frozen=True)
class Order:
    """One operation on a node pool. Times in ns; `end` is None where nothing tells it."""

    operation: str
    type: str
    node_pool: str
    start: int
    end: int | None
    seen_by: str
    """`operation` (the list), else `audit`."""

    @property
    def until(self) -> int:
        """When it is taken to be over."""
        return self.end if self.end is not None else self.start + _LONGEST[self.type]

    def covers(self, at: int) -> bool:
        """Whether it was running then."""
        return self.start - _BEFORE <= at <= self.until + _AFTER


def find_orders(evidence: Evidence) -> list[Order]:
    """The operations on node pools that take nodes away or replace them, sorted by start.

    From `evidence.operations`, which keeps few days; and from the first and last audit entry of each operation that is
    not listed. One that an entry calls failed is left out.
    """
    listed = list(_listed(evidence.operations))
    names = {order.operation for order in listed}
    told = [order for order in _told(evidence.entries) if order.operation not in names]
    return sorted([*listed, *told], key=lambda order: (order.start, order.operation))


def _listed(operations: pd.DataFrame) -> Iterator[Order]:
    rows = operations[operations["type"].isin((*UPGRADES, *REMOVALS)) & operations["node_pool"].notna()]
    for row, start, end in zip(rows.itertuples(), column_ns(rows["start"]), column_ns(rows["end"]), strict=True):
        begun = known(start)
        if begun is not None:
            yield Order(str(row.name), str(row.type), str(row.node_pool), begun, known(end), "operation")


def _told(entries: pd.DataFrame) -> Iterator[Order]:
    calls: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at, entry in audit_entries(entries, _TELLING):
        operation = dig(entry, "operation", "id") or dig(entry, "protoPayload", "response", "name")
        if isinstance(operation, str) and _METHOD.search(str(dig(entry, "protoPayload", "methodName"))):
            calls.setdefault(operation, []).append((at, entry))
    for operation, found in sorted(calls.items()):
        kind = next(filter(None, (_kind(entry) for _, entry in found)), None)
        pool = next(filter(None, (_pool(entry) for _, entry in found)), None)
        lasts = [at for at, entry in found if dig(entry, "operation", "last")]
        failed = any(dig(entry, "protoPayload", "status", "code") for _, entry in found[-1:])
        if kind and pool and not failed:
            yield Order(operation, kind, pool, found[0][0], lasts[-1] if lasts else None, "audit")


def _kind(entry: Mapping[str, Any]) -> str | None:
    said = [dig(entry, "protoPayload", place, "operationType") for place in ("metadata", "response")]
    method = _METHOD.search(str(dig(entry, "protoPayload", "methodName")))
    said.append(_CALLS.get(method["call"]) if method else None)
    return next((kind for kind in said if kind in UPGRADES or kind in REMOVALS), None)


def _pool(entry: Mapping[str, Any]) -> str | None:
    target = dig(entry, "protoPayload", "response", "targetLink")
    match = _POOL.search(str(dig(entry, "protoPayload", "resourceName"))) or _POOL.search(str(target))
    label = dig(entry, "resource", "labels", "nodepool_name")
    return match["pool"] if match else str(label) if label else None


def with_removals(
    occurrences: pd.DataFrame, orders: Sequence[Order], courses: Mapping[str, Course], fleet: Fleet
) -> pd.DataFrame:
    """The occurrences with one more for each node that went while its pool was deleted or made smaller.

    The order itself names the pool alone. A node counts that was removed meanwhile and never came back, and in a pool
    that was deleted one that stayed NotReady.
    """
    added = [
        _occurrence(order, node)
        for order in orders
        if order.type in REMOVALS
        for node in fleet.in_pool(order.node_pool)
        if _went(courses.get(node, Course()), order)
    ]
    if not added:
        return occurrences
    new = frame(OCCURRENCES, added)
    both = pd.concat([occurrences, new], ignore_index=True) if len(occurrences) else new
    return both.sort_values(["timestamp", "signal", "node"], ignore_index=True, kind="stable")


def _went(course: Course, order: Order) -> bool:
    back = max(course.booted, default=0)
    gone = [at for at in course.removed if at > back]
    if order.type == "DELETE_NODE_POOL":
        gone += [down.since for down in course.downs if down.until is None]
    return any(order.covers(at) for at in gone)


def _occurrence(order: Order, node: str) -> dict[str, Any]:
    ended = f"to {moment(order.end):%FT%TZ}" if order.end is not None else "with no end in the evidence"
    return {
        "signal": REMOVED,
        "alternative": "node-pool",
        "variant": "node-pool",
        "mechanism": True,
        "timestamp": moment(order.start),
        "until": moment(order.start),
        "node": node,
        "stream": order.seen_by,
        "extracted": {},
        "message": f"{order.operation}: {order.type} of {order.node_pool}, from {moment(order.start):%FT%TZ} {ended}",
        "clears": False,
    }
