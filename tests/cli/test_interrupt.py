"""Ctrl-C at any moment: a readable partial report or one clear line, never a traceback, never a half file.

`TRIAGE_FULL_INTERRUPT=1` tries every moment.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import FIXTURES, KEPT
from tests.correlate.contract import breaches
from tests.emulator import Emulator

FIXTURE = FIXTURES / "pid-leak-2026"
SLOW = (
    "latency,method=logging.*,seconds=0.15",
    "short-page,method=logging.*,entries=250",
    "latency,method=monitoring.*,seconds=0.2",
)
EVERY = os.environ.get("TRIAGE_FULL_INTERRUPT") == "1"
LONGEST_S = 10.0
SEED = 1125


def moments(count: int) -> list[float]:
    rng = random.Random(SEED)
    return sorted(round(rng.uniform(0.5, LONGEST_S), 2) for _ in range(count))


pytestmark = pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="Ctrl-C is switched off here, and so for what is started"
)


@pytest.fixture(scope="module")
def slow() -> Iterator[Emulator]:
    with Emulator(FIXTURE, faults=SLOW) as emulator:
        yield emulator


def question() -> list[str]:
    known = json.loads((FIXTURE / "truth.json").read_text())
    return ["--cluster", known["cluster"], "--since", known["window"]["start"], "--until", known["window"]["end"]]


def interrupted(arguments: list[str], env: dict[str, str], cwd: Path, after_s: float) -> tuple[int, str, str]:
    """Start `triage incident`, press Ctrl-C after so many seconds, and wait for the end."""
    clean = {name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": str(cwd), **env}
    command = [sys.executable, "-m", "triage", "incident", *arguments, "-o", "r.json", "-o", "r.html"]
    process = subprocess.Popen(command, cwd=cwd, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def assert_ended_well(status: int, err: str, directory: Path) -> dict[str, Any] | None:
    """The promises of Ctrl-C; returns the report where one was written."""
    assert "Traceback" not in err, err
    assert all(line.startswith(("triage: ", "        ")) for line in err.splitlines()), err
    assert not [path for path in directory.rglob(".*") if path.name.startswith((".r.", ".manifest", ".entries"))]
    report = directory / "r.json"
    if status == 0:
        assert report.exists()  # it came too late: everything was done
    else:
        assert status == 130, err
        assert "interrupted" in err
    if not report.exists():
        return None
    assert report.stat().st_mode & 0o777 == 0o600
    found: dict[str, Any] = json.loads(report.read_text())
    assert breaches(found) == []
    return found


@pytest.mark.parametrize("which", range(10) if EVERY else (3,))
def test_a_live_run_ends_well_whenever_it_is_interrupted(slow: Emulator, tmp_path: Path, which: int) -> None:
    environment = slow.environment("grpc" if which % 2 else "rest")
    status, _, err = interrupted([*question(), "--keep", "kept"], environment, tmp_path, moments(10)[which])
    report = assert_ended_well(status, err, tmp_path)
    if status == 130 and report is not None and "reporting on what was read so far" in err:
        reasons = [gap["reason"] for gap in report["gaps"]]
        assert any("cut short" in reason or "interrupted" in reason for reason in reasons), reasons
    kept = tmp_path / "kept" / "manifest.json"
    if kept.exists():
        json.loads(kept.read_text())


def test_interrupted_while_it_reads_it_reports_what_it_has(tmp_path: Path) -> None:
    faults = ("latency,method=logging.ListLogEntries,skip=1,seconds=9",)
    with Emulator(FIXTURE, faults=faults) as emulator:
        clean = {"HOME": str(tmp_path), **emulator.environment("rest")}
        command = [sys.executable, "-m", "triage", "incident", *question(), "-o", "r.json"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env={"PATH": os.environ["PATH"], **clean}, stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 60
        while emulator.requests["logging.ListLogEntries"] < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    report = assert_ended_well(process.returncode, err, tmp_path)
    assert process.returncode == 130
    assert report is not None
    assert report["episodes"]
    assert any("cut short after" in gap["reason"] for gap in report["gaps"]), report["gaps"]


@pytest.mark.parametrize("after_s", [0.6, 1.2, 2.0, 3.0] if EVERY else [1.2])
def test_reading_files_ends_well_whenever_it_is_interrupted(tmp_path: Path, after_s: float) -> None:
    status, _, err = interrupted([*question(), "--from", str(FIXTURE)], {}, tmp_path, after_s)
    report = assert_ended_well(status, err, tmp_path)
    assert status == 0 or report is None or err == "triage: interrupted\n"
