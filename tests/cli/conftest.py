import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `triage` as a process of its own, in an empty directory and environment."""

    def triage(*arguments: object, env: dict[str, str] | None = None, cwd: Path = tmp_path, timeout: float = 120):
        clean = {name: os.environ[name] for name in KEPT if name in os.environ}
        clean |= {"HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "1773230400", "COLUMNS": "120"}
        return subprocess.run(
            [sys.executable, "-m", "triage", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env=clean | (env or {}),
            timeout=timeout,
            check=False,
        )

    return triage


def assert_complains(done: "subprocess.CompletedProcess[str]", status: int, *words: str) -> None:
    """One clear error: the status, a first line that says what is wrong, no traceback."""
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith("triage: "), done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 6, done.stderr
    for word in words:
        assert word in done.stderr
