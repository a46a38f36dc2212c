"""What somebody changed in the day before the first episode: context, never a cause by itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

from triage.correlate.plain import plain
from triage.correlate.times import DAY, column_ns, known, moment
from triage.evidence.evidence import Evidence
from triage.model.incident import Change
from triage.model.links import log_entry_url

MOST = 30
_AUDIT = "cloudaudit.googleapis.com/activity"
# Kubernetes audit names are io.k8s.GROUP.VERSION.RESOURCE[.SUBRESOURCE].VERB; GKE's end in the name of the call.
_KUBERNETES = re.compile(
    r"^io\.k8s\.(?:[\w.-]+)\.(?P<resource>deployments|statefulsets|daemonsets|cronjobs|configmaps|"
    r"horizontalpodautoscalers|poddisruptionbudgets|mutatingwebhookconfigurations|validatingwebhookconfigurations|networkpolicies)"
    r"\.(?P<verb>create|update|patch|delete)$"
)
_GKE = re.compile(
    r"(?:ClusterManager(?:Internal)?|^)\.?(?P<call>(?:Create|Delete|Update|Set|Upgrade|Patch|Rollback)[A-Z]\w*)$"
)
_MACHINES = re.compile(r"^system:(?!serviceaccount:)|^system:serviceaccount:(?:kube|gke|gmp)-")
"""The control plane and GKE's own agents; a service account of any other namespace may well be somebody's deployer."""
_OPERATIONS = frozenset(
    {
        "CREATE_NODE_POOL",
        "DELETE_NODE_POOL",
        "SET_NODE_POOL_MANAGEMENT",
        "SET_NODE_POOL_SIZE",
        "UPDATE_CLUSTER",
        "UPGRADE_MASTER",
        "UPGRADE_NODES",
    }
)


def find_changes(evidence: Evidence, first: int | None) -> tuple[Change, ...]:
    """Deploys, node-pool changes, upgrades and configuration changes in the day before `first` (ns), in order of time.

    Taken from audit entries and operations; what the control plane's own machinery does all day is left out.
    """
    if first is None:
        return ()
    found = [*_from_audit(evidence, first - DAY, first), *_from_operations(evidence, first - DAY, first)]
    distinct = {(c.timestamp, c.what, c.resource): c for c in found}
    ordered = sorted(distinct.values(), key=lambda c: (c.timestamp, c.what, c.resource or ""))
    return tuple(ordered[-MOST:])


def _from_audit(evidence: Evidence, start: int, end: int) -> Iterator[Change]:
    entries = evidence.entries
    rows = entries[(entries["log_id"] == _AUDIT) & entries["entry"].notna()]
    at = column_ns(rows["timestamp"])
    rows = rows[(at >= start) & (at <= end)]
    for row in rows.itertuples():
        try:
            payload = json.loads(row.entry).get("protoPayload")
        except (ValueError, AttributeError):  # cut at 256 KiB, or no object: the reader has counted it
            continue
        if isinstance(payload, dict):
            change = _change(row, payload, evidence.cluster.project)
            if change:
                yield change


def _change(row: Any, payload: dict[str, Any], project: str | None) -> Change | None:
    method = str(payload.get("methodName") or "")
    who = (payload.get("authenticationInfo") or {}).get("principalEmail")
    if isinstance(who, str) and _MACHINES.match(who):
        return None
    kubernetes, gke = _KUBERNETES.match(method), _GKE.search(method)
    if kubernetes:
        what = f"{kubernetes['verb']} {kubernetes['resource']}"
    elif gke:
        what = gke["call"]
    else:
        return None
    timestamp = row.timestamp.to_pydatetime(warn=False)
    return Change(
        timestamp=timestamp,
        what=what,
        who=plain(str(who), 200) if who else None,
        resource=_short(plain(str(payload.get("resourceName") or ""))) or None,
        console_url=log_entry_url(row.insert_id, timestamp, project, row.log_name),
    )


def _short(resource: str) -> str:
    """A resource's name without what it shares with all others of the cluster."""
    _, found, rest = resource.partition("/clusters/")
    return f"clusters/{rest}" if found else resource


def _from_operations(evidence: Evidence, start: int, end: int) -> Iterator[Change]:
    rows = evidence.operations[evidence.operations["type"].isin(_OPERATIONS)]
    for row, at in zip(rows.itertuples(), column_ns(rows["start"]), strict=True):
        begun = known(at)
        if begun is not None and start <= begun <= end:
            resource = row.node_pool or _short(row.target or "") or None
            yield Change(timestamp=moment(begun), what=row.type, who=None, resource=resource, console_url=None)
