"""What a LogEntry holds, and what a field path means in it.

The names and types are those of google.logging.v2.LogEntry and google.cloud.audit.AuditLog (their JSON spelling). Three
kinds of absence follow from them: a field of the LogEntry itself that is not set compares as its *default*; a key of a
struct or map that is not there is *missing*, and no comparison with it holds; a name that no LogEntry can have is
*undefined*, and the whole filter is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from triage.errors import FilterError
from triage.lql.tokens import fail
from triage.model.filter import MAX_PARTS, And, Anywhere, Call, Filter, Node, Not, Or, Path, Restriction, Span, Value


class Kind(Enum):
    """How the values of a field compare."""

    STRING = "string"
    BOOL = "bool"
    NUMBER = "number"
    SEVERITY = "severity"
    DURATION = "duration"
    TIMESTAMP = "timestamp"
    MESSAGE = "message"
    """A part of the LogEntry that has fields of its own, such as `resource`."""
    DYNAMIC = "dynamic"
    """Whatever JSON value is found there: payloads and maps. May be missing."""


Schema: TypeAlias = Mapping[str, "Kind | Schema | None"]
"""Fields by name; None stands for a struct or a map, below which any key may be."""

_S, _B, _N, _D = Kind.STRING, Kind.BOOL, Kind.NUMBER, Kind.DYNAMIC

LOG_ENTRY: Schema = {
    "logName": _S,
    "resource": {"type": _S, "labels": None},
    "timestamp": Kind.TIMESTAMP,
    "receiveTimestamp": Kind.TIMESTAMP,
    "severity": Kind.SEVERITY,
    "insertId": _S,
    "httpRequest": {
        "requestMethod": _S,
        "requestUrl": _S,
        "requestSize": _N,
        "status": _N,
        "responseSize": _N,
        "userAgent": _S,
        "remoteIp": _S,
        "serverIp": _S,
        "referer": _S,
        "latency": Kind.DURATION,
        "cacheLookup": _B,
        "cacheHit": _B,
        "cacheValidatedWithOriginServer": _B,
        "cacheFillBytes": _N,
        "protocol": _S,
    },
    "labels": None,
    "metadata": {"systemLabels": None, "userLabels": None},
    "operation": {"id": _S, "producer": _S, "first": _B, "last": _B},
    "trace": _S,
    "spanId": _S,
    "traceSampled": _B,
    "sourceLocation": {"file": _S, "line": _N, "function": _S},
    "split": {"uid": _S, "index": _N, "totalSplits": _N},
    "errorGroups": None,
    "apphub": None,
    "apphubSource": None,
    "apphubDestination": None,
    "otel": None,
    "textPayload": _S,
    "jsonPayload": None,
    "protoPayload": None,
}

AUDIT_LOG: Schema = {
    "@type": _D,
    "serviceName": _D,
    "methodName": _D,
    "resourceName": _D,
    "resourceLocation": {"currentLocations": _D, "originalLocations": _D},
    "resourceOriginalState": None,
    "numResponseItems": _D,
    "status": {"code": _D, "message": _D, "details": None},
    "authenticationInfo": {
        "principalEmail": _D,
        "authoritySelector": _D,
        "thirdPartyPrincipal": None,
        "serviceAccountKeyName": _D,
        "serviceAccountDelegationInfo": None,
        "principalSubject": _D,
    },
    "authorizationInfo": {
        "resource": _D,
        "permission": _D,
        "granted": _D,
        "resourceAttributes": {"service": _D, "name": _D, "type": _D, "labels": None},
        "permissionType": _D,
    },
    "policyViolationInfo": {"orgPolicyViolationInfo": None},
    "requestMetadata": {
        "callerIp": _D,
        "callerSuppliedUserAgent": _D,
        "callerNetwork": _D,
        "requestAttributes": None,
        "destinationAttributes": None,
    },
    "request": None,
    "response": None,
    "metadata": None,
    "serviceData": None,
}

SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A path, understood: its keys as they stand in the entry's JSON, and how its values compare.

    `loose` is the number of leading keys after which an unknown protocol-buffer name may stand in any letter case; it
    equals `len(keys)` where every key is exact.
    """

    keys: tuple[str, ...]
    kind: Kind
    loose: int

    @property
    def may_be_missing(self) -> bool:
        """A key below a struct or map: absent, no comparison holds. Otherwise absence means the default."""
        return self.kind is Kind.DYNAMIC


