"""One port for both wires: connections that open with the HTTP/2 preface go to gRPC, the rest is REST."""

import contextlib
import socket
import threading
from collections.abc import Sequence
from http.server import ThreadingHTTPServer
from typing import Any

from tests.emulator.rest import RestHandler, reset

PREFACE = b"PRI * HTTP/2.0"


class Tunnels:
    """The connections that are passed on to the gRPC server, known by the port they come from there."""

    def __init__(self) -> None:
        self._limits: dict[int, int] = {}
        self._lock = threading.Lock()

    def cut(self, peer: str, after: int) -> None:
        """Reset the connection of this gRPC peer (`ipv4:127.0.0.1:PORT`) once `after` more bytes went out."""
        with self._lock:
            self._limits[int(peer.rsplit(":", 1)[1])] = after

    def passing(self, port: int, data: bytes) -> tuple[bytes, bool]:
        """What of `data` may still go out, and whether the connection ends there."""
        with self._lock:
            limit = self._limits.get(port)
            if limit is None:
                return data, False
            self._limits[port] = limit - len(data)
        return data[:limit], len(data) >= limit

    def forget(self, port: int) -> None:
        with self._lock:
            self._limits.pop(port, None)


class PortServer(ThreadingHTTPServer):
    """Listens on one port and serves both wires there."""

    daemon_threads = True
    block_on_close = False
    # A burst of connections must not be refused.
    request_queue_size = 128

    def __init__(self, port: int, handler: type[RestHandler], grpc_port: int, tunnels: Tunnels) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._grpc_port = grpc_port
        self._tunnels = tunnels
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Look at the first bytes, in the connection's own thread, and hand it to the wire that speaks so."""
        with self._open_lock:
            self._open.add(request)
        try:
            if _first_bytes(request).startswith(b"PRI "):
                self._tunnel(request)
            else:
                super().finish_request(request, client_address)
        except (ConnectionError, BrokenPipeError):
            return  # the client went away, as clients do
        finally:
            with self._open_lock:
                self._open.discard(request)

    def shutdown_request(self, request: Any) -> None:
        """An orderly end, unless the connection is marked for a reset."""
        if _to_be_reset(request):
            request.close()
        else:
            super().shutdown_request(request)

    def stop(self) -> None:
        """Stop listening and end the connections that are open."""
        self.shutdown()
        self.server_close()
        with self._open_lock:
            still_open = list(self._open)
        for connection in still_open:
            _end(connection)

    def _tunnel(self, client: socket.socket) -> None:
        upstream = socket.create_connection(("127.0.0.1", self._grpc_port))
        for end in (client, upstream):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = upstream.getsockname()[1]
        sender = threading.Thread(target=_pump, args=(client, upstream), daemon=True)
        sender.start()
        try:
            while data := upstream.recv(65536):
                allowed, ends = self._tunnels.passing(port, data)
                client.sendall(allowed)
                if ends:
                    reset(client)
                    break
        finally:
            self._tunnels.forget(port)
            _end(upstream)
            if _to_be_reset(client):
                # Only the receiving side, which tells the peer nothing: a close while the other direction still waits
                # in recv would not reach the wire.
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RD)
            else:
                _end(client)
            sender.join()
            upstream.close()


def _first_bytes(connection: socket.socket) -> bytes:
    """At least four bytes without taking them, or all there are."""
    data = b""
    while len(data) < 4:
        seen = connection.recv(len(PREFACE), socket.MSG_PEEK)
        if len(seen) <= len(data):
            break
        data = seen
    return data


def _to_be_reset(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER))


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either end closed; the other direction tells the peers
        while data := source.recv(65536):
            target.sendall(data)
    _end(target)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)


def start(servers: Sequence[PortServer]) -> None:
    """Serve each port in a thread of its own."""
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
