"""Time series from Cloud Monitoring and Prometheus."""

from typing import Any

import pytest

from triage.evidence.metrics import parse_metrics


def series(kind: str, *values: Any, labels: dict[str, str] | None = None, **resource: str) -> dict[str, Any]:
    points = [
        {"interval": {"endTime": f"2026-03-01T04:{minute:02}:00Z"}, "value": value}
        for minute, value in enumerate(values)
    ]
    named = {"cluster_name": "prod", "node_name": "node-1", **resource}
    return {
        "metric": {"type": kind, "labels": labels or {}},
        "resource": {"type": "k8s_node", "labels": named},
        "points": points,
    }


PIDS = series("kubernetes.io/node/pid_used", {"int64Value": "4100"}, {"doubleValue": 4200.5})


@pytest.mark.parametrize(
    "document",
    [
        {"timeSeries": [PIDS]},
        [{"timeSeries": [PIDS], "nextPageToken": "t"}, {"unit": "1"}],
        [PIDS],
        [[{"timeSeries": [PIDS]}]],
    ],
    ids=["page", "pages", "series", "pages of pages"],
)
def test_every_shape_of_monitoring(document: Any) -> None:
    table, _, gaps = parse_metrics([document])
    assert not gaps
    assert table[["metric", "node", "value"]].values.tolist() == [
        ["pid_used", "node-1", 4100.0],
        ["pid_used", "node-1", 4200.5],
    ]


def test_other_clusters_are_left_out() -> None:
    other = series("kubernetes.io/node/pid_used", {"int64Value": "1"}, cluster_name="test")
    table, _, _ = parse_metrics([[PIDS, other]], cluster="prod")
    assert len(table) == 2


def test_conditions_are_told_apart() -> None:
    condition = series(
        "kubernetes.io/node/status_condition",
        {"boolValue": True},
        labels={"condition": "Ready", "status": "False"},
    )
    table, _, _ = parse_metrics([[condition]])
    assert table[["metric", "value"]].values.tolist() == [["status_condition:Ready:False", 1.0]]


def test_reclaimable_memory_does_not_count_as_used() -> None:
    used = [
        series("kubernetes.io/node/memory/used_bytes", {"int64Value": "700"}, labels={"memory_type": "non-evictable"}),
        series("kubernetes.io/node/memory/used_bytes", {"int64Value": "200"}, labels={"memory_type": "evictable"}),
    ]
    table, _, _ = parse_metrics([used])
    assert dict(zip(table["metric"], table["value"], strict=True)) == {
        "memory_used_bytes": 700.0,
        "memory_used_bytes_evictable": 200.0,
    }


def test_log_entry_count_tells_who_spoke_when() -> None:
    counted = [
        series(
            "logging.googleapis.com/log_entry_count",
            {"int64Value": "0"},
            {"int64Value": "5"},
            labels={"log": "kubelet", "severity": s},
        )
        for s in ("INFO", "DEFAULT")
    ]
    table, spoke, _ = parse_metrics([counted])
    assert table["value"].tolist() == [0.0, 10.0]
    (row,) = spoke.to_dict("records")
    assert (row["node"], row["log_id"], row["resource_type"], row["count"]) == ("node-1", "kubelet", "k8s_node", 10)
    assert row["bin"].isoformat() == "2026-03-01T04:00:00+00:00"


def test_a_range_query() -> None:
    def result(name: str, value: str, **labels: str) -> dict[str, Any]:
        return {"metric": {"__name__": name, **labels}, "values": [[1772337600, value], [1772337660, "NaN"]]}

    answer = {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [
                result("node_nf_conntrack_entries", "9", instance="gke-prod-main-d2beeabd-79lr:9100"),
                result("node_processes_state", "800", node="node-1", state="Z"),
                result("container_threads", "31", pod="cart-0", namespace="shop", container="c", node="node-1"),
                result("kubernetes_io:node_pid_used", "77", node_name="node-1"),
                result("node_filesystem_files_free", "5", node="node-1", mountpoint="/"),
                result("my_metric", "1", node="node-1"),
            ],
        },
    }
    table, _, gaps = parse_metrics([answer])
    assert not gaps
    found = {row["metric"]: (row["node"], row["value"]) for row in table.to_dict("records")}
    assert found == {
        "conntrack_entries": ("gke-prod-main-d2beeabd-79lr", 9.0),
        "zombie_processes": ("node-1", 800.0),
        "container_threads": ("node-1", 31.0),
        "pid_used": ("node-1", 77.0),
        "inodes_free": ("node-1", 5.0),
        "my_metric": ("node-1", 1.0),
    }
    assert table.loc[table["metric"] == "container_threads", "pod"].tolist() == ["cart-0"]


