"""`triage doctor` as somebody would run it who has just installed it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.sample import write_evidence


@pytest.fixture(autouse=True)
def logging_is_on(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}}
    monkeypatch.setitem(emulator.evidence.clusters[0], "loggingConfig", parts)
    for pool in emulator.evidence.clusters[0].get("nodePools", []):
        monkeypatch.setitem(pool, "management", {"autoRepair": True})


def doctor(emulator: Emulator, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **emulator.environment("rest")}
    return subprocess.run(
        [sys.executable, "-m", "triage", "doctor", *arguments],
        capture_output=True,
        text=True,
        cwd=home,
        env=environment,
        check=False,
    )


def test_everything_is_there(emulator: Emulator, kubeconfig: Path, tmp_path: Path) -> None:
    done = doctor(emulator, tmp_path, "--cluster", "front", "--kubeconfig", str(kubeconfig))
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert all(line.startswith("ok ") for line in lines)
    assert "every endpoint is http" in lines[0]
    assert any("front in europe-west1" in line for line in lines)


@pytest.mark.parametrize(
    ("method", "missing", "command"),
    [
        ("logging.ListLogEntries", "logging.logEntries.list", "--role=roles/logging.viewer"),
        ("container.ListOperations", "container.operations.list", "--role=roles/container.viewer"),
        ("monitoring.ListAlerts", "monitoring.alerts.list", "--role=roles/monitoring.viewer"),
    ],
)
def test_what_is_missing_comes_with_its_command(
    emulator: Emulator, kubeconfig: Path, tmp_path: Path, method: str, missing: str, command: str
) -> None:
    emulator.faults.add("permission-denied", method=method)
    done = doctor(emulator, tmp_path, "--cluster", "front", "--kubeconfig", str(kubeconfig))
    wrong = [line for line in done.stdout.splitlines() if line.startswith("missing")]
    assert done.returncode == 3, done.stdout
    assert len(wrong) == 1
    assert missing in wrong[0]
    assert command in done.stdout


def test_no_context_of_the_cluster_yet(emulator: Emulator, tmp_path: Path) -> None:
    done = doctor(emulator, tmp_path, "--cluster", "front")
    assert done.returncode == 3
    assert "gcloud container clusters get-credentials front --location=europe-west1" in done.stdout
    assert "kubectl get" not in done.stdout


def test_a_cluster_that_is_not_there(emulator: Emulator, tmp_path: Path) -> None:
    done = doctor(emulator, tmp_path, "--cluster", "frnt")
    assert done.returncode == 2
    assert "did you mean front?" in done.stdout
    assert "there are: front" in done.stdout


def test_a_project_without_clusters(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (write_evidence(evidence) / "cluster.json").unlink()
    with Emulator(evidence) as empty:
        done = doctor(empty, tmp_path, "--cluster", "front")
    assert done.returncode == 2
    assert "no cluster front in the project" in done.stdout


def test_a_cluster_may_lie_where_nobody_answers(emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.add("missing-zones", method="container.ListClusters", zones=("europe-west1",))
    done = doctor(emulator, tmp_path, "--cluster", "front")
    assert done.returncode == 3
    assert "no answer from europe-west1" in done.stdout


def test_nothing_may_be_read(emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.add("service-disabled")
    done = doctor(emulator, tmp_path, "--cluster", "front")
    assert done.returncode == 4
    assert "gcloud services enable container.googleapis.com" in done.stdout
    assert done.stderr.startswith("triage: nothing may be read of project")
