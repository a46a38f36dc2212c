"""What gRPC brings is written as REST would have written it."""

import math
from typing import Any

import pytest
from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.container_v1.types import ListClustersResponse
from google.cloud.logging_v2.types import LogEntry
from google.cloud.monitoring_v3.types import TimeSeries
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.sources.live.protos import rest_shape

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
PAYLOADS = st.dictionaries(TEXTS, JSON, max_size=4)
SECONDS = st.integers(-62135596800, 253402300799)
NANOS = st.sampled_from([0, 1, 120, 999_000, 1_000_000, 999_999_999]) | st.integers(0, 999_999_999)


def filled(payload: dict[str, Any]) -> Struct:
    return ParseDict(payload, Struct())


@st.composite
def entries(draw: st.DrawFn) -> Message:
    entry = LogEntry.pb()(
        log_name=draw(TEXTS),
        insert_id=draw(TEXTS),
        severity=draw(st.sampled_from([0, 100, 500, 800])),
        labels=draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        resource={"type": draw(TEXTS), "labels": draw(st.dictionaries(TEXTS, TEXTS, max_size=3))},
        timestamp={"seconds": draw(SECONDS), "nanos": draw(NANOS)},
        trace_sampled=draw(st.booleans()),
    )
    match draw(st.integers(0, 3)):
        case 0:
            entry.text_payload = draw(TEXTS)
        case 1:
            entry.json_payload.CopyFrom(filled(draw(PAYLOADS)))
        case 2:
            audit = AuditLog(method_name=draw(TEXTS), num_response_items=draw(st.integers(0, 2**63 - 1)))
            audit.request.CopyFrom(filled(draw(PAYLOADS)))
            audit.authorization_info.add(permission=draw(TEXTS), granted=draw(st.booleans()))
            entry.proto_payload.Pack(audit)
    if draw(st.booleans()):
        entry.http_request.CopyFrom(
            type(entry.http_request)(status=503, request_size=2**40, latency={"seconds": 1, "nanos": 5})
        )
    return entry


@given(entries())
@settings(max_examples=150, deadline=None)
def test_entries_are_what_protobuf_itself_writes(entry: Message) -> None:
    assert rest_shape(entry) == MessageToDict(entry)


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (
            ListClustersResponse,
            {
                "clusters": [
                    {
                        "name": "front",
                        "currentNodeCount": 3,
                        "resourceLabels": {"team": "shop"},
                        "status": "RUNNING",
                        "nodePools": [
                            {
                                "name": "pool",
                                "upgradeSettings": {
                                    "strategy": "BLUE_GREEN",
                                    "blueGreenSettings": {
                                        "nodePoolSoakDuration": "3600s",
                                        "standardRolloutPolicy": {
                                            "batchPercentage": 0.1,
                                            "batchSoakDuration": "5.500s",
                                        },
                                    },
                                },
                            }
                        ],
                    }
                ],
                "missingZones": ["europe-west1-b"],
            },
        ),
        (
            TimeSeries,
            {
                "metric": {"type": "kubernetes.io/node/pid_used", "labels": {"a": "b"}},
                "resource": {"type": "k8s_node", "labels": {"node_name": "n"}},
                "metadata": {"systemLabels": {"state": "ACTIVE", "count": 2.5}},
                "metricKind": "GAUGE",
                "points": [
                    {"interval": {"endTime": "2026-03-01T04:00:00Z"}, "value": {"int64Value": "0"}},
                    {"interval": {"endTime": "2026-03-01T04:01:00Z"}, "value": {"doubleValue": 0.0}},
                    {"interval": {"endTime": "2026-03-01T04:02:00.500Z"}, "value": {"boolValue": False}},
                ],
            },
        ),
    ],
)
def test_other_answers_as_well(kind: Any, record: dict[str, Any]) -> None:
    message = ParseDict(record, kind.pb()())
    assert rest_shape(kind.wrap(message)) == MessageToDict(message) == record


def test_a_number_that_is_none_costs_no_entry() -> None:
    entry = LogEntry.pb()(insert_id="a")
    for name, number in (("x", math.nan), ("y", math.inf), ("z", -math.inf), ("pid", 2711.0)):
        entry.json_payload.fields[name].number_value = number
    payload = rest_shape(entry)["jsonPayload"]
    assert payload == {"x": "NaN", "y": "Infinity", "z": "-Infinity", "pid": 2711}
    assert isinstance(payload["pid"], int)  # 2711.0 would not be found by its text


def test_what_an_audit_entry_holds_beside_an_unknown_part_is_kept() -> None:
    status = Status(code=9, message="repair failed")
    status.details.add().Pack(ErrorInfo(reason="QUOTA", metadata={"zone": "b"}))
    status.details.append(AnyMessage(type_url="type.example.com/shop.Unknown", value=b"\x08\x01"))
    status.details.append(AnyMessage(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff"))
    entry = LogEntry.pb()()
    entry.proto_payload.Pack(AuditLog(method_name="RepairNodePool", status=status))
    payload = rest_shape(entry)["protoPayload"]
    assert payload["methodName"] == "RepairNodePool"
    assert payload["status"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "QUOTA", "metadata": {"zone": "b"}},
        {"@type": "type.example.com/shop.Unknown", "value": "CAE="},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "value": "/w=="},
    ]


def test_an_unknown_payload_keeps_its_type_and_bytes() -> None:
    entry = LogEntry.pb()(insert_id="a", proto_payload={"type_url": "type.example.com/shop.Unknown", "value": b"\x01"})
    assert rest_shape(entry) == {
        "insertId": "a",
        "protoPayload": {"@type": "type.example.com/shop.Unknown", "value": "AQ=="},
    }