def test_what_is_no_series_is_counted() -> None:
    table, spoke, gaps = parse_metrics([["x", {"points": [], "metric": 7}, {"timeSeries": [None]}, {"what": 1}]])
    assert table.empty
    assert spoke.empty
    assert "4 records" in gaps[0].reason


SLO = "projects/p/services/checkout/serviceLevelObjectives/availability"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (f'select_slo_budget_fraction("{SLO}")', "slo_budget_fraction:0:checkout/availability"),
        (f'select_slo_burn_rate("{SLO}", "300s")', "slo_burn_rate:300:checkout/availability"),
        (f"select_slo_burn_rate({SLO}, 60m)", "slo_burn_rate:3600:checkout/availability"),
    ],
)
def test_an_error_budget_of_cloud_monitoring_bears_its_service(kind: str, name: str) -> None:
    table, _, gaps = parse_metrics([[series(kind, {"doubleValue": 0.7})]])
    assert not gaps
    assert table["metric"].tolist() == [name]


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        # Sloth: names and labels of its recording rules
        (
            {"__name__": "slo:current_burn_rate:ratio", "sloth_service": "cart", "sloth_slo": "requests"},
            "slo_burn_rate:300:cart/requests",
        ),
        (
            {"__name__": "slo:period_error_budget_remaining:ratio", "sloth_service": "cart", "sloth_slo": "requests"},
            "slo_budget_fraction:0:cart/requests",
        ),
        ({"__name__": "slo:sli_error:ratio_rate30m", "sloth_service": "cart"}, "slo_burn_rate:1800:cart/"),
        # Pyrra, slo/rules.go: METRIC:burnrateWINDOW with the objective's name in `slo`
        ({"__name__": "http_requests:burnrate5m", "slo": "cart-errors"}, "slo_burn_rate:300:cart-errors/cart-errors"),
        ({"__name__": "http_requests:burnrate5m"}, "http_requests:burnrate5m"),
    ],
)
def test_an_error_budget_of_prometheus_rules_bears_its_service(labels: dict[str, str], name: str) -> None:
    answer = {
        "status": "success",
        "data": {"resultType": "matrix", "result": [{"metric": labels, "values": [[1772337600, "0.5"]]}]},
    }
    table, _, _ = parse_metrics([answer])
    assert table["metric"].tolist() == [name]


def test_metrics_of_containers() -> None:
    """cAdvisor's, plain and as Managed Service for Prometheus names them, and Cloud Monitoring's own."""

    def of(kind: str, value: float, **labels: str) -> dict[str, Any]:
        about = {"namespace_name": "shop", "pod_name": "cart-0", "container_name": "c"}
        return series(kind, {"doubleValue": value}, labels=labels, **about)

    used = "kubernetes.io/container/memory/used_bytes"
    documents = [
        of("prometheus.googleapis.com/container_processes/gauge", 31.0),
        of(used, 700.0, memory_type="non-evictable"),
        of(used, 50.0, memory_type="evictable"),
    ]
    table, _, gaps = parse_metrics([documents])
    found = {row["metric"]: (row["pod"], row["container"], row["value"]) for row in table.to_dict("records")}
    assert not gaps
    assert found == {
        "container_processes": ("cart-0", "c", 31.0),
        "container_memory_bytes": ("cart-0", "c", 700.0),
        "container_memory_bytes_evictable": ("cart-0", "c", 50.0),
    }
