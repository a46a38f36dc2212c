"""The evidence tables: their columns, what they mean, and their dtypes, in one place.

All times are UTC with nanoseconds. Text that could not be had is `None`, never an empty string or NaN.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
from pandas.api.extensions import ExtensionArray

TIME = "datetime64[ns, UTC]"
TEXT = "object"

ENTRIES = {
    "timestamp": TIME,  # the entry's `timestamp`, else its `receiveTimestamp`
    "received": TIME,  # `receiveTimestamp`; NaT where absent
    "insert_id": TEXT,
    "log_name": TEXT,  # as written: projects/P/logs/URL-encoded id
    "log_id": TEXT,  # decoded: cloudaudit.googleapis.com/activity
    "resource_type": TEXT,
    "severity": TEXT,  # DEFAULT where absent
    "node": TEXT,  # resolved node name; None for entries of no node
    "instance_id": TEXT,  # the VM's number, where the resource or payload tells it
    "namespace": TEXT,
    "pod": TEXT,
    "container": TEXT,
    "message": TEXT,  # the telling text, at most 64 KiB
    "entry": TEXT,  # the whole LogEntry as JSON text (REST shape), at most 256 KiB of it kept
}
"""Log entries that a signal or a join may want; everything else is only counted (`COVERAGE`)."""

COVERAGE = {
    "node": TEXT,  # None for entries of no node
    "log_id": TEXT,
    "resource_type": TEXT,
    "bin": TIME,  # start of a five-minute bin
    "count": "int64",
    "first": TIME,
    "last": TIME,
}
"""Who spoke when: one row per node, log and five-minute bin with at least one entry, of all entries read."""

PLACEMENTS = {
    "namespace": TEXT,
    "pod": TEXT,
    "node": TEXT,
    "uid": TEXT,  # None where unknown
    "workload": TEXT,  # namespace/name of the top controller
    "kind": TEXT,  # Deployment, DaemonSet, StatefulSet, CronJob, Job, ReplicaSet, Pod; None where unknown
    "first": TIME,  # first time the pod is known to be on the node
    "last": TIME,  # last such time
    "source": TEXT,  # workloads | container-log | event | runtime | audit
}
"""Which pod ran where and when, from every source that tells."""

OPERATIONS = {
    "name": TEXT,
    "type": TEXT,  # AUTO_REPAIR_NODES, UPGRADE_NODES, …
    "status": TEXT,  # PENDING, RUNNING, DONE, ABORTING
    "cluster": TEXT,
    "location": TEXT,
    "node_pool": TEXT,
    "node": TEXT,  # only where the target link names it
    "start": TIME,
    "end": TIME,  # NaT while running
    "error": TEXT,
    "target": TEXT,  # the target link as written
}
"""GKE operations as `gcloud container operations list` prints them, of this cluster."""

ALERTS = {
    "id": TEXT,  # name | incident_id | fingerprint@startsAt | sorted labels@first sample
    "policy": TEXT,
    "service": TEXT,
    "cluster": TEXT,  # where a label names one
    "opened": TIME,
    "closed": TIME,  # NaT while open
    "severity": TEXT,
    "node": TEXT,  # where a label names one
    "namespace": TEXT,
    "workload": TEXT,  # namespace/name where labels name one
    "lookback_s": "float64",  # the burn-rate window, NaN where unknown; ≥ 21600 is a slow burn
    "url": TEXT,
    "source": TEXT,  # monitoring | notification | alertmanager | prometheus
}
"""Fired alerts, one row each however often they were notified."""

METRICS = {
    "timestamp": TIME,
    "metric": TEXT,  # our short name, such as pid_used
    "node": TEXT,
    "namespace": TEXT,
    "pod": TEXT,
    "container": TEXT,
    "value": "float64",
}
"""Points of time series, long: one row a point."""

PODS = {
    "namespace": TEXT,
    "pod": TEXT,
    "uid": TEXT,
    "node": TEXT,
    "workload": TEXT,
    "kind": TEXT,
    "created": TIME,
    "phase": TEXT,
    "restarts": "int64",
}
"""Pods as `kubectl get pods` saw them when the evidence was collected."""

NODES = {
    "node": TEXT,
    "node_pool": TEXT,
    "zone": TEXT,
    "machine_type": TEXT,
    "version": TEXT,  # kubelet version
    "image": TEXT,  # OS image
    "runtime": TEXT,  # containerd://1.7.27
    "instance_id": TEXT,
    "created": TIME,
    "spot": "bool",
}
"""Nodes as `kubectl get nodes` saw them."""

NODE_POOLS = {
    "node_pool": TEXT,
    "machine_type": TEXT,
    "image": TEXT,
    "version": TEXT,
    "auto_repair": "object",  # True, False or None
    "pod_pids_limit": "float64",
    "spot": "bool",
    "group_prefixes": "object",  # tuple of VM name prefixes, gke-CLUSTER-POOL-HASH-
    "group_zones": "object",  # tuple of (VM name prefix, zone), of prefixes that one zone alone has
}
"""Node pools as `gcloud container clusters describe` prints them."""

Columns = Mapping[str, str]


def frame(columns: Columns, rows: Sequence[Mapping[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
    """Rows as a table of exactly these columns and dtypes, in this order; missing values are None or NaT.

    Times may be integers (nanoseconds since the epoch), datetimes or timestamps.
    """
    if isinstance(rows, pd.DataFrame):
        given, index = rows, rows.index
    else:
        index = pd.RangeIndex(len(rows))
        # As objects: among missing values, integers would become floats and lose their last digits.
        given = {name: pd.Series([row.get(name) for row in rows], index, dtype=TEXT) for name in columns}
    if not len(index):
        return pd.DataFrame({name: _nothing(dtype) for name, dtype in columns.items()}, index)
    absent = pd.Series(None, index, dtype=TEXT)
    return pd.DataFrame({name: _column(given.get(name, absent), dtype) for name, dtype in columns.items()}, index)


@cache
def _nothing(dtype: str) -> ExtensionArray:
    return pd.Series(dtype=dtype).array


def _column(values: pd.Series, dtype: str) -> pd.Series:
    if dtype == TEXT:
        plain, known = values.astype(TEXT), values.notna()
        return plain if known.all() else plain.where(known, None)
    if values.dtype == dtype:
        return values
    if dtype == TIME:
        return pd.to_datetime(values, utc=True, unit="ns" if values.dtype.kind in "iuf" else None).astype(TIME)
    if dtype == "bool":
        return values.astype(TEXT).where(values.notna(), False).astype(bool)
    return values.astype(dtype) if dtype != "int64" else values.fillna(0).astype("int64")
