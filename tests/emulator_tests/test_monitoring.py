"""monitoring v3: time series over both wires, alerts over REST, and what is refused."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.monitoring_v3 import (
    Aggregation,
    AlertPolicyServiceClient,
    ListTimeSeriesRequest,
    MetricServiceClient,
    ServiceMonitoringServiceClient,
    TimeInterval,
    TimeSeries,
)
from google.cloud.monitoring_v3.services.alert_policy_service.transports import AlertPolicyServiceGrpcTransport
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport
from google.cloud.monitoring_v3.services.service_monitoring_service.transports import (
    ServiceMonitoringServiceGrpcTransport,
)

from tests.emulator import Emulator
from tests.emulator_tests.sample import NODE, PROJECT

PARENT = f"projects/{PROJECT}"
PIDS = 'metric.type="kubernetes.io/node/pid_used"'
COUNTS = 'metric.type = "logging.googleapis.com/log_entry_count"'


@pytest.fixture
def channel(emulator: Emulator) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(emulator.grpc_address) as channel:
        yield channel


@pytest.fixture
def client(channel: grpc.Channel) -> MetricServiceClient:
    return MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))


def series(
    client: MetricServiceClient, query: str, minutes: tuple[int, int] = (0, 30), **request: Any
) -> list[TimeSeries]:
    interval = TimeInterval(
        {"start_time": f"2026-03-01T04:{minutes[0]:02d}:00Z", "end_time": f"2026-03-01T04:{minutes[1]:02d}:00Z"}
    )
    wanted = ListTimeSeriesRequest(name=PARENT, filter=query, interval=interval, **request)
    return list(client.list_time_series(request=wanted))


def values(found: TimeSeries, field: str = "int64_value") -> dict[str, Any]:
    return {point.interval.end_time.strftime("%H:%M"): getattr(point.value, field) for point in found.points}


def test_points_come_newest_first_in_a_half_open_interval(client: MetricServiceClient) -> None:
    (found,) = series(client, f'{PIDS} AND resource.labels.node_name = "{NODE}"', (1, 3))
    assert list(values(found).items()) == [("04:03", 300), ("04:02", 200)]
    assert (found.metric_kind, found.value_type) == (1, 2)  # GAUGE and INT64 of google.api.MetricDescriptor


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("", 2),
        (f'resource.labels.node_name != "{NODE}"', 1),
        (f'resource.label.node_name = one_of("{NODE}", "x")', 1),
        ('resource.labels.node_name = starts_with("gke-front")', 2),
        ('resource.labels.node_name = has_substring("k2x9")', 1),
        ('resource.labels.node_name != has_substring("k2x9")', 1),
        ('resource.type = "k8s_container"', 0),
        (f'(resource.labels.node_name = "{NODE}" OR resource.labels.node_name = ends_with("other"))', 2),
        (f'NOT resource.labels.node_name = "{NODE}"', 1),
    ],
)
def test_filters(client: MetricServiceClient, condition: str, count: int) -> None:
    query = f"{PIDS} AND {condition}" if condition else PIDS
    assert len(series(client, query)) == count


def test_alignment_at_the_server(client: MetricServiceClient) -> None:
    query = f'{PIDS} AND resource.labels.node_name = "{NODE}"'
    aggregation = {"alignment_period": {"seconds": 120}, "per_series_aligner": "ALIGN_MEAN"}
    (found,) = series(client, query, (0, 4), aggregation=aggregation)
    assert values(found, "double_value") == {"04:04": 350.0, "04:02": 150.0}
    aggregation["per_series_aligner"] = "ALIGN_MAX"
    (found,) = series(client, query, (0, 4), aggregation=aggregation)
    assert values(found) == {"04:04": 400, "04:02": 200}


def test_reduction_across_series(client: MetricServiceClient) -> None:
    aggregation = Aggregation(
        {
            "alignment_period": {"seconds": 60},
            "per_series_aligner": "ALIGN_MAX",
            "cross_series_reducer": "REDUCE_SUM",
            "group_by_fields": ["resource.labels.cluster_name"],
        }
    )
    (found,) = series(client, PIDS, (0, 4), aggregation=aggregation)
    assert values(found) == {"04:04": 410, "04:03": 310, "04:02": 210, "04:01": 110}
    assert dict(found.resource.labels) == {"cluster_name": "front"}


def test_log_entry_count_is_computed_from_the_entries(client: MetricServiceClient) -> None:
    query = f'{COUNTS} AND resource.type = "k8s_node" AND metric.labels.log = "kubelet"'
    (found,) = series(client, query)
    # Thirty lines and their one duplicate, all in the first minute.
    assert values(found) == {"04:01": 31}
    assert found.resource.labels["node_name"] == NODE
    assert dict(found.metric.labels) == {"log": "kubelet", "severity": "DEFAULT"}
    audit = series(client, f'{COUNTS} AND metric.labels.log = "cloudaudit.googleapis.com/activity"')
    assert [s.resource.type for s in audit] == ["gke_nodepool"]


def test_headers_and_pages(client: MetricServiceClient, emulator: Emulator) -> None:
    found = series(client, PIDS, view="HEADERS", page_size=1)
    assert [len(s.points) for s in found] == [0, 0]
    assert emulator.requests == {"monitoring.ListTimeSeries": 2}


@pytest.mark.parametrize(
    ("query", "request_fields", "error"),
    [
        ('resource.type = "k8s_node"', {}, exceptions.InvalidArgument),
        (f"{PIDS} AND resource.labels.node_name ~ 'x'", {}, exceptions.InvalidArgument),
        (f"{PIDS} AND resource.labels.node_name = near('x')", {}, exceptions.InvalidArgument),
        (f"{PIDS} AND (", {}, exceptions.InvalidArgument),
        (f"{PIDS} AND resources.type = 'k8s_node'", {}, exceptions.InvalidArgument),
        ('metric.type = "custom.googleapis.com/none"', {}, exceptions.NotFound),
        (PIDS, {"order_by": "x"}, exceptions.InvalidArgument),
        (PIDS, {"aggregation": {"per_series_aligner": "ALIGN_MEAN"}}, exceptions.InvalidArgument),
        (
            PIDS,
            {"aggregation": {"per_series_aligner": "ALIGN_DELTA", "alignment_period": {"seconds": 60}}},
            exceptions.InvalidArgument,
        ),
        (
            PIDS,
            {"aggregation": {"per_series_aligner": "ALIGN_PERCENTILE_99", "alignment_period": {"seconds": 60}}},
            exceptions.InvalidArgument,
        ),
        (PIDS, {"aggregation": {"cross_series_reducer": "REDUCE_SUM"}}, exceptions.InvalidArgument),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: MetricServiceClient, query: str, request_fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        series(client, query, **request_fields)


def test_policies_and_services(channel: grpc.Channel) -> None:
    policies = AlertPolicyServiceClient(transport=AlertPolicyServiceGrpcTransport(channel=channel))
    assert sorted(p.display_name for p in policies.list_alert_policies(name=PARENT)) == ["SLO burn 0", "SLO burn 1"]
    services = ServiceMonitoringServiceClient(transport=ServiceMonitoringServiceGrpcTransport(channel=channel))
    assert list(services.list_services(parent=PARENT)) == []


def get(emulator: Emulator, path: str, **query: str | int) -> dict[str, Any]:
    with urllib.request.urlopen(f"{emulator.rest_url}{path}?{urlencode(query)}", timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def alerts(emulator: Emulator, **query: str | int) -> list[str]:
    found = get(emulator, f"/v3/{PARENT}/alerts", **query).get("alerts", [])
    return [alert["name"].rsplit("/", 1)[1] for alert in found]


def test_alerts_newest_first_filtered_and_ordered(emulator: Emulator) -> None:
    assert alerts(emulator) == ["0.2", "0.1"]
    assert alerts(emulator, orderBy="open_time") == ["0.1", "0.2"]
    assert alerts(emulator, orderBy="close_time") == ["0.1", "0.2"]
    assert alerts(emulator, filter='state = "OPEN"') == ["0.2"]
    assert alerts(emulator, filter='open_time < "2026-03-01T04:06:00Z"') == ["0.1"]
    assert alerts(emulator, filter=f'policy.name="{PARENT}/alertPolicies/0" AND state="OPEN"') == ["0.2"]
    assert get(emulator, f"/v3/{PARENT}/alerts/0.1")["state"] == "CLOSED"


def test_alerts_come_in_pages(emulator: Emulator) -> None:
    first = get(emulator, f"/v3/{PARENT}/alerts", pageSize=1)
    assert first["totalSize"] == 2
    assert alerts(emulator, pageSize=1, pageToken=first["nextPageToken"]) == ["0.1"]


def test_notified_incidents_are_alerts_too(tmp_path: Path) -> None:
    incident = {
        "incident_id": "0.abc",
        "scoping_project_id": PROJECT,
        "started_at": 1772337900,
        "ended_at": None,
        "state": "open",
        "severity": "Error",
        "policy_name": "Errors of the shop",
        "condition": {"name": f"projects/{PROJECT}/alertPolicies/9/conditions/1"},
        "resource": {"type": "k8s_container", "labels": {"project_id": PROJECT}},
        "metric": {"type": "istio.io/service/server/request_count"},
    }
    closing = {**incident, "ended_at": 1772338200, "state": "closed"}
    (tmp_path / "alerts.json").write_text(json.dumps([{"incident": closing}, {"incident": incident}]))
    with Emulator(tmp_path) as emulator:
        (found,) = get(emulator, f"/v3/{PARENT}/alerts")["alerts"]
    assert found["name"] == f"{PARENT}/alerts/0.abc"
    assert (found["state"], found["openTime"], found["closeTime"]) == (
        "CLOSED",
        "2026-03-01T04:05:00Z",
        "2026-03-01T04:10:00Z",
    )
    assert found["policy"]["name"] == f"{PARENT}/alertPolicies/9"


def one_series(directory: Path, metric: dict[str, Any], points: list[tuple[str, str, dict[str, Any]]]) -> Path:
    record = {
        "metric": {"type": "kubernetes.io/node/some"},
        "resource": {"type": "k8s_node", "labels": {"project_id": PROJECT}},
        "points": [{"interval": {"startTime": start, "endTime": end}, "value": value} for start, end, value in points],
        **metric,
    }
    (directory / "metrics.json").write_text(json.dumps([record]))
    return directory


def aligned(directory: Path, aligner: str) -> list[dict[str, Any]]:
    with Emulator(directory) as emulator:
        body = get(
            emulator,
            f"/v3/{PARENT}/timeSeries",
            **{
                "filter": 'metric.type="kubernetes.io/node/some"',
                "interval.startTime": "2026-03-01T04:00:00Z",
                "interval.endTime": "2026-03-01T04:04:00Z",
                "aggregation.alignmentPeriod": "120s",
                "aggregation.perSeriesAligner": aligner,
            },
        )
    return [point["value"] for point in body["timeSeries"][0]["points"]]


def test_truth_is_aligned_as_counts_and_fractions(tmp_path: Path) -> None:
    times = [f"2026-03-01T04:0{m}:00Z" for m in (1, 2, 3, 4)]
    points = [(t, t, {"boolValue": t > times[0]}) for t in times]
    one_series(tmp_path, {"metricKind": "GAUGE", "valueType": "BOOL"}, points)
    assert aligned(tmp_path, "ALIGN_FRACTION_TRUE") == [{"doubleValue": 1.0}, {"doubleValue": 0.5}]
    assert aligned(tmp_path, "ALIGN_COUNT_TRUE") == [{"int64Value": "2"}, {"int64Value": "1"}]
    assert aligned(tmp_path, "ALIGN_NEXT_OLDER") == [{"boolValue": True}, {"boolValue": True}]


def test_cumulative_metrics_survive_a_reset(tmp_path: Path) -> None:
    start = "2026-03-01T03:00:00Z"
    totals = [(start, 1, 10.0), (start, 2, 16.0), ("2026-03-01T04:02:30Z", 3, 2.0), ("2026-03-01T04:02:30Z", 4, 5.0)]
    points = [(begin, f"2026-03-01T04:0{m}:00Z", {"doubleValue": total}) for begin, m, total in totals]
    one_series(tmp_path, {"metricKind": "CUMULATIVE", "valueType": "DOUBLE"}, points)
    assert aligned(tmp_path, "ALIGN_DELTA") == [{"doubleValue": 5.0}, {"doubleValue": 6.0}]
    assert aligned(tmp_path, "ALIGN_RATE") == [{"doubleValue": 5 / 120}, {"doubleValue": 6 / 120}]


def test_time_series_over_rest_with_dotted_parameters(emulator: Emulator) -> None:
    body = get(
        emulator,
        f"/v3/{PARENT}/timeSeries",
        **{
            "filter": PIDS,
            "interval.startTime": "2026-03-01T04:00:00Z",
            "interval.endTime": "2026-03-01T04:04:00Z",
            "aggregation.alignmentPeriod": "240s",
            "aggregation.perSeriesAligner": "ALIGN_MAX",
            "aggregation.crossSeriesReducer": "REDUCE_MAX",
            "aggregation.groupByFields": "resource.labels.node_name",
            "$alt": "json;enum-encoding=int",
        },
    )
    assert [s["points"][0]["value"] for s in body["timeSeries"]] == [{"int64Value": "400"}, {"int64Value": "10"}]
    assert body["timeSeries"][0]["metricKind"] == "GAUGE"


def test_unknown_parameter_is_refused(emulator: Emulator) -> None:
    with pytest.raises(HTTPError) as caught:
        get(emulator, f"/v3/{PARENT}/timeSeries", fliter="x")
    assert 'Unknown name "fliter"' in json.load(caught.value)["error"]["message"]
