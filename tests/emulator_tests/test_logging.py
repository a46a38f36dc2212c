"""entries.list over both wires, with the real clients: results, order, pages, and every refusal."""

import itertools
import json
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError

import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging as cloud_logging
from google.cloud.audit import audit_log_pb2
from google.cloud.logging_v2.services.config_service_v2 import ConfigServiceV2Client
from google.cloud.logging_v2.services.config_service_v2.transports import ConfigServiceV2GrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import LogEntry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator import Emulator
from tests.emulator_tests.sample import AUDIT_LOG, PROJECT, kubelet_line

PARENT = f"projects/{PROJECT}"
VIEW = f"{PARENT}/locations/global/buckets/_Default/views/_AllLogs"


@pytest.fixture
def channel(emulator: Emulator) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(emulator.grpc_address) as channel:
        yield channel


@pytest.fixture
def client(channel: grpc.Channel) -> LoggingServiceV2Client:
    return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))


def post(emulator: Emulator, body: dict[str, Any], path: str = "/v2/entries:list") -> dict[str, Any]:
    request = urllib.request.Request(emulator.rest_url + path, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def refusal(emulator: Emulator, body: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(HTTPError) as caught:
        post(emulator, body)
    error: dict[str, Any] = json.load(caught.value)["error"]
    assert error["code"] == caught.value.code
    return error


def read(client: LoggingServiceV2Client, **request: Any) -> list[LogEntry]:
    return list(client.list_log_entries(request={"resource_names": [PARENT], **request}))


def test_grpc_client_reads_all_pages_in_order(client: LoggingServiceV2Client, emulator: Emulator) -> None:
    entries = read(client, filter='log_id("kubelet")', page_size=7)
    assert [entry.insert_id for entry in entries] == [f"k{n:04d}" for n in range(30)]
    assert emulator.requests == {"logging.ListLogEntries": 5}


def test_descending_order_is_the_exact_reverse(client: LoggingServiceV2Client) -> None:
    down = read(client, order_by="timestamp desc", page_size=4)
    assert [e.insert_id for e in down] == [e.insert_id for e in read(client)][::-1]


def test_nanoseconds_survive_both_wires(client: LoggingServiceV2Client, emulator: Emulator) -> None:
    query = 'insertId="k0004" timestamp="2026-03-01T04:00:02.123456789Z"'
    (entry,) = read(client, filter=query)
    assert LogEntry.pb(entry).timestamp.nanos == 123456789
    body = post(emulator, {"resourceNames": [PARENT], "filter": query})
    assert [e["timestamp"] for e in body["entries"]] == ["2026-03-01T04:00:02.123456789Z"]


def test_audit_payload_is_a_real_any(client: LoggingServiceV2Client) -> None:
    (entry,) = read(client, filter=f'logName="{AUDIT_LOG}"')
    payload = LogEntry.pb(entry).proto_payload
    audit = audit_log_pb2.AuditLog()
    assert payload.Unpack(audit)
    assert audit.method_name.endswith("RepairNodePool")
    assert audit.metadata["operationType"] == "AUTO_REPAIR_NODES"
    assert audit.request["@type"] == "type.googleapis.com/unheard.of.Request"
    assert audit.HasField("status")


def test_rest_serves_what_protobuf_could_not_hold(emulator: Emulator) -> None:
    body = post(emulator, {"resourceNames": [PARENT], "filter": 'log_id("cloudaudit.googleapis.com/activity")'})
    assert body["entries"][0]["protoPayload"]["aFieldOfTomorrow"] == {"deep": [1]}


def test_handwritten_http_client(emulator: Emulator) -> None:
    client = cloud_logging.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": emulator.rest_url},
        _use_grpc=False,
    )
    found = list(client.list_entries(filter_='jsonPayload.number>=28 timestamp>"2026-01-01"', page_size=1))
    assert [entry.payload["MESSAGE"] for entry in found] == ["sync loop took 28s", "sync loop took 29s"]
    assert emulator.requests == {"logging.ListLogEntries": 2}


def test_every_port_serves_both_wires(emulator: Emulator) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{emulator.rest_port}") as channel:
        client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
        assert len(read(client)) == 31
    with urllib.request.urlopen(f"http://{emulator.grpc_address}/v2/{PARENT}/logs", timeout=10) as response:
        assert json.load(response)["logNames"] == [AUDIT_LOG, f"{PARENT}/logs/kubelet"]


def test_default_page_is_fifty(tmp_path: Any) -> None:
    lines = [kubelet_line(n, at=f"2026-03-01T04:00:00.{n:09d}Z") for n in range(60)]
    (tmp_path / "entries.json").write_text(json.dumps({"entries": lines}))
    with Emulator(tmp_path) as emulator:
        body = post(emulator, {"resourceNames": [PARENT]})
    assert len(body["entries"]) == 50
    assert body["nextPageToken"]


def test_duplicates_within_a_result_come_once(client: LoggingServiceV2Client) -> None:
    assert len(read(client, filter='insertId="k0003"')) == 1


@pytest.mark.parametrize(
    ("name", "logs"),
    [
        (VIEW, {"kubelet"}),
        (VIEW.replace("_Default/", "_Required/"), {"cloudaudit.googleapis.com%2Factivity"}),
        ("folders/77", set()),
        ("projects/518203771946", {"kubelet", "cloudaudit.googleapis.com%2Factivity"}),
    ],
)
def test_views_show_their_bucket(client: LoggingServiceV2Client, name: str, logs: set[str]) -> None:
    entries = list(client.list_log_entries(request={"resource_names": [name]}))
    assert {entry.log_name.rsplit("/", 1)[1] for entry in entries} == logs


def test_a_view_of_ones_own(evidence: Any) -> None:
    view = f"{PARENT}/locations/eu/buckets/team/views/nodes"
    with Emulator(evidence, views={view: 'jsonPayload.number<3 log_id("kubelet")'}) as emulator:
        body = post(emulator, {"resourceNames": [view], "filter": 'insertId>="k0001"'})
    assert [entry["insertId"] for entry in body["entries"]] == ["k0001", "k0002"]


def test_buckets_and_views_are_listed(channel: grpc.Channel) -> None:
    config = ConfigServiceV2Client(transport=ConfigServiceV2GrpcTransport(channel=channel))
    buckets = list(config.list_buckets(parent=f"{PARENT}/locations/-"))
    assert {bucket.name.rsplit("/", 1)[1]: bucket.retention_days for bucket in buckets} == {
        "_Default": 30,
        "_Required": 400,
    }
    assert VIEW in [view.name for view in config.list_views(parent=buckets[0].name)]


BAD_REQUESTS: list[tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = [
    (lambda ok: {}, "resource_names"),
    (lambda ok: {"resourceNames": [f"projects/p{n}" for n in range(101)]}, "at most 100"),
    (lambda ok: {"resourceNames": [PROJECT]}, "not a valid resource name"),
    (lambda ok: {"resourceNames": [f"{PARENT}/logs/kubelet"]}, "not a valid resource name"),
    (lambda ok: {**ok, "orderBy": "timestamp"}, "order_by"),
    (lambda ok: {**ok, "orderBy": "severity desc"}, "order_by"),
    (lambda ok: {**ok, "pageSize": -1}, "page_size"),
    (lambda ok: {**ok, "pageSize": 1001}, "page_size"),
    (lambda ok: {**ok, "pageToken": "bogus"}, "page_token"),
    (lambda ok: {**ok, "filter": "x" * 20_001}, "20000"),
    (lambda ok: {**ok, "filter": "insertId = abc:def"}, "Unparseable filter: syntax error at line 1, column"),
    (lambda ok: {**ok, "filter": 'thud="x"'}, "Unparseable filter"),
    (lambda ok: {**ok, "filtre": "x"}, "filtre"),
    (lambda ok: {**ok, "pageSize": "many"}, "pageSize"),
]


@pytest.mark.parametrize(("change", "text"), BAD_REQUESTS)
def test_bad_requests_are_refused(
    emulator: Emulator, change: Callable[[dict[str, Any]], dict[str, Any]], text: str
) -> None:
    error = refusal(emulator, change({"resourceNames": [PARENT]}))
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert text in error["message"]


def test_grpc_refuses_in_the_same_words(client: LoggingServiceV2Client) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Unparseable filter: syntax error at line 1, column"):
        read(client, filter='textPayload:"a" AND (')


@pytest.mark.parametrize(
    "change",
    [{"filter": 'log_id("kubelet") '}, {"orderBy": "timestamp desc"}, {"resourceNames": [PARENT, "folders/1"]}],
)
def test_page_token_is_bound_to_its_request(emulator: Emulator, change: dict[str, Any]) -> None:
    request = {"resourceNames": [PARENT], "filter": 'log_id("kubelet")', "pageSize": 5}
    token = post(emulator, request)["nextPageToken"]
    assert len(post(emulator, {**request, "pageSize": 2, "pageToken": token})["entries"]) == 2
    error = refusal(emulator, {**request, "pageToken": token, **change})
    assert error["message"] == "page_token doesn't match arguments from the request"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 12), min_size=1), order=st.sampled_from(["timestamp asc", "timestamp desc"]))
