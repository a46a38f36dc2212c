"""The REST side: paths, query parameters and bodies to requests, answers and refusals to JSON."""

import json
import re
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tests.emulator.dispatch import Dispatcher, Json, Method, Reply
from tests.emulator.errors import ApiError, invalid
from tests.emulator.messages import to_request

_SYSTEM_PARAMETERS = frozenset(("alt", "$alt", "prettyPrint", "key", "quotaUser", "userProject"))
"""Parameters of the front end, not of a method. `fields` is not among them: a partial answer would be a wrong one."""


@dataclass(frozen=True)
class Route:
    verb: str
    pattern: re.Pattern[str]
    method: Method


class Router:
    """Finds the method of a path, and makes its request."""

    def __init__(self, methods: Iterable[Method]) -> None:
        self._routes = [Route(verb, _pattern(path), m) for m in methods for verb, path in m.rest]

    def resolve(self, verb: str, target: str, body: bytes) -> tuple[Method, Json]:
        """The method and its request as JSON. Raises ApiError: no such path, or no such field."""
        parts = urlsplit(target)
        for route in self._routes:
            match = route.pattern.fullmatch(parts.path)
            if match and route.verb == verb:
                path = {name: unquote(value) for name, value in match.groupdict().items()}
                return route.method, _request(route.method, path, parts.query, body)
        raise ApiError("NOT_FOUND", f"The requested URL {parts.path[:200]} was not found on this server.")


def _pattern(template: str) -> re.Pattern[str]:
    """`/v2/{parent=*/*}/logs` as a pattern with a group per variable."""
    out = ""
    for literal, variable in re.findall(r"([^{]+)|\{([^}]+)\}", template):
        if literal:
            out += re.escape(literal)
            continue
        name, _, shape = variable.partition("=")
        out += f"(?P<{name}>{re.escape(shape or '*').replace(re.escape('*'), '[^/:]+')})"
    return re.compile(out)


def _request(method: Method, path: dict[str, str], query: str, body: bytes) -> Json:
    fields: dict[str, Any] = {}
    if body:
        try:
            document = json.loads(body)
        except ValueError:
            raise invalid("Invalid JSON payload received. Unexpected end of string.") from None
        if not isinstance(document, dict):
            raise invalid("Invalid JSON payload received. The root must be an object.")
        fields.update(document)
    descriptor = method.request.DESCRIPTOR if method.request else None
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _SYSTEM_PARAMETERS:
            _bind(fields, descriptor, name, value)
    fields.update(path)
    if method.request is None:
        return fields
    try:
        return to_request(json_format.ParseDict(fields, method.request()))
    except json_format.ParseError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from None


def _bind(fields: dict[str, Any], descriptor: Descriptor | None, name: str, value: str) -> None:
    """Put one query parameter where its dotted name says, into a list where the field is repeated."""
    *outer, last = name.split(".")
    for part in outer:
        found = _field(descriptor, part, name) if descriptor else None
        descriptor = found.message_type if found else None
        fields = fields.setdefault(part, {})
    found = _field(descriptor, last, name) if descriptor else None
    if found is not None and found.is_repeated:
        fields.setdefault(last, []).append(value)
    elif found is not None and found.type == FieldDescriptor.TYPE_BOOL:
        fields[last] = value.lower() == "true"
    else:
        fields[last] = value


def _field(descriptor: Descriptor, part: str, name: str) -> FieldDescriptor:
    for field in descriptor.fields:
        if part in (field.json_name, field.name):
            return field
    raise invalid(
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message."
    )


class RestHandler(BaseHTTPRequestHandler):
    """One HTTP connection, kept alive."""

    protocol_version = "HTTP/1.1"
    server_version = "triage-emulator"
    # Headers and body go out as one write: a small write waiting for an ACK would cost 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True
    router: Router
    dispatcher: Dispatcher
    others: "tuple[OtherPaths, ...]" = ()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            for other in self.others:
                if self.path.startswith(other.prefix):
                    self._reply(other.answer(self.command, self.path, body))
                    return
            method, request = self.router.resolve(self.command, self.path, body)
            authorized = "Authorization" in self.headers
            reply = self.dispatcher.call(method, request, transport="rest", authorized=authorized)
        except ApiError as error:
            self._send(error.http_status, error.to_json())
            return
        self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        if reply.wire is None:
            self._send(reply.status, reply.body)
            return
        data = json.dumps(reply.body).encode()
        if reply.wire.kind == "malformed":
            self._send_bytes(200, b"<html><title>502 Bad Gateway" + data[: len(data) // 2], len(data) // 2 + 28)
            return
        sent = len(data) // 2 if reply.wire.bytes is None else reply.wire.bytes
        self._send_bytes(200, data[:sent], len(data))
        reset(self.connection)
        self.close_connection = True

    def _send(self, status: int, document: Any) -> None:
        data = json.dumps(document).encode()
        self._send_bytes(status, data, len(data))

    def _send_bytes(self, status: int, data: bytes, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Nothing: the ledger holds every request."""


class OtherPaths:
    """Paths beside the Google APIs: the Kubernetes API, the control endpoint."""

    prefix: str

    def answer(self, verb: str, target: str, body: bytes) -> Reply:
        """The answer. Raises ApiError in the Google form."""
        raise NotImplementedError


def reset(connection: socket.socket) -> None:
    """Let the close that follows be a reset, so that the other end sees an error and no orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
