"""Faults over the wire: what a client sees when a service has a bad day, and what the emulator counts."""

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.container_v1 import ClusterManagerClient
from google.cloud.container_v1.services.cluster_manager.transports import (
    ClusterManagerGrpcTransport,
    ClusterManagerRestTransport,
)
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

from tests.emulator import Emulator, Fault, Faults
from tests.emulator_tests.sample import NUMBER, PROJECT

PARENT = f"projects/{PROJECT}"
ALL = f"{PARENT}/locations/-"


def over_rest(emulator: Emulator, **request: Any) -> requests.Response:
    body = {"resourceNames": [PARENT], "filter": 'log_id("kubelet")', **request}
    return requests.post(f"{emulator.rest_url}/v2/entries:list", json=body, timeout=10)


def over_grpc(emulator: Emulator, **request: Any) -> list[str]:
    with grpc.insecure_channel(emulator.grpc_address) as channel:
        client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
        wanted = {"resource_names": [PARENT], "filter": 'log_id("kubelet")', **request}
        return [entry.insert_id for entry in client.list_log_entries(request=wanted, retry=None, timeout=10)]


REFUSALS: list[tuple[str, int, type[exceptions.GoogleAPICallError], str, str]] = [
    ("rate-limit", 429, exceptions.ResourceExhausted, "Quota exceeded for quota metric", "RATE_LIMIT_EXCEEDED"),
    ("unavailable", 503, exceptions.ServiceUnavailable, "currently unavailable", ""),
    ("internal", 500, exceptions.InternalServerError, "Internal error", ""),
    ("deadline", 504, exceptions.DeadlineExceeded, "Deadline expired", ""),
    ("permission-denied", 403, exceptions.PermissionDenied, "all log views", "IAM_PERMISSION_DENIED"),
    ("service-disabled", 403, exceptions.PermissionDenied, "has not been used in project", "SERVICE_DISABLED"),
    ("unauthenticated", 401, exceptions.Unauthenticated, "invalid authentication", "CREDENTIALS_MISSING"),
    ("token-expired", 401, exceptions.Unauthenticated, "invalid authentication", "ACCESS_TOKEN_EXPIRED"),
]


