"""Small evidence directories for tests."""

import json
from pathlib import Path
from typing import Any

from triage.evidence.evidence import Evidence
from triage.lql.parse import parse
from triage.model.place import Ask
from triage.sources.files.read import read_evidence
from triage.sources.plan import Plan, plan_filters

NODE = "gke-prod-main-d2beeabd-79lr"
WANTED = "resource temporarily unavailable"


def plan(*filters: str) -> Plan:
    wanted = filters or (f'jsonPayload.MESSAGE:"{WANTED}"', f'textPayload:"{WANTED}"')
    return plan_filters(map(parse, wanted))


def entry(number: int = 0, message: str = f"fork: {WANTED}", **more: Any) -> dict[str, Any]:
    """A kubelet's line at 04:MM of 2026-03-01, one minute apart."""
    return {
        "insertId": f"i{number}",
        "logName": "projects/shop/logs/kubelet",
        "timestamp": f"2026-03-01T{4 + number // 60:02}:{number % 60:02}:00Z",
        "receiveTimestamp": f"2026-03-01T{4 + number // 60:02}:{number % 60:02}:01Z",
        "resource": {
            "type": "k8s_node",
            "labels": {"project_id": "shop", "location": "us-east1-b", "cluster_name": "prod", "node_name": NODE},
        },
        "jsonPayload": {"MESSAGE": message, "SYSLOG_IDENTIFIER": "kubelet"},
        **more,
    }


def vm_entry(number: int, vm: str | None, **more: Any) -> dict[str, Any]:
    """A VM's serial console, which names no cluster."""
    found = entry(
        number,
        logName="projects/shop/logs/serialconsole.googleapis.com%2Fserial_port_1_output",
        resource={
            "type": "gce_instance",
            "labels": {"instance_id": f"1{number}", "project_id": "shop", "zone": "us-east1-b"},
        },
        textPayload=f"[ 1.5] fork: {WANTED}\\r\\n",
        **more,
    )
    del found["jsonPayload"]
    return found | ({"labels": {"compute.googleapis.com/resource_name": vm}} if vm else {})


def lines(entries: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in entries)


def directory(path: Path, files: dict[str, Any]) -> Path:
    """Write files: texts and bytes as they are, everything else as JSON."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(path: Path, *filters: str, **ask: Any) -> Evidence:
    return read_evidence(path, Ask(**ask), plan(*filters))


def reasons(evidence: Evidence, source: str = "entries") -> list[str]:
    return [gap.reason for gap in evidence.gaps if gap.source == source]
