"""Behind a proxy that passes HTTP but not HTTP/2, gRPC fails and REST takes over."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.sources_live.test_collect import entries, run
from triage.model.place import Ask
from triage.sources.live import Access, Endpoint, Endpoints


class GrpcFirst(Endpoint):
    """An http endpoint that is treated as an https one would be: gRPC first, REST allowed."""

    @property
    def grpc_first(self) -> bool:
        return True


def pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # the other side going away ends the pipe as well
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(emulator: Emulator) -> Iterator[str]:
    """The emulator behind a door that shuts on HTTP/2."""
    door = socket.create_server(("127.0.0.1", 0))
    inner = ("127.0.0.1", emulator.rest_port)
    sockets: list[socket.socket] = [door]
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return
            if client.recv(3, socket.MSG_PEEK) == b"PRI":
                client.close()
                continue
            behind = socket.create_connection(inner)
            sockets.extend((client, behind))
            for pair in ((client, behind), (behind, client)):
                threads.append(threading.Thread(target=pipe, args=pair, daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    for opened in sockets:
        with suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
    for thread in (accepting, *threads):
        thread.join(2)
    for opened in sockets:
        opened.close()


def test_rest_takes_over_where_grpc_does_not_get_through(
    emulator: Emulator, proxy: str, ask: Ask, tmp_path: Path
) -> None:
    endpoint = GrpcFirst(proxy)
    access = Access.sign_in(emulator.project, Endpoints(endpoint, endpoint, endpoint))
    collected = run(access, ask, tmp_path)
    assert [gap.source for gap in collected.gaps] == ["workloads"]
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31
    assert {seen.transport for seen in emulator.ledger.seen if seen.method.startswith("logging")} == {"rest"}
