"""Protocol buffers as the REST APIs would write them, so that both transports leave the same bundle.

The objects are those of protobuf's own `MessageToDict`, in half its time: how a type is written is found out once, not
once for every entry. Nor is a whole message refused for one part of it, as is done there where a number is none or a
type is not known.
"""

import base64
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import google.cloud.audit.audit_log_pb2  # registers AuditLog, which log entries carry as Any
import google.rpc.error_details_pb2  # registers what the status of an audit entry carries as Any
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

_REGISTERED = (google.cloud.audit.audit_log_pb2, google.rpc.error_details_pb2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 2**53
"""Up to here doubles hold every whole number; REST writes those without a point."""

Writer = Callable[[Any], Any]


def rest_shape(message: Any) -> dict[str, Any]:
    """A proto-plus or plain message as REST's JSON object: camelCase, enum names, absent defaults left out.

    A part (`google.protobuf.Any`) of a type that is not known here keeps its type and its bytes.
    """
    plain = getattr(message, "_pb", message)
    shaped: dict[str, Any] = _of_type(plain.DESCRIPTOR)(plain)
    return shaped


@cache
def _of_type(kind: Any) -> Writer:
    """How messages of a type (a Descriptor) are written; those that hold anything rare, by protobuf itself."""
    if known := _WRITERS.get(kind.full_name):
        return known
    rare = any(not (field.message_type or field.enum_type or field.type in _KINDS) for field in kind.fields)
    if rare or kind.file.package == "google.protobuf":
        return _by_protobuf
    parts: list[tuple[str, str, bool, Writer]] = []

    def write(message: Any) -> dict[str, Any]:
        if not parts:  # only now, since a type may hold messages of its own
            fields = sorted(kind.fields, key=lambda field: field.number)
            parts.extend((f.name, f.json_name, f.has_presence, _of_field(f)) for f in fields)
        shaped: dict[str, Any] = {}
        for name, json_name, has_presence, written in parts:
            if has_presence:
                if message.HasField(name):
                    shaped[json_name] = written(getattr(message, name))
            elif value := getattr(message, name):
                shaped[json_name] = written(value)
        return shaped

    return write


def _of_field(field: Any) -> Writer:
    """How what a field holds is written: a map, a list, or one value."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        one = _of_one(field.message_type.fields_by_name["value"])
        if one is _unchanged:
            return lambda held: {key: held[key] for key in held}
        return lambda held: {key: one(held[key]) for key in held}
    one = _of_one(field)
    return (lambda held: [one(each) for each in held]) if field.is_repeated else one


def _of_one(field: Any) -> Writer:
    """How one value of a field is written."""
    if field.message_type is not None:
        return _of_type(field.message_type)
    if field.enum_type is not None:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    return _KINDS[field.type]


def _by_protobuf(message: Any) -> Any:
    return MessageToDict(message)


def _struct(struct: Any) -> dict[str, Any]:
    fields = struct.fields
    return {name: _value(fields[name]) for name in fields}


def _value(value: Any) -> Any:
    if text := value.string_value:  # most are texts: no need to ask which kind it is
        return text
    kind = value.WhichOneof("kind")
    return _VALUES[kind](getattr(value, kind)) if kind else None


def _list(values: Any) -> list[Any]:
    return [_value(value) for value in values.values]


def _any(part: Any) -> dict[str, Any]:
    try:
        kind = descriptor_pool.Default().FindMessageTypeByName(part.type_url.rpartition("/")[2])
        inner = message_factory.GetMessageClass(kind).FromString(part.value)
    except (KeyError, DecodeError):
        return {"@type": part.type_url, "value": _base64(part.value)}
    written = _of_type(kind)(inner)
    return {"@type": part.type_url, **(written if isinstance(written, dict) else {"value": written})}


def _time(time: Any) -> str:
    nanos = time.nanos
    if not nanos:
        return f"{_second(time.seconds)}Z"
    if nanos % 1_000:
        return f"{_second(time.seconds)}.{nanos:09}Z"
    if nanos % 1_000_000:
        return f"{_second(time.seconds)}.{nanos // 1_000:06}Z"
    return f"{_second(time.seconds)}.{nanos // 1_000_000:03}Z"


@lru_cache(4096)  # entries that follow each other share their second
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def _double(number: float) -> float | str:
    if math.isfinite(number):
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _unchanged(value: Any) -> Any:
    return value


_WRITERS: dict[str, Writer] = {
    "google.protobuf.Any": _any,
    "google.protobuf.ListValue": _list,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Timestamp": _time,
    "google.protobuf.Value": _value,
}
_VALUES: dict[str, Writer] = {
    "bool_value": _unchanged,
    "list_value": _list,
    "null_value": lambda _: None,
    "number_value": _double,
    "string_value": _unchanged,
    "struct_value": _struct,
}
_KINDS: dict[int, Writer] = {
    FieldDescriptor.TYPE_BOOL: _unchanged,
    FieldDescriptor.TYPE_BYTES: _base64,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_INT32: _unchanged,
    FieldDescriptor.TYPE_INT64: str,
    FieldDescriptor.TYPE_STRING: _unchanged,
}
