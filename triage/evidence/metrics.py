"""Time series as one long table, from Cloud Monitoring's timeSeries.list or a Prometheus range query."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from triage.evidence.budgets import burning
from triage.evidence.fields import first_text, mapping, number, objects, time_ns
from triage.evidence.prometheus_alerts import is_matrix, series_of
from triage.evidence.tables import COVERAGE, METRICS, frame
from triage.model.place import Gap

NAMES = {
    "kubernetes.io/node/pid_used": "pid_used",
    "kubernetes.io/node/pid_limit": "pid_limit",
    "kubernetes.io/node/memory/used_bytes": "memory_used_bytes",
    "kubernetes.io/node/memory/allocatable_bytes": "memory_allocatable_bytes",
    "kubernetes.io/node/memory/total_bytes": "memory_total_bytes",
    "kubernetes.io/node/memory/allocatable_utilization": "memory_utilization",
    "kubernetes.io/node/ephemeral_storage/used_bytes": "ephemeral_used_bytes",
    "kubernetes.io/node/ephemeral_storage/total_bytes": "ephemeral_total_bytes",
    "kubernetes.io/node/ephemeral_storage/allocatable_bytes": "ephemeral_allocatable_bytes",
    "kubernetes.io/node/ephemeral_storage/inodes_free": "inodes_free",
    "kubernetes.io/node/ephemeral_storage/inodes_total": "inodes_total",
    "kubernetes.io/node/cpu/allocatable_utilization": "cpu_utilization",
    "kubernetes.io/node/status_condition": "status_condition",
    "kubernetes.io/node/interruption_count": "interruption_count",
    "kubernetes.io/node/logs/input_bytes": "log_input_bytes",
    "kubernetes.io/container/restart_count": "restart_count",
    "kubernetes.io/container/memory/used_bytes": "container_memory_bytes",
    "logging.googleapis.com/log_entry_count": "log_entry_count",
    # cAdvisor; `container_threads` and `container_processes` keep their names
    "container_memory_working_set_bytes": "container_memory_bytes",
    # node exporter
    "node_processes_pids": "pid_used",
    "node_processes_max_processes": "pid_limit",
    "node_processes_threads": "threads_used",
    "node_processes_max_threads": "threads_limit",
    "node_nf_conntrack_entries": "conntrack_entries",
    "node_nf_conntrack_entries_limit": "conntrack_limit",
    "node_filefd_allocated": "fd_allocated",
    "node_filefd_maximum": "fd_limit",
    "node_memory_MemAvailable_bytes": "memory_available_bytes",
    "node_memory_MemTotal_bytes": "memory_total_bytes",
    "node_filesystem_files_free": "inodes_free",
    "node_filesystem_files": "inodes_total",
    "kube_pod_container_status_restarts_total": "restart_count",
    "kubelet_running_pods": "running_pods",
}
"""Metrics' own names and ours. Names that are not here are kept as they are, cut down to plain characters."""

_ZOMBIES = ("node_processes_state", "triage_zombie_processes", "node_zombie_processes", "zombie_processes")
_ROOT = ("/", "/mnt/stateful_partition", "/rootfs", "/var")
_IN_PART_EVICTABLE = ("memory_used_bytes", "memory_utilization", "container_memory_bytes")
_BY_PROMQL = {
    f"{name.partition('/')[0].replace('.', '_')}:{name.partition('/')[2].replace('/', '_')}": short
    for name, short in NAMES.items()
    if "/" in name
}
_MANAGED = re.compile(r"prometheus\.googleapis\.com/([^/]+)/\w+")
"""How Cloud Monitoring names a metric of Managed Service for Prometheus: its own name, then its kind."""
_BIN_NS = 300 * 1_000_000_000

Point = tuple[int, float]


def parse_metrics(
    documents: Iterable[Any], *, cluster: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Gap, ...]]:
    """All points as `METRICS`; what `log_entry_count` tells of who logged when, as `COVERAGE`; and gaps.

    Takes pages of timeSeries.list (single ones, arrays of pages, arrays of series) and answers to range queries.
    Series that say they are of another cluster than `cluster` are left out. Points of one metric and place that differ
    only in labels which the table has no column for are added up, so that each moment has one value; memory that can be
    reclaimed is kept apart (`memory_used_bytes_evictable`), and so is each condition of `status_condition`. Series that
    tell how an error budget burns bear the service in their name (`triage.evidence.budgets`).
    """
    rows: list[dict[str, Any]] = []
    spoke: list[dict[str, Any]] = []
    broken = 0
    for series in (found for document in documents for found in _series(document)):
        if series is None:
            broken += 1
            continue
        name, labels, points = series
        if cluster and first_text(labels, "cluster_name", "cluster") not in (None, cluster):
            continue
        place = _place(labels)
        rows += [{"timestamp": at, "metric": name, **place, "value": value} for at, value in points]
        if name == "log_entry_count":
            spoke += _spoken(labels, place["node"], points)
    table = frame(METRICS, rows)
    keys = [column for column in METRICS if column != "value"]
    summed = table.groupby(keys, dropna=False, sort=False, as_index=False)["value"].sum() if len(table) else table
    gaps: tuple[Gap, ...] = ()
    if broken:
        reason = f"{broken} records in the metrics are no time series and were skipped"
        gaps = (Gap(source="metrics", reason=reason, remedy="export the metrics again"),)
    ordered = frame(METRICS, summed).sort_values(["metric", "timestamp"], kind="stable", ignore_index=True)
    return ordered, _coverage(spoke), gaps


