"""The gRPC side: generic handlers over the client libraries' own messages."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status  # type: ignore[import-untyped]  # ships no types

from tests.emulator.dispatch import Dispatcher, Method
from tests.emulator.errors import ApiError
from tests.emulator.faults import Fault
from tests.emulator.messages import parse_message, to_request

Cut = Callable[[str, int], None]
"""Called with the peer of a call: its connection is to be reset after that many bytes of the answer."""

_THREADS = 16


def serve_grpc(dispatcher: Dispatcher, cut: Cut) -> tuple[grpc.Server, int]:
    """Start a plaintext server of all methods that have a gRPC service; its port is chosen and handed back."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="emulator-grpc"),
        options=[("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)],
    )
    services: dict[str, dict[str, grpc.RpcMethodHandler]] = defaultdict(dict)
    for method in dispatcher.methods:
        if method.service:
            services[method.service][method.rpc] = _handler(method, dispatcher, cut)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(service, handlers) for service, handlers in services.items()]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _handler(method: Method, dispatcher: Dispatcher, cut: Cut) -> grpc.RpcMethodHandler:
    request_type, response_type = method.request, method.response
    assert request_type is not None
    assert response_type is not None

    def answer(message: Message, context: grpc.ServicerContext) -> bytes:
        authorized = any(key == "authorization" for key, _ in context.invocation_metadata())
        try:
            reply = dispatcher.call(method, to_request(message), transport="grpc", authorized=authorized)
        except ApiError as error:
            context.abort_with_status(rpc_status.to_status(error.to_status()))
        response = method.encode(reply.body) if method.encode else parse_message(reply.body, response_type())
        return _spoilt(response.SerializeToString(), reply.wire, context, cut)

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=request_type.FromString, response_serializer=_as_it_is
    )


def _spoilt(data: bytes, fault: Fault | None, context: Any, cut: Cut) -> bytes:
    if fault is None:
        return data
    if fault.kind == "malformed":
        # A length-delimited field that promises more than there is: no protobuf reader accepts it.
        return data[: len(data) // 2] + b"\x0a\xff\xff\xff\x7f"
    cut(context.peer(), len(data) // 2 if fault.bytes is None else min(fault.bytes, len(data)))
    return data


def _as_it_is(data: bytes) -> bytes:
    return data
