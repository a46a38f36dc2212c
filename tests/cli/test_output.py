"""Where reports and other output go, and where they cannot."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, Run, assert_complains
from triage.cli.options import ReportFormat
from triage.cli.output import Target, targets, write
from triage.errors import InputError

QUIET_DAY = FIXTURES / "quiet-day"
FULL = Path("/dev/full")


def shell(script: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    triage = f"{shlex.quote(sys.executable)} -m triage"
    script = script.replace("triage", triage, 1).replace("DAY", shlex.quote(str(QUIET_DAY)))
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize(
    "arguments",
    ["signals list", "signals match DAY", "read --from DAY", "--help", "incident --from DAY -f html -o -", "demo -q"],
)
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, arguments: str) -> None:
    done = shell(f"triage {arguments} | (exec 0<&-); echo ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_terminal_that_knows_few_letters_is_no_error(run: Run) -> None:
    done = run("demo", env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_output_that_is_closed_goes_nowhere(tmp_path: Path) -> None:
    assert shell("triage incident --from DAY -o r.json >&- 2>&-", tmp_path).returncode == 0
    assert json.loads((tmp_path / "r.json").read_text())["schema_version"] == "1"


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(("redirected", "status"), [("-f json -o - >/dev/full", 1), ("-f json -o /dev/full", 2)])
def test_a_full_disk_is_one_clear_line(tmp_path: Path, redirected: str, status: int) -> None:
    done = shell(f"triage incident --from DAY {redirected}", tmp_path)
    assert_complains(done, status, "No space left on device")


def test_pipes_and_devices_are_written_into_and_links_followed(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "latest.json"
    os.mkfifo(pipe)
    link.symlink_to("report.json")
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        write(Target(pipe, ReportFormat.JSON), "{}")
        assert reader.communicate(timeout=20)[0] == "{}"
    assert pipe.is_fifo()
    write(Target(link, ReportFormat.JSON), "{}")
    assert link.is_symlink()
    assert (tmp_path / "report.json").read_text() == "{}"
    assert targets([str(pipe)], ReportFormat.JSON) == [Target(pipe, ReportFormat.JSON)]


def test_a_picture_that_cannot_be_drawn_is_known_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.cli.output.find_spec", lambda _: None)
    with pytest.raises(InputError, match="extra"):
        targets(["report.html", "report.png"], None)


def test_an_empty_name_is_not_taken_for_no_name(run: Run) -> None:
    for option in ("--node", "--operation"):
        assert_complains(run("incident", "--from", QUIET_DAY, option, ""), 2, "names nothing")


def test_what_is_printed_into_a_pipe_is_whole(run: Run) -> None:
    done = run("demo", env={"COLUMNS": "40"})
    assert "…" not in done.stdout
    assert any(line.startswith("now ") and "--command" in line for line in done.stdout.splitlines()), done.stdout
