from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.sample import write_evidence
from triage.model.place import Ask
from triage.sources.live import Access, Endpoints

NOW = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(write_evidence(tmp_path_factory.mktemp("live-evidence"))) as emulator:
        # The cluster's API server answers where the emulator does, so that a kubeconfig can be told to be its own.
        emulator.evidence.clusters[0]["endpoint"] = f"127.0.0.1:{emulator.rest_port}"
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Iterator[Emulator]:
    running.faults.clear()
    running.ledger.clear()
    yield running
    running.faults.clear()


@pytest.fixture(params=["rest", "grpc"])
def transport(request: pytest.FixtureRequest) -> Literal["rest", "grpc"]:
    wire: Literal["rest", "grpc"] = request.param
    return wire


@pytest.fixture
def access(emulator: Emulator, transport: Literal["rest", "grpc"]) -> Access:
    return Access.sign_in(emulator.project, Endpoints.of(emulator.environment(transport)), account="oncall@example.com")


@pytest.fixture
def ask(emulator: Emulator) -> Ask:
    name = emulator.evidence.clusters[0]["name"]
    return Ask(cluster=name, since=datetime(2020, 1, 1, tzinfo=UTC))


@pytest.fixture
def kubeconfig(emulator: Emulator, tmp_path: Path) -> Path:
    return emulator.write_kubeconfig(tmp_path / "kubeconfig")
