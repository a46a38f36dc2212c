"""`gcloud logging read` against the emulator and `triage read` on the files it serves agree, entry for entry."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.emulator import Emulator
from tests.lql.conformance import CASES, ENTRIES
from triage.cli.read import read
from triage.errors import FilterError

pytestmark = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")

FILTERS = [text for _, text, _, outcome in CASES if outcome != "parses"]
READS = [
    *(["--order=asc", "--", text] for text in FILTERS),
    ["--freshness=30m", 'insertId:("s" OR "a" OR "e") timestamp>"2018"'],
    ["--limit=2", "--order=desc", 'timestamp>"2018-01-01"'],
    ["--limit=3", "--order=asc"],
    ["--order=asc", 'receiveTimestamp>"2018-06-08"'],
]
"""Filters may begin with a minus, hence the `--`. None relies on freshness, which gcloud counts back from now."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("evidence")
    (directory / "entries.json").write_text(json.dumps(list(ENTRIES.values())))
    return directory


@pytest.fixture(scope="module")
def answers(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What gcloud says to each of the reads: the entries, or None where it refuses the filter."""
    home = tmp_path_factory.mktemp("home")
    with Emulator(directory) as emulator:
        environment = {
            **emulator.environment(),
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CLOUDSDK_CONFIG": str(home / "gcloud"),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        }
        where = _run(["gcloud", "info", "--format=value(basic.python_location,installation.sdk_root)"], environment, "")
        python, root = where.stdout.split()
        script = Path(__file__).with_name("many_reads.py")
        lines = "".join(json.dumps(["--format=json", *arguments]) + "\n" for arguments in READS)
        done = _run([python, str(script), root], environment, lines)
    parts = re.split(r"^=== (\d+)\n", done.stdout, flags=re.MULTILINE)
    assert len(parts) == 2 * len(READS) + 1, done.stderr[-2000:]
    said = zip(parts[::2], parts[1::2], strict=False)
    return {
        str(arguments): json.loads(text) if status == "0" else None
        for arguments, (text, status) in zip(READS, said, strict=True)
    }


def _run(command: list[str], environment: dict[str, str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, input=text, capture_output=True, text=True, timeout=300, check=False
    )


def test_there_are_enough_filters() -> None:
    assert len(set(FILTERS)) >= 60


@pytest.mark.parametrize("arguments", READS, ids=lambda arguments: " ".join(arguments)[-60:])
def test_gcloud_and_triage_read_agree(arguments: list[str], answers: dict[str, Any], directory: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(read)
    result = CliRunner().invoke(app, ["--from", str(directory), *arguments])
    if isinstance(result.exception, FilterError):
        assert answers[str(arguments)] is None
        return
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == answers[str(arguments)]
