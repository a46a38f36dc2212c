"""Examples in signal files, as the log entries they stand for."""

import copy
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from triage.model.signal import Stream

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')
_TIME = "2024-03-05T06:07:08.123456789Z"


@cache
def split_path(dotted: str) -> tuple[str, ...]:
    """`labels."a.b/c"` as `("labels", "a.b/c")`."""
    return tuple(quoted or plain for quoted, plain in _PART.findall(dotted))


def set_path(entry: dict[str, Any], dotted: str, value: Any) -> None:
    """Put a value where a dotted path leads, making the objects on the way."""
    *way, last = split_path(dotted)
    for part in way:
        inner = entry.get(part)
        if not isinstance(inner, dict):
            inner = entry[part] = {}
        entry = inner
    entry[last] = copy.deepcopy(value)


def example_entry(stream: Stream, text: str | None, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """The log entry of a stream that holds this text and these fields (by dotted path); fields win."""
    entry: dict[str, Any] = {"insertId": "example", "timestamp": _TIME, "receiveTimestamp": _TIME}
    for path, value in stream.example.items():
        set_path(entry, path, value)
    if text is not None:
        set_path(entry, stream.text[0], text)
    for path, value in (fields or {}).items():
        set_path(entry, path, value)
    return entry


def example_json(stream: Stream, text: str | None, fields: Mapping[str, Any] | None) -> str:
    """The same as JSON text."""
    return json.dumps(example_entry(stream, text, fields), ensure_ascii=False)
