from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.sample import write_evidence


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evidence(tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="session")
def running(evidence: Path) -> Iterator[Emulator]:
    """One emulator for all tests; `emulator` hands it out clean."""
    with Emulator(evidence) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Iterator[Emulator]:
    running.faults.clear()
    running.ledger.clear()
    yield running
    running.faults.clear()
