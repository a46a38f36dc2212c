"""Rows of Log Analytics (the view `_AllLogs` of a log bucket) as log entries.

The view has the fields of a LogEntry in snake case; an audit entry lies in `proto_payload.audit_log`. The console gives
columns of type JSON as objects; `bq query --format=json` as texts, and times without their zone, which is UTC.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_TELLING = ("log_name", "json_payload", "text_payload", "proto_payload")
_AS_THEY_ARE = frozenset({"request", "response", "metadata", "service_data", "resource_original_state"})
"""Columns of type JSON inside an audit entry: their keys are somebody else's."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?: ?(?:UTC|Z|\+00(?::?00)?))?")
_BETWEEN = re.compile(r"(?<=[a-z0-9])_([a-z])")


def is_row(value: Any) -> bool:
    """Whether a JSON value is a row of Log Analytics and no LogEntry."""
    return isinstance(value, dict) and "logName" not in value and any(key in value for key in _TELLING)


def entry_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The LogEntry that a row stands for."""
    entry = {_camel(key): value for key, value in row.items() if value is not None and key != "log_id"}
    for key in ("timestamp", "receiveTimestamp"):
        time = _TIME.fullmatch(entry[key]) if isinstance(entry.get(key), str) else None
        if time:
            entry[key] = f"{time[1]}T{time[2]}Z"
    for key in ("labels", "jsonPayload", "httpRequest", "operation", "sourceLocation"):
        if key in entry:
            entry[key] = _opened(entry[key])
    resource = entry.get("resource")
    if isinstance(resource, dict):
        entry["resource"] = {**resource, "labels": _opened(resource.get("labels"))}
    payload = _opened(entry.get("protoPayload"))
    if isinstance(payload, dict):
        audit = _opened(payload.get("audit_log"))
        inner = _camel_keys(audit) if isinstance(audit, dict) else {}
        entry["protoPayload"] = {"@type": payload.get("type"), **inner}
    return entry


def _camel(key: str) -> str:
    return _BETWEEN.sub(lambda found: found[1].upper(), key)


def _camel_keys(value: Any) -> Any:
    """An audit entry's fields by the names that they have in JSON, however deep."""
    if isinstance(value, dict):
        return {
            _camel(key): _opened(inner) if key in _AS_THEY_ARE else _camel_keys(inner)
            for key, inner in value.items()
            if inner is not None
        }
    return [_camel_keys(inner) for inner in value] if isinstance(value, list) else value


def _opened(value: Any) -> Any:
    """A column of type JSON, which may come as text."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return value