def test_pages_of_any_sizes_lose_and_repeat_nothing(emulator: Emulator, sizes: list[int], order: str) -> None:
    request: dict[str, Any] = {"resourceNames": [PARENT], "filter": 'log_id("kubelet")', "orderBy": order}
    found: list[str] = []
    for size in itertools.cycle(sizes):
        body = post(emulator, {**request, "pageSize": size})
        found += [entry["insertId"] for entry in body["entries"]]
        if "nextPageToken" not in body:
            break
        request["pageToken"] = body["nextPageToken"]
    whole = [f"k{n:04d}" for n in range(30)]
    assert found == (whole if order == "timestamp asc" else whole[::-1])


def test_many_readers_at_once(emulator: Emulator) -> None:
    def one(number: int) -> int:
        query = f"jsonPayload.number<{number}"
        if number % 2:
            return len(post(emulator, {"resourceNames": [PARENT], "filter": query}).get("entries", []))
        with grpc.insecure_channel(emulator.grpc_address) as channel:
            transport = LoggingServiceV2GrpcTransport(channel=channel)
            return len(read(LoggingServiceV2Client(transport=transport), filter=query))

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(one, range(24))) == list(range(24))


def test_unknown_project_is_denied(emulator: Emulator) -> None:
    error = refusal(emulator, {"resourceNames": ["projects/somebody-else"]})
    assert (error["status"], error["message"]) == ("PERMISSION_DENIED", "Permission denied for all log views")


def test_entries_of_any_shape_reach_a_grpc_client(tmp_path: Any) -> None:
    odd = kubelet_line(1, labels=5, severity="LOUD", errorGroups=[{"id": "g"}], operation={"id": "o", "news": 1})
    unknown = kubelet_line(2, protoPayload={"@type": "type.googleapis.com/un.known", "x": 1})
    broken = kubelet_line(3, protoPayload={"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "status": 7})
    for entry in (unknown, broken):
        del entry["jsonPayload"]
    (tmp_path / "entries.json").write_text(json.dumps([odd, unknown, broken]))
    with Emulator(tmp_path) as emulator, grpc.insecure_channel(emulator.grpc_address) as channel:
        client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
        entries = [LogEntry.pb(entry) for entry in read(client)]
    assert [entry.insert_id for entry in entries] == ["k0001", "k0002", "k0003"]
    assert entries[0].operation.id == "o"
    assert entries[0].json_payload["number"] == 1
    assert entries[1].proto_payload.type_url == "type.googleapis.com/un.known"
    assert entries[2].proto_payload.Is(audit_log_pb2.AuditLog.DESCRIPTOR)
