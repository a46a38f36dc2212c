"""What can be served, and the emulator as a program of its own."""

import gzip
import json
import signal
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.emulator import Emulator
from tests.emulator.__main__ import main
from tests.emulator.evidence import load
from tests.emulator_tests.sample import PROJECT, kubelet_line

ROOT = Path(__file__).parents[2]


def as_tar(directory: Path, target: Path) -> Path:
    with tarfile.open(target / "evidence.tar.gz", "w:gz") as archive:
        archive.add(directory, arcname="bundle")
    return target / "evidence.tar.gz"


def as_zip(directory: Path, target: Path) -> Path:
    with zipfile.ZipFile(target / "evidence.zip", "w") as archive:
        for file in directory.iterdir():
            archive.write(file, f"bundle/{file.name}")
    return target / "evidence.zip"


def as_directory(directory: Path, target: Path) -> Path:
    return directory


@pytest.mark.parametrize("form", [as_directory, as_tar, as_zip])
def test_evidence_in_every_form(evidence: Path, tmp_path: Path, form: Callable[[Path, Path], Path]) -> None:
    found = load(form(evidence, tmp_path))
    counts = (len(found.entries), len(found.operations), len(found.clusters), len(found.alerts))
    assert counts == (32, 2, 1, 2)
    assert (len(found.series), len(found.objects), found.skipped) == (2, 4, 1)
    assert found.projects()[0] == PROJECT


def test_a_sinks_tree_as_it_lies(tmp_path: Path) -> None:
    shard = tmp_path / "kubelet/2026/03/01/04:00:00_04:59:59_S0.json"
    shard.parent.mkdir(parents=True)
    shard.write_text("".join(json.dumps(kubelet_line(n)) + "\n" for n in range(3)))
    copied = tmp_path / "kubelet/2026/03/01/05_00_00_05_59_59_A1_S0.json.gz"
    copied.write_bytes(gzip.compress(json.dumps(kubelet_line(3)).encode()))
    assert len(load(tmp_path).entries) == 4


def test_one_entry_over_several_lines(tmp_path: Path) -> None:
    (tmp_path / "entries.json").write_text(json.dumps({"entries": [kubelet_line(1)]}, indent=2))
    assert len(load(tmp_path).entries) == 1


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no evidence"):
        Emulator(tmp_path / "gone")


def test_ports_close_and_open_again(evidence: Path) -> None:
    with Emulator(evidence) as emulator:
        port = emulator.rest_port
        held = requests.Session()
        assert held.get(f"{emulator.rest_url}/v1/projects/{PROJECT}", timeout=10).ok
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    held.close()
    with Emulator(evidence, rest_port=port) as emulator:
        assert emulator.rest_port == port
        with pytest.raises(OSError, match="in use"), Emulator(evidence, grpc_port=port):
            pass


def test_environment_points_at_one_port_for_each_wire(emulator: Emulator) -> None:
    rest, over_grpc = emulator.environment("rest"), emulator.environment("grpc")
    assert rest["CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"] == f"{emulator.rest_url}/"
    assert over_grpc["CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING"] == f"http://{emulator.grpc_address}/"
    assert over_grpc["TRIAGE_TRANSPORT"] == "grpc"


def test_runs_by_itself(evidence: Path) -> None:
    command = [sys.executable, "-m", "tests.emulator", str(evidence), "--fault", "unavailable,times=1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    variables = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
    url = variables["CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"]
    body = {"resourceNames": [f"projects/{PROJECT}"]}
    statuses = [requests.post(f"{url}v2/entries:list", json=body, timeout=10).status_code for _ in range(2)]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert statuses == [503, 200]
    assert process.returncode == 0
    assert "32 entries, 2 operations" in errors


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["{missing}"], "no evidence at"),
        (["{evidence}", "--fault", "gremlins"], "no kind of fault"),
        (["{evidence}", "--fault", "quota,limits=3"], "limits"),
    ],
)
def test_wrong_calls_say_what_is_wrong(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    status = main([word.format(missing=tmp_path / "gone", evidence=evidence) for word in arguments])
    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith("emulator: ")
    assert text in said
