"""Where nothing answers, a run ends soon and says what to look at; where one API is silent, the others are read."""

import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.sources_live.conftest import NOW
from tests.sources_live.test_collect import entries, run
from triage.errors import AccessError
from triage.model.place import Ask
from triage.sources.live import Access, Endpoint, Endpoints, collect
from triage.sources.live import contact as contact_module
from triage.sources.live import container as container_module
from triage.sources.live import faults as faults_module
from triage.sources.live import logging as logging_module
from triage.sources.live import wire as wire_module


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silence of one second instead of twenty."""
    monkeypatch.setattr(contact_module, "SILENCE_S", 1.0)
    monkeypatch.setattr(wire_module, "SILENCE_S", 1.0)
    monkeypatch.setattr(wire_module, "CONNECT_S", 0.5)
    monkeypatch.setattr(faults_module, "AT_ONCE_S", 0.5)
    for module in (wire_module, logging_module, container_module):
        monkeypatch.setattr(module, "ANSWER_S", 1.5)


@pytest.fixture(params=["refused", "silent", "unknown"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address where nobody is, one that takes connections and says nothing, and one that no name server knows."""
    if request.param == "unknown":
        yield "http://logging.invalid"
        return
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        if request.param == "refused":
            door.close()
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("wanted", ["rest", "grpc"])
def test_where_nothing_answers_the_run_says_what_to_check(
    emulator: Emulator, nowhere: str, wanted: str, ask: Ask, tmp_path: Path
) -> None:
    urls = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": nowhere for api in ("LOGGING", "CONTAINER", "MONITORING")}
    access = Access.sign_in(emulator.project, Endpoints.of({**urls, "TRIAGE_TRANSPORT": wanted}))
    # The patience with passing faults stays three minutes: only silence ends it.
    with pytest.raises(AccessError, match="no Google API can be reached") as caught:
        collect(access, ask, ('severity>="ERROR"',), tmp_path / "new", now=NOW)
    assert "HTTPS_PROXY" in caught.value.remedy
    assert "Max retries" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_one_api_out_of_reach_costs_the_others_nothing(
    emulator: Emulator, nowhere: str, ask: Ask, tmp_path: Path
) -> None:
    whole = Endpoints.of(emulator.environment("rest"))
    access = Access.sign_in(emulator.project, dataclasses.replace(whole, container=Endpoint(nowhere)))
    collected = run(access, ask, tmp_path)
    assert [gap.source for gap in collected.gaps] == ["cluster", "operations", "workloads"]
    assert "cannot be reached" in collected.gaps[1].reason or "no answer in time" in collected.gaps[1].reason
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31


def test_a_silent_gke_api_is_waited_for_once(emulator: Emulator, access: Access, ask: Ask, tmp_path: Path) -> None:
    # Whatever is asked for a second time is answered.
    for method in ("container.ListClusters", "container.ListOperations"):
        emulator.faults.add("latency", method=method, seconds=4, times=1)
    collected = run(access, ask, tmp_path)
    assert [gap.source for gap in collected.gaps] == ["cluster", "operations", "workloads"]
    assert all("no answer in time" in gap.reason for gap in collected.gaps[:2])
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31


def test_an_answer_that_is_lost_is_asked_for_again(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    emulator.faults.add("latency", method="logging.*", seconds=4, times=1)
    collected = run(access, ask, tmp_path)
    assert [gap.source for gap in collected.gaps] == ["workloads"]
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31
