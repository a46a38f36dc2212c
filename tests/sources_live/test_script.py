"""The collection as a shell script, run with stand-ins for gcloud, kubectl and curl that write down their calls."""

import subprocess
from pathlib import Path

import pytest

from tests.sources_live.conftest import NOW
from triage.model.place import Ask
from triage.sources.live.script import by_hand

STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  curl*) cat >> "$CALLS"; echo '{}' ;;
  *print-access-token*) echo secret ;;
  *) echo '[]' ;;
esac
"""


def calls_of(ask: Ask, directory: Path, **environment: str) -> str:
    """What the script for this question calls."""
    tools = directory / "bin"
    tools.mkdir()
    for name in ("gcloud", "kubectl", "curl"):
        (tools / name).write_text(STAND_IN)
        (tools / name).chmod(0o755)
    script = by_hand(ask, ["severity>=ERROR"], project="shop", resources=(), now=NOW)
    calls = directory / "calls"
    env = {"PATH": f"{tools}:/usr/bin:/bin", "CALLS": str(calls), **environment}
    done = subprocess.run(
        ["sh", "-"], input=script, env=env, cwd=directory, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return calls.read_text()


def test_without_a_location_the_cluster_is_found_by_its_name(tmp_path: Path) -> None:
    assert "gcloud container clusters list --filter=name=prod --project=shop" in calls_of(Ask("prod"), tmp_path)


def test_with_one_it_is_described(tmp_path: Path) -> None:
    called = calls_of(Ask("prod", location="europe-west1"), tmp_path)
    assert "gcloud container clusters describe prod --location=europe-west1 --project=shop" in called


@pytest.mark.parametrize(
    ("override", "gets_it"), [("", True), ("https://m.example", True), ("http://m.example/", False)]
)
def test_the_token_goes_to_https_alone_and_onto_no_command_line(tmp_path: Path, override: str, gets_it: bool) -> None:
    called = calls_of(Ask("prod"), tmp_path, CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING=override)
    assert ('header = "Authorization: Bearer secret"' in called) is gets_it
    assert not any("secret" in line for line in called.splitlines() if line.startswith("curl "))
    assert f"{override.rstrip('/') or 'https://monitoring.googleapis.com'}/v3/projects/shop/alerts" in called
