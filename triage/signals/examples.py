"""Examples in signal files, as the log entries they stand for."""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from triage.model.signal import Signal, Stream

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


@dataclass(frozen=True)
class Example:
    """One example of a signal file, ready to be put to the engine."""

    trail: tuple[str | int, ...]
    """Where it stands in the file."""
    via: str | None
    """The alternative that must see it; None where nothing must."""
    stream: str
    extracts: Mapping[str, str]
    entry: Mapping[str, Any]

    @property
    def json(self) -> str:
        """The whole LogEntry."""
        return json.dumps(self.entry, ensure_ascii=False)

    @property
    def message(self) -> str:
        """The entry's telling text, as the evidence table holds it."""
        return message_of(self.entry)


def examples_of(signal: Signal, streams: Sequence[Stream]) -> Iterator[Example]:
    """The examples of a signal whose streams (and alternatives) are known."""
    known = {stream.id: stream for stream in streams}
    first = {alternative.name: alternative.stream[0] for alternative in signal.detect}
    for index, match in enumerate(signal.examples.match):
        stream = known.get(match.stream or first.get(match.via, ""))
        if stream is not None:
            entry = example_entry(stream, match.text, match.fields)
            yield Example(("examples", "match", index), match.via, stream.id, match.extracts, entry)
    for index, ignore in enumerate(signal.examples.ignore):
        stream = known.get(ignore.stream)
        if stream is not None:
            entry = example_entry(stream, ignore.text, ignore.fields)
            yield Example(("examples", "ignore", index), None, stream.id, {}, entry)


def message_of(entry: Mapping[str, Any]) -> str:
    """The telling text of an entry: an audit entry's status, else the text, else the payload's message.

    An event's reason stands before its message.
    """
    proto, payload = entry.get("protoPayload"), entry.get("jsonPayload")
    if isinstance(proto, Mapping):
        status = proto.get("status")
        told = status.get("message") if isinstance(status, Mapping) else None
        return str(told or f"{proto.get('methodName', '')} {proto.get('resourceName', '')}".strip())
    if isinstance(entry.get("textPayload"), str):
        return str(entry["textPayload"])
    if not isinstance(payload, Mapping):
        return ""
    if payload.get("kind") == "Event":
        told = payload.get("message") or payload.get("action")
        return ": ".join(str(part) for part in (payload.get("reason"), told) if part)
    for key in ("MESSAGE", "message", "msg", "log"):
        if isinstance(payload.get(key), str):
            return str(payload[key])
    return json.dumps(payload, ensure_ascii=False)