@pytest.mark.parametrize(("kind", "status", "error", "text", "reason"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refusals_over_both_wires(
    emulator: Emulator, kind: str, *, status: int, error: type[exceptions.GoogleAPICallError], text: str, reason: str
) -> None:
    emulator.faults.add(kind, method="logging.*", times=2)
    answer = over_rest(emulator)
    assert answer.status_code == status
    refused = answer.json()["error"]
    assert text in refused["message"]
    assert [detail["reason"] for detail in refused.get("details", [])[:1]] == [reason][: bool(reason)]
    with pytest.raises(error, match=text) as caught:
        over_grpc(emulator)
    assert caught.value.reason == (reason or None)
    assert len(over_grpc(emulator)) == 30


def test_each_api_has_its_own_words(emulator: Emulator) -> None:
    emulator.faults.add("permission-denied", method="container.*")
    emulator.faults.add("permission-denied", method="ListAlerts")
    refused = requests.get(f"{emulator.rest_url}/v1/{ALL}/operations", timeout=10).json()["error"]
    assert refused["message"] == f'Required "container.operations.list" permission(s) for "{ALL}".'
    refused = requests.get(f"{emulator.rest_url}/v3/{PARENT}/alerts", timeout=10).json()["error"]
    assert refused["message"] == "Permission monitoring.alerts.list denied (or the resource may not exist)."
    assert over_rest(emulator).ok


def test_a_refusal_for_one_api_names_where_to_enable_it(emulator: Emulator) -> None:
    emulator.faults.add("service-disabled", method="container.*")
    with grpc.insecure_channel(emulator.grpc_address) as channel:
        client = ClusterManagerClient(transport=ClusterManagerGrpcTransport(channel=channel))
        with pytest.raises(exceptions.PermissionDenied) as caught:
            client.list_operations(parent=ALL)
    assert caught.value.metadata["service"] == "container.googleapis.com"
    assert f"overview?project={NUMBER}" in caught.value.message


def test_quota_lets_so_many_through_and_then_recovers(emulator: Emulator) -> None:
    emulator.faults.add("quota", method="ListLogEntries", limit=3, seconds=0.6)
    statuses = [over_rest(emulator).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    time.sleep(0.7)
    assert over_rest(emulator).status_code == 200
    assert emulator.ledger.outcomes() == {
        ("logging.ListLogEntries", "OK"): 4,
        ("logging.ListLogEntries", "RESOURCE_EXHAUSTED"): 2,
    }


def test_skip_and_times_count_requests(emulator: Emulator) -> None:
    emulator.faults.add("unavailable", skip=1, times=2)
    assert [over_rest(emulator).status_code for _ in range(4)] == [200, 503, 503, 200]


def test_rest_connection_breaks_in_the_middle(emulator: Emulator) -> None:
    emulator.faults.add("break", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        over_rest(emulator)
    assert len(over_rest(emulator).json()["entries"]) == 30


def test_grpc_stream_breaks_in_the_middle(emulator: Emulator) -> None:
    emulator.faults.add("break", times=1, bytes=200)
    with pytest.raises((exceptions.ServiceUnavailable, exceptions.Unknown)):
        over_grpc(emulator)
    assert len(over_grpc(emulator)) == 30


def test_malformed_answers(emulator: Emulator) -> None:
    emulator.faults.add("malformed", times=2)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        over_rest(emulator).json()
    with pytest.raises(exceptions.InternalServerError):
        over_grpc(emulator)
    assert len(over_grpc(emulator)) == 30


def test_latency_outlasts_a_deadline(emulator: Emulator) -> None:
    emulator.faults.add("latency", seconds=0.5, times=1)
    with grpc.insecure_channel(emulator.grpc_address) as channel:
        client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
        with pytest.raises(exceptions.DeadlineExceeded):
            client.list_log_entries(request={"resource_names": [PARENT]}, retry=None, timeout=0.1)


def test_empty_pages_carry_a_token(emulator: Emulator) -> None:
    emulator.faults.add("short-page", times=3)
    first = over_rest(emulator, pageSize=20).json()
    assert set(first) == {"nextPageToken"}
    assert over_grpc(emulator, page_size=20) == [f"k{n:04d}" for n in range(30)]
    assert emulator.requests == {"logging.ListLogEntries": 5}


def test_duplicated_and_reordered_pages(emulator: Emulator) -> None:
    emulator.faults.add("duplicates", entries=2)
    ids = over_grpc(emulator, page_size=20)
    assert ids[18:24] == ["k0018", "k0019", "k0018", "k0019", "k0020", "k0021"]
    emulator.faults.clear()
    emulator.faults.add("reorder")
    assert over_grpc(emulator, page_size=20)[:2] == ["k0019", "k0018"]


def test_page_token_expires(emulator: Emulator) -> None:
    emulator.faults.add("page-token-expired", times=1)
    with pytest.raises(exceptions.InvalidArgument, match="page_token"):
        over_grpc(emulator, page_size=20)


def test_other_lists_come_in_odd_pages_too(emulator: Emulator) -> None:
    url = f"{emulator.rest_url}/v3/{PARENT}/alerts"
    emulator.faults.add("short-page", method="ListAlerts", entries=1)
    emulator.faults.add("page-token-expired", method="ListAlerts", times=1)
    first = requests.get(url, timeout=10).json()
    assert len(first["alerts"]) == 1
    statuses = [requests.get(url, params={"pageToken": first["nextPageToken"]}, timeout=10).status_code for _ in "ab"]
    assert statuses == [400, 200]


def test_kubernetes_breaks_as_well(emulator: Emulator) -> None:
    emulator.faults.add("break", method="kubernetes.*", times=1)
    emulator.faults.add("malformed", method="kubernetes.*", times=1, skip=1)
    url = f"{emulator.kubernetes_url}/api/v1/pods"
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.get(url, timeout=10)
    assert requests.get(url, timeout=10).json()["kind"] == "PodList"
    with pytest.raises(requests.exceptions.JSONDecodeError):
        requests.get(url, timeout=10).json()


def test_private_entries_are_hidden_without_their_permission(tmp_path: Path) -> None:
    line = {
        "logName": f"{PARENT}/logs/cloudaudit.googleapis.com%2Fdata_access",
        "timestamp": "2026-03-01T04:00:00Z",
        "insertId": "d1",
    }
    (tmp_path / "entries.json").write_text(json.dumps([line]))
    with Emulator(tmp_path, faults=["permission-denied,permission=logging.privateLogEntries.list"]) as emulator:
        assert over_rest(emulator, filter="").json() == {}
        emulator.faults.clear()
        assert len(over_rest(emulator, filter="").json()["entries"]) == 1


def permissions(emulator: Emulator, *names: str) -> list[str]:
    url = f"{emulator.rest_url}/v1/{PARENT}:testIamPermissions"
    answer: dict[str, list[str]] = requests.post(url, json={"permissions": names}, timeout=10).json()
    return answer.get("permissions", [])


def test_what_doctor_asks(emulator: Emulator) -> None:
    wanted = ("logging.logEntries.list", "container.operations.list", "logging.privateLogEntries.list")
    assert permissions(emulator, *wanted) == list(wanted)
    emulator.faults.add("permission-denied", method="container.*")
    emulator.faults.add("permission-denied", permission="logging.privateLogEntries.list")
    assert permissions(emulator, *wanted) == ["logging.logEntries.list"]
    emulator.faults.add("service-disabled", method="monitoring.*")
    listed = requests.get(f"{emulator.rest_url}/v1/{PARENT}/services?filter=state:ENABLED", timeout=10).json()
    names = [service["config"]["name"] for service in listed["services"]]
    assert "logging.googleapis.com" in names
    assert "monitoring.googleapis.com" not in names
    project = requests.get(f"{emulator.rest_url}/v1/{PARENT}", timeout=10).json()
    assert (project["projectId"], project["projectNumber"]) == (PROJECT, NUMBER)


def test_credentials_are_noticed(emulator: Emulator) -> None:
    over_rest(emulator)
    host = emulator.rest_url.removeprefix("http://")
    transport = ClusterManagerRestTransport(credentials=AnonymousCredentials(), host=host, url_scheme="http")
    ClusterManagerClient(transport=transport).list_clusters(parent=ALL)
    transport.close()
    requests.get(f"{emulator.rest_url}/v1/{PARENT}", headers={"Authorization": "Bearer x"}, timeout=10)
    assert [(seen.method, seen.authorized) for seen in emulator.ledger.seen] == [
        ("logging.ListLogEntries", False),
        ("container.ListClusters", False),
        ("cloudresourcemanager.GetProject", True),
    ]


def test_control_endpoint(emulator: Emulator) -> None:
    url = f"{emulator.rest_url}/emulator/faults"
    rules = requests.put(url, json=[{"kind": "unavailable", "times": 1}], timeout=10).json()["faults"]
    assert [(rule["kind"], rule["times"]) for rule in rules] == [("unavailable", 1)]
    assert [over_rest(emulator).status_code for _ in range(2)] == [503, 200]
    assert requests.post(url, json={"kind": "gremlins"}, timeout=10).status_code == 400
    assert requests.delete(url, timeout=10).json() == {"faults": []}
    counts = json.load(urllib.request.urlopen(f"{emulator.rest_url}/emulator/requests", timeout=10))
    assert counts["outcomes"] == {"logging.ListLogEntries UNAVAILABLE": 1, "logging.ListLogEntries OK": 1}


def test_rules_are_spelt_in_three_ways(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"kind": "quota", "method": "logging.*", "limit": 60}]')
    same = [
        Faults.read(file).rules[0],
        Fault.from_option("quota,method=logging.*,limit=60"),
        Faults.of([Fault("quota", method="logging.*", limit=60)]).rules[0],
    ]
    assert same[0] == same[1] == same[2]
    assert Fault.from_option("missing-zones,zones=a-1+b-2").zones == ("a-1", "b-2")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fault("gremlins"),
        lambda: Fault.from_json({"kind": "quota", "limits": 1}),
        lambda: Fault.from_json({"method": "*"}),
    ],
)
def test_wrong_rules_are_refused(wrong: Callable[[], Fault]) -> None:
    with pytest.raises(ValueError, match=r"kind|limits"):
        wrong()
