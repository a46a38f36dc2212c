"""Which workload ran on which node, and when: placements as spans of pods' lives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from triage.correlate.times import DAY, HOUR, MINUTE, column_ns

QUIET = 30 * MINUTE
"""A pod is taken to live this long after its last sign,"""
DYING = 4 * HOUR
"""and up to its node's replacement where that follows within this time: pods say little on a node that is dying."""


@dataclass(frozen=True)
class Stay:
    """One pod on one node, from its first sign to its presumed end (ns)."""

    workload: str
    kind: str | None
    pod: str
    first: int
    last: int


class Homes:
    """Every stay, by node.

    A pod that is only known from its birth (a Scheduled event, an audit entry) is taken to stay until its node is next
    replaced: a pod keeps its node for life.
    """

    def __init__(self, placements: pd.DataFrame, renewals: Mapping[str, Iterable[int]], end: int) -> None:
        rows = placements[placements["node"].notna() & placements["workload"].map(is_workload).astype(bool)]
        table = pd.DataFrame(
            {
                "node": rows["node"].to_numpy(),
                "workload": rows["workload"].to_numpy(),
                "pod": (rows["namespace"].fillna("") + "/" + rows["pod"].fillna("") + "/" + rows["uid"].fillna("")),
                "kind": rows["kind"].where(rows["kind"].notna(), "").to_numpy(),
                "first": column_ns(rows["first"]),
                "last": column_ns(rows["last"]),
            }
        )
        grouped = table.groupby(["node", "workload", "pod"], sort=True)
        merged = grouped.agg(kind=("kind", "max"), first=("first", "min"), last=("last", "max")).reset_index()
        self._by_node: dict[str, list[Stay]] = {}
        self.kinds: dict[str, str | None] = {}
        for row in merged.itertuples():
            until = self._until(row.node, int(row.first), int(row.last), renewals, end)
            kind = row.kind or None
            self._by_node.setdefault(row.node, []).append(Stay(row.workload, kind, row.pod, int(row.first), until))
            if kind or row.workload not in self.kinds:
                self.kinds[row.workload] = kind
        self.workloads = tuple(sorted(self.kinds))

    def on(self, node: str, at: int) -> dict[str, list[str]]:
        """The workloads on a node at a time, each with its pods."""
        found: dict[str, list[str]] = {}
        for stay in self.stays(node, at):
            found.setdefault(stay.workload, []).append(stay.pod)
        return found

    def stays(self, node: str, at: int) -> list[Stay]:
        """The pods on a node at a time."""
        return [stay for stay in self._by_node.get(node, ()) if stay.first <= at <= stay.last]

    def carried(self, node: str, service: str | None, workload: str | None, start: int, end: int) -> bool:
        """Whether the node carried a pod of that service or workload in the span."""
        return any(
            (stay.workload == workload or matches(service, stay.workload)) and stay.first <= end and stay.last >= start
            for stay in self._by_node.get(node, ())
        )

    def share(self, node: str, service: str | None, at: int) -> float:
        """Which share of a service's pods was on the node at that time."""
        here = total = 0
        for each, stays in self._by_node.items():
            count = sum(1 for s in stays if s.first <= at <= s.last and matches(service, s.workload))
            total += count
            here += count if each == node else 0
        return here / total if total else 0.0

    @staticmethod
    def _until(node: str, first: int, last: int, renewals: Mapping[str, Iterable[int]], end: int) -> int:
        renewed = min((at for at in renewals.get(node, ()) if at > last), default=None)
        if last > first:
            return renewed if renewed is not None and renewed - last <= DYING else last + QUIET
        return min(end if renewed is None else renewed, first + 7 * DAY)


def is_workload(name: object) -> bool:
    """Whether it is a workload's full name, `namespace/name`."""
    return isinstance(name, str) and name.count("/") == 1 and not name.startswith("/") and not name.endswith("/")


def matches(service: str | None, workload: str) -> bool:
    """Whether an alert's service (`cart`, `shop/cart`, `cart.shop.svc`, `shop-cart`) is that workload."""
    if not service:
        return False
    namespace, _, name = workload.lower().partition("/")
    said = service.lower()
    return said in (name, f"{namespace}/{name}", f"{namespace}-{name}") or said.startswith(f"{name}.{namespace}")