def _series(document: Any) -> Iterator[tuple[str, Mapping[str, Any], list[Point]] | None]:
    if isinstance(document, list):
        for inner in document:
            yield from _series(inner)
    elif not isinstance(document, dict):
        yield None
    elif is_matrix(document):
        yield from (_prometheus(labels, samples) for labels, samples in series_of(document))
    elif isinstance(document.get("timeSeries"), list):
        yield from (_monitoring(mapping(series)) for series in document["timeSeries"])
    elif "points" in document and "metric" in document:
        yield _monitoring(document)
    elif set(document) - {"nextPageToken", "unit", "executionErrors", "status", "data"}:
        yield None


def _monitoring(series: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], list[Point]] | None:
    metric, resource = mapping(series.get("metric")), mapping(series.get("resource"))
    kind = first_text(metric, "type")
    if not kind:
        return None
    own = mapping(metric.get("labels"))
    system = mapping(mapping(series.get("metadata")).get("systemLabels"))
    labels = {**system, **own, **mapping(resource.get("labels")), "resource_type": first_text(resource, "type")}
    points = []
    for point in objects(series.get("points")):
        interval, value = mapping(point.get("interval")), _value(mapping(point.get("value")))
        at = time_ns(interval.get("endTime", interval.get("startTime")))
        if at is not None and value is not None:
            points.append((at, value))
    return _short(kind, own), labels, points


def _prometheus(
    labels: Mapping[str, Any], samples: list[tuple[int, Any]]
) -> tuple[str, Mapping[str, Any], list[Point]] | None:
    name = first_text(labels, "__name__")
    if not name or name == "ALERTS":
        return None
    if name.startswith("node_filesystem_files") and first_text(labels, "mountpoint") not in _ROOT:
        name = f"{name}:{first_text(labels, 'mountpoint')}"
    return _short(name, labels), labels, [(at, value) for at, v in samples if (value := number(v)) is not None]


def _value(value: Mapping[str, Any]) -> float | None:
    if isinstance(value.get("boolValue"), bool):
        return float(value["boolValue"])
    for key in ("int64Value", "doubleValue"):
        if key in value:
            return number(value[key])
    return number(mapping(value.get("distributionValue")).get("mean"))


def _short(name: str, labels: Mapping[str, Any]) -> str:
    managed = _MANAGED.fullmatch(name)
    name = managed[1] if managed else name
    short = NAMES.get(name) or _BY_PROMQL.get(name)
    if name in _ZOMBIES:
        state = first_text(labels, "state")
        return "zombie_processes" if state in (None, "Z") else f"processes_{state}"
    if short in _IN_PART_EVICTABLE and labels.get("memory_type") == "evictable":
        return f"{short}_evictable"
    if short == "status_condition":
        return f"status_condition:{first_text(labels, 'condition')}:{first_text(labels, 'status')}"
    budget = None if short else burning(name, labels)
    if budget:
        return budget.name
    return short or "".join(letter if letter.isprintable() else "?" for letter in name[:200])


def _place(labels: Mapping[str, Any]) -> dict[str, str | None]:
    host = (first_text(labels, "instance") or "").partition(":")[0]
    named = first_text(labels, "node_name", "node", "kubernetes_node", "nodename", "instance_name")
    return {
        "node": named or (host if host and not re.fullmatch(r"[\d.]+|\[.*", host) else None),
        "namespace": first_text(labels, "namespace_name", "namespace", "exported_namespace"),
        "pod": first_text(labels, "pod_name", "pod", "exported_pod"),
        "container": first_text(labels, "container_name", "container", "exported_container"),
    }


def _spoken(labels: Mapping[str, Any], node: str | None, points: list[Point]) -> Iterator[dict[str, Any]]:
    for at, value in points:
        if value > 0:
            # A point counts the entries of the interval that ends with it.
            moment = at - 1
            yield {
                "node": node,
                "log_id": first_text(labels, "log"),
                "resource_type": first_text(labels, "resource_type"),
                "bin": moment - moment % _BIN_NS,
                "count": int(value),
                "first": moment,
                "last": moment,
            }


def _coverage(spoke: list[dict[str, Any]]) -> pd.DataFrame:
    if not spoke:
        return frame(COVERAGE)
    keys = ["node", "log_id", "resource_type", "bin"]
    grouped = pd.DataFrame(spoke).groupby(keys, dropna=False, as_index=False)
    return frame(COVERAGE, grouped.agg(count=("count", "sum"), first=("first", "min"), last=("last", "max")))
