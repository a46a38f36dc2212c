"""Rows that were downloaded from Log Analytics are read as the log entries that they stand for."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sources_files.making import NODE, directory, entry, lines, read
from triage.sources.files.rows import entry_of, is_row


def row(number: int, *, texts: bool = False) -> dict[str, Any]:
    """The row of `making.entry`; with `texts`, as `bq query --format=json` prints it."""
    told = entry(number)
    as_column = json.dumps if texts else dict
    time = told["timestamp"].replace("T", " ").replace("Z", "") if texts else told["timestamp"]
    return {
        "log_name": told["logName"],
        "log_id": "kubelet",
        "insert_id": told["insertId"],
        "timestamp": time,
        "receive_timestamp": told["receiveTimestamp"],
        "severity": "INFO",
        "resource": {"type": "k8s_node", "labels": as_column(told["resource"]["labels"])},
        "labels": None,
        "text_payload": None,
        "json_payload": as_column(told["jsonPayload"]),
        "proto_payload": None,
    }


@pytest.mark.parametrize("texts", [False, True])
@pytest.mark.parametrize("array", [False, True])
def test_rows_are_entries(tmp_path: Path, array: bool, texts: bool) -> None:
    rows = [row(number, texts=texts) for number in range(4)]
    content = json.dumps(rows, indent=1) if array else lines(rows)
    evidence = read(directory(tmp_path, {"entries.json": content, "entries-2.json": lines([entry(9)])}))
    assert evidence.tally.read == evidence.tally.kept == 5
    assert set(evidence.entries["log_id"]) == {"kubelet"}
    assert set(evidence.entries["node"]) == {NODE}
    assert not [gap for gap in evidence.gaps if gap.source == "entries"]


def test_an_audit_entry_keeps_the_keys_of_requests() -> None:
    told = entry_of(
        {
            "log_name": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
            "timestamp": "2026-03-01 04:00:00.25 UTC",
            "proto_payload": {
                "type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "audit_log": {
                    "method_name": "io.k8s.core.v1.nodes.patch",
                    "resource_name": f"core/v1/nodes/{NODE}",
                    "authentication_info": {"principal_email": "system:node", "principal_subject": None},
                    "authorization_info": [{"granted": True, "resource_attributes": {"name": NODE}}],
                    "request": '{"spec": {"pod_cidr": "10.8.0.0/24"}}',
                },
            },
        }
    )
    assert told["timestamp"] == "2026-03-01T04:00:00.25Z"
    assert told["protoPayload"] == {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": "io.k8s.core.v1.nodes.patch",
        "resourceName": f"core/v1/nodes/{NODE}",
        "authenticationInfo": {"principalEmail": "system:node"},
        "authorizationInfo": [{"granted": True, "resourceAttributes": {"name": NODE}}],
        "request": {"spec": {"pod_cidr": "10.8.0.0/24"}},
    }


def test_a_log_entry_whose_program_says_log_name_is_no_row() -> None:
    assert not is_row(entry(1) | {"jsonPayload": {"log_name": "x"}})
    assert not is_row(entry(1) | {"log_name": "x"})
