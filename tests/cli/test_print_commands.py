"""`collect --print-commands`: a script that somebody with access runs, and whose directory gives the same verdict."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, Run
from tests.emulator import Emulator

FIXTURE = FIXTURES / "pid-leak-2026"


def question() -> list[str]:
    known = json.loads((FIXTURE / "truth.json").read_text())
    window = known["window"]
    named = ["--cluster", known["cluster"], "--project", known["project"], "--location", known["location"]]
    return [*named, "--since", window["start"], "--until", window["end"]]


def test_the_script_is_clean_shell_that_only_reads(run: Run, tmp_path: Path) -> None:
    done = run("collect", *question(), "--print-commands")
    assert done.returncode == 0, done.stderr
    calls = {tuple(line.split()[:3]) for line in done.stdout.splitlines() if line.startswith(("gcloud", "kubectl"))}
    assert calls == {
        ("gcloud", "container", "operations"),
        ("gcloud", "container", "clusters"),
        ("gcloud", "logging", "read"),
        ("kubectl", "get", next(call[2] for call in calls if call[0] == "kubectl")),
    }
    if shutil.which("shellcheck") is None:
        pytest.skip("ShellCheck is not installed")
    checked = subprocess.run(["shellcheck", "-"], input=done.stdout, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.skipif(not (shutil.which("gcloud") and shutil.which("kubectl")), reason="gcloud or kubectl is missing")
def test_what_the_script_collects_gives_the_verdict_of_a_live_run(run: Run, tmp_path: Path) -> None:
    script = run("collect", *question(), "--print-commands").stdout
    with Emulator(FIXTURE) as emulator:
        for cluster in emulator.evidence.clusters:
            cluster["endpoint"] = f"127.0.0.1:{emulator.rest_port}"
        kubeconfig = emulator.write_kubeconfig(tmp_path / "kubeconfig")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "KUBECONFIG": str(kubeconfig),
            "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            **emulator.environment("rest"),
        }
        done = subprocess.run(
            ["sh", "-"], input=script, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "failed:" not in done.stderr
        live = run(
            "incident",
            *question(),
            "--kubeconfig",
            kubeconfig,
            "-f",
            "json",
            "-o",
            "-",
            env=emulator.environment("rest"),
        )
    directory = next(path for path in tmp_path.iterdir() if path.name.startswith("evidence-"))
    by_hand = run("incident", *question(), "--from", directory, "--format", "json", "--output", "-")
    assert by_hand.returncode == 0, by_hand.stderr
    assert json.loads(by_hand.stdout)["verdict"] == json.loads(live.stdout)["verdict"]
    assert json.loads(by_hand.stdout)["verdict"]["cause"] == "pid-exhaustion"
