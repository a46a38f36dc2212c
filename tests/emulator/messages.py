"""JSON records as protobuf messages, as the services pack them: audit payloads as Any, what is unknown left out."""

from collections.abc import Mapping
from typing import Any

from google.cloud.appengine_logging_v1.types import RequestLog
from google.cloud.audit import audit_log_pb2
from google.cloud.logging_v2.types import ListLogEntriesResponse, LogEntry
from google.protobuf import descriptor_pool, json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2

# Named here for what importing them does: it registers the payload types that an Any may name.
_REGISTERED = (audit_log_pb2.AuditLog, RequestLog, error_details_pb2.ErrorInfo)


def parse_message(record: Mapping[str, Any], message: Message) -> Message:
    """Fill `message` from proto3 JSON. Fields and enum names that it does not know are left out, as an older client
    would see them; an Any of a type without a descriptor keeps its type URL and no bytes.
    """
    json_format.ParseDict(_readable(record), message, ignore_unknown_fields=True)
    return message


def to_request(message: Message) -> dict[str, Any]:
    """A request as the JSON that REST would carry, absent fields absent."""
    request: dict[str, Any] = json_format.MessageToDict(message)
    return request


def entries_response(body: Mapping[str, Any]) -> Message:
    """ListLogEntriesResponse, entry by entry, so that one odd entry does not spoil the page."""
    response = ListLogEntriesResponse.pb()(next_page_token=body.get("nextPageToken", ""))
    for entry in body.get("entries", ()):
        response.entries.append(entry_message(entry))
    return response


def entry_message(entry: Mapping[str, Any]) -> Message:
    """A LogEntry. Fields that do not fit the schema are left out one by one: evidence may hold anything."""
    kind = LogEntry.pb()
    plain = {key: value for key, value in entry.items() if key != "protoPayload"}
    try:
        message = parse_message(plain, kind())
    except (json_format.ParseError, ValueError, TypeError):
        message = _fitting(plain, kind())
    payload = entry.get("protoPayload")
    if isinstance(payload, Mapping):
        message.proto_payload.CopyFrom(pack(payload))
    return message


def pack(payload: Mapping[str, Any]) -> AnyMessage:
    """`protoPayload` as a real Any."""
    url = str(payload.get("@type", ""))
    name = url.rsplit("/", 1)[-1]
    packed = AnyMessage(type_url=url)
    try:
        descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        return packed
    try:
        json_format.ParseDict(_readable(payload), packed, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError):
        message = audit_log_pb2.AuditLog()
        _fitting({key: value for key, value in payload.items() if key != "@type"}, message)
        packed = AnyMessage(type_url=url, value=message.SerializeToString(deterministic=True))
    return packed


def _fitting(record: Mapping[str, Any], message: Message) -> Message:
    """Only those fields of `record` that parse on their own."""
    for key, value in record.items():
        part = type(message)()
        try:
            parse_message({key: value}, part)
        except (json_format.ParseError, ValueError, TypeError):
            continue
        message.MergeFrom(part)
    return message


def _readable(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without those Any values that no descriptor is known for."""
    out: dict[str, Any] = {}
    for key, value in record.items():
        if key == "serviceData":
            if _known(value):
                out[key] = value
        elif key == "status" and isinstance(value, Mapping) and "details" in value:
            details = [detail for detail in value["details"] if _known(detail)]
            out[key] = {**value, "details": details}
        else:
            out[key] = value
    return out


def _known(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    try:
        descriptor_pool.Default().FindMessageTypeByName(str(value.get("@type", "")).rsplit("/", 1)[-1])
    except KeyError:
        return False
    return True
