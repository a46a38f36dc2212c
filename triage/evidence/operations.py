"""GKE operations, as `gcloud container operations list --format=json` or the REST API prints them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from triage.evidence.fields import first_text, items, mapping, objects, text, time_ns
from triage.evidence.tables import OPERATIONS, frame
from triage.model.place import Cluster, Gap

_TARGET = re.compile(
    r"(?:https?://[^/]+/v[0-9][a-z0-9]*/)?projects/(?P<project>[^/]+)/(?:zones|locations|regions)/(?P<location>[^/]+)"
    r"/clusters/(?P<cluster>[^/]+)(?:/nodePools/(?P<node_pool>[^/]+)(?:/nodes?/(?P<node>[^/]+))?)?/?"
)
# As the proto numbers them: the Python clients print numbers unless told otherwise.
_TYPES = [
    "TYPE_UNSPECIFIED",
    "CREATE_CLUSTER",
    "DELETE_CLUSTER",
    "UPGRADE_MASTER",
    "UPGRADE_NODES",
    "REPAIR_CLUSTER",
    "UPDATE_CLUSTER",
    "CREATE_NODE_POOL",
    "DELETE_NODE_POOL",
    "SET_NODE_POOL_MANAGEMENT",
    "AUTO_REPAIR_NODES",
    "AUTO_UPGRADE_NODES",
    "SET_LABELS",
    "SET_MASTER_AUTH",
    "SET_NODE_POOL_SIZE",
    "SET_NETWORK_POLICY",
    "SET_MAINTENANCE_POLICY",
    "17",  # not defined
    "RESIZE_CLUSTER",
    "FLEET_FEATURE_UPGRADE",
]
_STATUSES = ["STATUS_UNSPECIFIED", "PENDING", "RUNNING", "DONE", "ABORTING"]


@dataclass(frozen=True)
class Target:
    """What an operation acts on, as its target link names it."""

    project: str | None = None
    """The project's number, not its id."""
    location: str | None = None
    cluster: str | None = None
    node_pool: str | None = None
    node: str | None = None


def parse_target(link: Any) -> Target:
    """The parts of a `targetLink`; all None where it is nothing of the kind."""
    match = _TARGET.fullmatch(link) if isinstance(link, str) else None
    return Target(**match.groupdict()) if match else Target()


def parse_operations(documents: Iterable[Any]) -> tuple[pd.DataFrame, tuple[Gap, ...]]:
    """All operations of all clusters in the documents, as `OPERATIONS`, each name once (the latest state wins).

    Takes arrays of operations, `{"operations": [...]}` pages, and arrays of such pages. Gaps say what could not be
    read and which locations did not answer.
    """
    rows: dict[str, dict[str, Any]] = {}
    broken = 0
    silent: set[str] = set()
    for document in documents:
        for page in _pages(document, silent):
            row = _row(page)
            if row is None:
                broken += 1
                continue
            known = rows.get(row["name"])
            rows[row["name"]] = row if known is None else _newer(known, row)
    gaps = []
    if broken:
        reason = f"{broken} records in the operations list are no operations and were skipped"
        gaps.append(Gap(source="operations", reason=reason, remedy="gcloud container operations list --format=json"))
    if silent:
        gaps.append(
            Gap(
                source="operations",
                reason=f"the list is partial: {', '.join(sorted(silent)[:10])} did not answer",
                remedy="gcloud container operations list --format=json",
            )
        )
    ordered = sorted(rows.values(), key=lambda row: (row["start"] or 0, row["name"]))
    return frame(OPERATIONS, ordered), tuple(gaps)


def operations_of(operations: pd.DataFrame, cluster: Cluster) -> tuple[pd.DataFrame, int]:
    """The operations whose target is `cluster`, and how many others there were.

    A location is compared where both sides know one.
    """
    same = operations["cluster"] == cluster.name
    if cluster.location:
        known = operations["location"].notna()
        same &= ~known | operations["location"].map(lambda place: _same_place(place, cluster.location))
    return operations[same].reset_index(drop=True), int((~same).sum())


def _same_place(one: str | None, other: str | None) -> bool:
    # A regional cluster's node work is sometimes reported with one of its zones.
    return one == other or (bool(one) and bool(other) and (f"{one}-" in f"{other}-" or f"{other}-" in f"{one}-"))


def _pages(document: Any, silent: set[str]) -> Iterator[Any]:
    for page in document if isinstance(document, list) else [document]:
        if isinstance(page, dict) and isinstance(page.get("operations"), list):
            yield from page["operations"]
            silent.update(zone for zone in items(page.get("missingZones")) if isinstance(zone, str))
        elif isinstance(page, list):
            yield from page
        elif page != {}:
            yield page


def _row(record: Any) -> dict[str, Any] | None:
    record = mapping(record)
    name, kind = first_text(record, "name"), record.get("operationType", record.get("operation_type"))
    if not name or kind is None:
        return None
    link = first_text(record, "targetLink", "target_link")
    target = parse_target(link)
    return {
        "name": name.rpartition("/")[2],
        "type": _enum(kind, _TYPES),
        "status": _enum(record.get("status"), _STATUSES),
        "cluster": target.cluster,
        "location": target.location or first_text(record, "location", "zone"),
        "node_pool": target.node_pool,
        "node": target.node,
        "start": time_ns(record.get("startTime", record.get("start_time"))),
        "end": time_ns(record.get("endTime", record.get("end_time"))),
        "error": _error(record),
        "target": link,
    }


def _enum(value: Any, names: list[str]) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    return text(value, 100)


def _error(record: Mapping[str, Any]) -> str | None:
    # DONE covers failure too: only these fields tell.
    told = first_text(mapping(record.get("error")), "message") or first_text(record, "statusMessage")
    conditions = objects(record.get("clusterConditions")) + objects(record.get("nodepoolConditions"))
    return told or next((found for c in conditions if (found := first_text(c, "message"))), None)


def _newer(known: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    newest, older = (row, known) if row["end"] or not known["end"] else (known, row)
    return {key: value if value is not None else older[key] for key, value in newest.items()}
