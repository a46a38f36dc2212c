"""The same incident from files, over REST and over gRPC is the same report, but for its provenance."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator

FIXTURES = Path(__file__).parent.parent / "fixtures"
LIVE = ("pid-leak-2026", "no-cause", "quiet-day")
"""Fixtures whose alerts Cloud Monitoring would serve; the one of 2019 has Alertmanager's, which it cannot."""


def truth(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / name / "truth.json").read_text())


def report(arguments: list[str], env: dict[str, str], cwd: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "triage", "incident", *arguments, "--format", "json", "--output", "-"],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "SOURCE_DATE_EPOCH": "1773230400", **env},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    del found["provenance"]
    return found


@pytest.fixture(scope="module", params=LIVE)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, Emulator]]:
    with Emulator(FIXTURES / request.param) as emulator:
        for cluster in emulator.evidence.clusters:
            cluster["endpoint"] = f"127.0.0.1:{emulator.rest_port}"
        yield request.param, emulator


def comparable(key: str, value: Any) -> Any:
    """Less what must differ: a saved notification's id is not the API's, and a gap's reason tells where it was met."""
    if key == "gaps":
        return sorted({gap["source"] for gap in value})
    if key == "alerts":
        return [alert | {"id": alert["id"].rsplit("/", 1)[-1], "url": None} for alert in value]
    if key == "episodes":
        return [episode | {"alerts": [a.rsplit("/", 1)[-1] for a in episode["alerts"]]} for episode in value]
    return value


def question(name: str) -> list[str]:
    known = truth(name)
    window = known["window"]
    return ["--cluster", known["cluster"], "--since", window["start"], "--until", window["end"]]


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_live_and_files_give_the_same_report(served: tuple[str, Emulator], tmp_path: Path, transport: str) -> None:
    name, emulator = served
    kubeconfig = emulator.write_kubeconfig(tmp_path / "kubeconfig")
    environment = emulator.environment("grpc" if transport == "grpc" else "rest")
    live = report([*question(name), "--kubeconfig", str(kubeconfig)], environment, tmp_path)
    files = report([*question(name), "--from", str(FIXTURES / name)], {}, tmp_path)
    for key in files:
        assert comparable(key, live[key]) == comparable(key, files[key]), key


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_what_gcloud_prints_feeds_from_unchanged(tmp_path: Path) -> None:
    name = "pid-leak-2026"
    known = truth(name)
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    with Emulator(FIXTURES / name) as emulator:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            **emulator.environment("rest"),
        }
        start, end = known["window"]["start"], known["window"]["end"]
        chosen = '(resource.type=("k8s_node" OR "k8s_cluster" OR "gke_nodepool" OR "gce_instance") OR log_id("events")'
        chosen += f' OR severity>=WARNING) timestamp>="{start}" timestamp<="{end}"'
        for target, arguments in (
            ("entries.json", ["logging", "read", chosen]),
            ("operations.json", ["container", "operations", "list"]),
            ("cluster.json", ["container", "clusters", "describe", known["cluster"], "--location", known["location"]]),
        ):
            with (evidence / target).open("w") as file:
                subprocess.run(["gcloud", *arguments, "--format=json"], stdout=file, env=environment, check=True)
    found = report([*question(name), "--from", str(evidence)], {}, tmp_path)
    assert found["verdict"]["cause"] == "pid-exhaustion"
    assert {gap["source"] for gap in found["gaps"]} >= {"alerts", "metrics", "workloads"}
    assert len(found["episodes"]) == len(known["episodes"])
