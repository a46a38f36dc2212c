"""An evidence directory, served as the Google APIs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.emulator.container_service import ContainerService
from tests.emulator.control import Control
from tests.emulator.dispatch import Dispatcher, Ledger
from tests.emulator.evidence import Evidence, load
from tests.emulator.faults import Fault, Faults
from tests.emulator.grpc_server import serve_grpc
from tests.emulator.kubernetes_api import KubernetesApi
from tests.emulator.logging_service import LoggingService
from tests.emulator.monitoring_service import MonitoringService
from tests.emulator.notifications import alerts_of
from tests.emulator.platform_services import PlatformServices
from tests.emulator.project import Project
from tests.emulator.rest import RestHandler, Router
from tests.emulator.server import PortServer, Tunnels, start

_API_NAMES = ("LOGGING", "CONTAINER", "MONITORING", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE")


class Emulator:
    """A context manager that serves `path` (directory, `.tar.gz` or `.zip`) until it is left.

    Every port serves both REST and gRPC. Port 0 is a free one. `faults` are rules, mappings or command-line
    spellings (`tests.emulator.faults`); `views` maps names of log views to filters.

    Raises FileNotFoundError, or ValueError where a file is not JSON.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        faults: Faults | Iterable[Fault | Mapping[str, Any] | str] | None = None,
        rest_port: int = 0,
        grpc_port: int = 0,
        views: Mapping[str, str] | None = None,
    ) -> None:
        self.evidence: Evidence = load(Path(path))
        self.faults = Faults.of(faults)
        self.ledger = Ledger()
        self._ports = (rest_port, grpc_port)
        self.evidence.alerts.extend(alerts_of(self.evidence.notifications))
        project = Project.of(self.evidence)
        self.project, self.number = project.id, project.number
        platform = PlatformServices(project, self.faults)
        methods = [
            *LoggingService(self.evidence.entries, project, views or {}).methods(),
            *ContainerService(self.evidence.clusters, self.evidence.operations, project).methods(),
            *MonitoringService(self.evidence, project).methods(),
            *platform.methods(),
        ]
        platform.others = methods
        self._dispatcher = Dispatcher(methods, self.faults, self.ledger, project)
        self._kubernetes = KubernetesApi(self.evidence, self.faults, self.ledger)

    def __enter__(self) -> Self:
        tunnels = Tunnels()
        self._grpc, inner_port = serve_grpc(self._dispatcher, tunnels.cut)
        handler = type(
            "Handler",
            (RestHandler,),
            {
                "router": Router(self._dispatcher.methods),
                "dispatcher": self._dispatcher,
                "others": (self._kubernetes, Control(self.faults, self.ledger)),
            },
        )
        self._servers: list[PortServer] = []
        try:
            for port in self._ports:
                self._servers.append(PortServer(port, handler, inner_port, tunnels))
        except OSError:
            self._grpc.stop(None)
            for server in self._servers:
                server.server_close()
            raise
        start(self._servers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.stop()
        self._grpc.stop(None).wait()

    @property
    def rest_port(self) -> int:
        return int(self._servers[0].server_address[1])

    @property
    def grpc_port(self) -> int:
        return int(self._servers[1].server_address[1])

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.rest_port}"

    @property
    def grpc_address(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def kubernetes_url(self) -> str:
        return self.rest_url + self._kubernetes.prefix

    @property
    def requests(self) -> Counter[str]:
        """Requests so far, by method (`logging.ListLogEntries`)."""
        return self.ledger.counts()

    def environment(self, transport: Literal["rest", "grpc"] = "rest") -> dict[str, str]:
        """Variables that point gcloud and triage at this emulator, over one wire."""
        port = self.grpc_port if transport == "grpc" else self.rest_port
        url = f"http://127.0.0.1:{port}/"
        endpoints = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": url for name in _API_NAMES}
        return {**endpoints, "TRIAGE_TRANSPORT": transport, "CLOUDSDK_CORE_PROJECT": self.project}

    def write_kubeconfig(self, path: Path) -> Path:
        """A kubeconfig for the Kubernetes API; its context bears the name that gcloud would give it."""
        path.write_text(self._kubernetes.kubeconfig(self.kubernetes_url, self.project))
        return path