@lru_cache(maxsize=1024)
def resolve(path: Path, text: str = "") -> Field:
    """What a path means. Names of protocol-buffer fields are taken in any letter case, and in snake_case.

    Raises FilterError, pointing into `text`, where no LogEntry has such a field.
    """
    if len(path.parts) > MAX_PARTS:
        raise fail(f"a field has at most {MAX_PARTS} components, this one {len(path.parts):,}", text, *path.span)
    if "" in path.parts:
        raise fail("a field's name cannot be empty", text, *path.span)
    schema: Schema | Kind | None = LOG_ENTRY
    keys: list[str] = []
    for part in path.parts:
        if schema is None or (schema is _D and keys):
            keys.append(part)
            continue
        if isinstance(schema, Kind):
            raise fail(f"{'.'.join(keys)} has no fields, so there is no {part!r} in it", text, *path.span)
        name = _known(part, schema)
        if name is None:
            if keys[:1] == ["protoPayload"]:
                return Field((*keys, *path.parts[len(keys) :]), _D, len(keys))
            raise _undefined(part, keys, schema, text, path.span)
        keys.append(name)
        schema = AUDIT_LOG if name == "protoPayload" else schema[name]
    kind = _D if keys[0] == "protoPayload" or schema is None else schema if isinstance(schema, Kind) else Kind.MESSAGE
    return Field(tuple(keys), kind, len(keys))


def _known(part: str, schema: Schema) -> str | None:
    if part in schema:
        return part
    plain = part.replace("_", "").lower()
    return next((name for name in schema if name.lower() == plain), None)


def _undefined(part: str, keys: list[str], schema: Schema, text: str, span: Span) -> FilterError:
    where = f"{'.'.join(keys)} has no field" if keys else "a log entry has no field"
    close = get_close_matches(part, list(schema), n=1)
    hint = f"; did you mean {'.'.join([*keys, close[0]])}?" if close else ""
    if not keys and not close:
        hint = f"; a payload's own fields are written jsonPayload.{part[:40]}"
    return fail(f"{where} {part[:40]!r}{hint}", text, *span)


def check(filter: Filter) -> None:  # noqa: A002 - the language's own word
    """Raise FilterError where a filter that parses would still be refused: undefined fields, unknown severities."""
    if filter.root is not None:
        for restriction in restrictions(filter.root):
            _check_restriction(restriction, filter.text)


def restrictions(node: Node) -> Iterator[Restriction | Anywhere | Call]:
    """The leaves of the tree, left to right."""
    pending = [node]
    while pending:
        node = pending.pop()
        match node:
            case And(terms) | Or(terms):
                pending.extend(reversed(terms))
            case Not(term):
                pending.append(term)
            case Restriction() | Anywhere() | Call():
                yield node
            case Value():
                raise TypeError("a value stands outside a restriction")


def values(node: Node) -> Iterator[Value]:
    """The values of a restriction's right side, left to right."""
    pending = [node]
    while pending:
        node = pending.pop()
        match node:
            case And(terms) | Or(terms):
                pending.extend(reversed(terms))
            case Not(term):
                pending.append(term)
            case Value():
                yield node
            case _:
                raise TypeError(f"{type(node).__name__} cannot stand in a value list")


def _check_restriction(leaf: Restriction | Anywhere | Call, text: str) -> None:
    if isinstance(leaf, Anywhere):
        return
    if isinstance(leaf, Call):
        _check_call(leaf, text)
        return
    if isinstance(leaf.left, Call):
        _check_call(leaf.left, text)
        return
    field = resolve(leaf.left, text)
    if field.kind is Kind.SEVERITY and leaf.operator not in ("=~", "!~"):
        for value in values(leaf.right):
            if not value.special and severity_number(value.text) is None:
                raise fail(
                    f"there is no severity {value.text[:40]!r}; expected one of {', '.join(SEVERITIES)}",
                    text,
                    *value.span,
                )


def _check_call(call: Call, text: str) -> None:
    for arg in call.args:
        if isinstance(arg, Path):
            resolve(arg, text)
        elif isinstance(arg, Call):
            _check_call(arg, text)


def severity_number(name: str) -> int | None:
    """The number of a severity, given by name in any letter case or as the number itself; None where it is neither."""
    if name.isascii() and name.isdigit():
        return int(name[:9])
    return SEVERITIES.get(name.upper())
