"""The program as it is called: help, version, wrong calls and wrong input."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, Run, assert_complains
from tests.emulator import Emulator

ENTRY = {
    "logName": "projects/p/logs/kubelet",
    "insertId": "a",
    "timestamp": "2026-03-01T00:00:00Z",
    "resource": {"type": "k8s_node", "labels": {"cluster_name": "prod", "node_name": "n1", "location": "l"}},
    "jsonPayload": {"MESSAGE": "I0301 00:00:00.000000 1 kubelet.go:1] hello"},
}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    directory = tmp_path / "evidence"
    directory.mkdir()
    (directory / "entries.ndjson").write_text(json.dumps(ENTRY) + "\n")
    return directory


def test_help_starts_without_heavy_libraries() -> None:
    code = (
        "import sys, triage.cli; heavy = {'pandas', 'grpc', 'duckdb', 'google', 'scipy', 'pydantic', 'kubernetes'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_quiet_day_in_json_needs_neither_statistics_nor_sql_of_filters_nor_templates(evidence: Path) -> None:
    code = (
        f"import sys; sys.argv = ['triage', 'incident', '--from', {str(evidence)!r}, '--format=json', '--output=-']\n"
        "from triage.cli import main\n"
        "try: main()\n"
        "finally: sys.exit(str({'scipy', 'sqlglot', 'jinja2', 'rich', 'google', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"


def test_alone_it_says_what_it_does_and_how_to_start(run: Run) -> None:
    done = run()
    assert done.returncode == 0
    assert done.stdout.count("\n  triage ") == 3


@pytest.mark.parametrize("command", ["incident", "collect", "doctor", "demo", "read", "signals"])
def test_every_command_has_help(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert command in run("--help").stdout
    assert "Usage: triage" in done.stdout


def test_version_and_completion(run: Run) -> None:
    assert run("--version").stdout.startswith("triage ")
    assert "complete" in run("--show-completion", "bash").stdout.lower()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["incidnt"], ["incidnt"]),
        (["incident", "--sinc", "1h"], ["--sinc", "triage incident --help"]),
        (["incident", "--from", ".", "--format", "docx"], ["'--format' / '-f': 'docx' is not one of"]),
        (["signals", "graph", "--format", "png"], ["triage signals graph --help"]),
        (["incident", "--from", ".", "--since", "yesterday"], ["yesterday", "90m, 24h"]),
        (["incident", "--from", ".", "--until", "tomorrow"], ["tomorrow"]),
        (["incident", "--from", "nowhere"], ["nowhere"]),
        (["incident", "--from", "."], ["."]),
        (["incident", "--from", "evidence", "--keep", "x"], ["--keep"]),
        (["incident", "--from", "evidence", "--output", "report.docx"], ["report.docx", "suffix"]),
        (["incident", "--from", "evidence", "--output", "no/such/dir/r.html"], ["no/such/dir"]),
        (["incident", "--from", "evidence", "-o", "-", "-o", "-"], ["twice"]),
        (["incident", "--from", "evidence", "--cluster", "prd"], ["prd", "prod"]),
        (["incident", "--from", "evidence", "--cluster", "a b"], ["names no cluster"]),
        (["incident", "--from", "evidence", "--queries", "nowhere"], ["nowhere"]),
        (["incident"], ["--cluster"]),
        (["collect", "--cluster", "prod"], ["--output"]),
        (["read", "severity>=", "--from", "evidence"], ["line 1"]),
    ],
)
def test_wrong_calls_are_one_clear_line(run: Run, evidence: Path, arguments: list[str], words: list[str]) -> None:
    empty = evidence.parent / "empty"
    empty.mkdir()
    done = run(*arguments, cwd=empty if arguments[-1] == "." else evidence.parent)
    assert_complains(done, 2, *words)


def test_broken_files_cost_a_gap_while_others_remain(run: Run, evidence: Path) -> None:
    (evidence / "entries-2.ndjson").write_text(json.dumps(ENTRY | {"insertId": "b"}) + '\n{"half": \n')
    whole = gzip.compress((json.dumps(ENTRY | {"insertId": "c"}) + "\n").encode() * 500)
    (evidence / "entries-3.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    (evidence / "operations.json").write_text("[{")
    done = run("incident", "--cluster", "prod", "--from", evidence, "--format", "json", "--output", "-")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    reasons = " ".join(gap["reason"] for gap in report["gaps"])
    for name in ("entries-2.ndjson", "entries-3.ndjson.gz", "operations.json"):
        assert name in reasons
    assert report["verdict"]["confidence"] == "insufficient"
    strict = run("incident", "--cluster", "prod", "--from", evidence, "--strict", "--output", "r.json")
    assert strict.returncode == 3


def test_nothing_but_broken_files_is_wrong_input(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "broken"
    directory.mkdir()
    (directory / "entries.json").write_text("not json at all")
    assert_complains(run("incident", "--cluster", "prod", "--from", directory), 2, "entries.json")


def test_a_report_that_cannot_be_written_leaves_nothing_behind(run: Run, evidence: Path) -> None:
    if os.geteuid() == 0:
        target = Path("/proc/triage-report.html")  # even root cannot write there
    else:
        target = evidence / "locked" / "report.html"
        target.parent.mkdir(mode=0o500)
    assert_complains(
        run("incident", "--cluster", "prod", "--from", evidence, "--output", target), 2, str(target.parent)
    )


@pytest.mark.parametrize("arguments", [("incident", "-o", "/proc/r.html"), ("incident",), ("collect", "-o", "/proc")])
def test_a_place_that_cannot_be_written_to_is_known_before_the_reads(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    where = Path("/proc") if arguments == ("incident",) else tmp_path
    with Emulator(FIXTURES / "quiet-day") as emulator:
        done = run(*arguments, "--cluster", "x", env=emulator.environment("rest"), cwd=where)
        assert_complains(done, 2, "/proc", "cannot be written", "name another")
        assert not emulator.requests


def test_the_old_report_survives_and_the_new_one_is_private(run: Run, evidence: Path) -> None:
    target = evidence.parent / "report.html"
    target.write_text("the old one")
    assert run("incident", "--from", evidence, "--since", "bad", "--output", target).returncode == 2
    assert target.read_text() == "the old one"
    done = run("incident", "--from", evidence, "--output", target)
    assert done.returncode == 0, done.stderr
    assert target.read_text().startswith("<!doctype html>") or target.read_text().startswith("<!DOCTYPE html>")
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in evidence.parent.iterdir() if path.name.startswith(".report")] == []


def test_signed_out_is_status_4_with_both_commands(run: Run, tmp_path: Path) -> None:
    bin_without_gcloud = tmp_path / "bin"
    bin_without_gcloud.mkdir()
    done = run(
        "incident",
        "--cluster",
        "prod",
        "--project",
        "p",
        env={"PATH": str(bin_without_gcloud), "NO_GCE_CHECK": "true"},
    )
    assert_complains(done, 4, "gcloud auth application-default login", "gcloud auth login")


def test_the_summary_is_short_and_quiet_is_one_line(run: Run) -> None:
    demo = run("demo")
    assert demo.returncode == 0, demo.stderr
    assert len(demo.stdout.strip().splitlines()) <= 13
    assert "pdfgenerator" in demo.stdout
    assert demo.stderr == ""
    quiet = run("demo", "--quiet")
    assert len(quiet.stdout.strip().splitlines()) == 1


def test_the_demo_needs_no_options_and_names_the_report(run: Run, tmp_path: Path) -> None:
    done = run("demo")
    reports = list(tmp_path.glob("triage-*.html"))
    assert len(reports) == 1
    assert reports[0].name in done.stdout


def test_a_closed_pipe_is_no_error(run: Run, tmp_path: Path) -> None:
    script = (
        f"{sys.executable} -m triage demo --format json --output - | head -c 100 >/dev/null; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""


def test_every_fixture_is_there() -> None:
    assert {"pid-leak-2019", "pid-leak-2026", "no-cause", "quiet-day"} <= {p.name for p in FIXTURES.iterdir()}
