"""Texts that the journal writes as lists of bytes are read as texts, whoever asks."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.sources_files.making import directory, entry, plan, read
from triage.cli import app
from triage.sources.files import sieve as sieving
from triage.sources.files.opened import open_evidence, wanted_entries

# kernel/cgroup/pids.c, behind a colour as `systemd.log_color` sets it
REFUSED = "\x1b[1mcgroup: fork rejected by pids controller in /system.slice/containerd.service\x1b[0m"


def journal(message: Any, number: int = 1) -> dict[str, Any]:
    log = entry(number, "")
    log.pop("textPayload", None)
    log["jsonPayload"] = {"MESSAGE": message, "SYSLOG_IDENTIFIER": "kernel", "_BOOT_ID": None}
    return log


@pytest.mark.parametrize("as_array", [True, False])
@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("sieved", [True, False])
def test_a_list_of_bytes_is_found_by_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_array: bool, blank: str, sieved: bool
) -> None:
    if sieved:
        monkeypatch.setattr(sieving, "_WORTH_IT", 0)
    written = json.dumps(journal(list(REFUSED.encode())), separators=(",", f":{blank}"))
    name = "entries.json" if as_array else "entries.ndjson"
    path = directory(tmp_path, {name: (f"[{written}]" if as_array else written).encode()})
    (message,) = read(path, 'jsonPayload.MESSAGE:"fork rejected by pids"').entries["message"]
    assert message == REFUSED
    matched = CliRunner().invoke(app, ["signals", "match", str(path), "--format", "json"])
    assert "pid-exhaustion" in json.loads(matched.stdout)["signals"]
    found = CliRunner().invoke(
        app, ["read", 'jsonPayload.MESSAGE:"fork rejected"', "--from", str(path), "--format", "json"]
    )
    (told,) = json.loads(found.stdout)
    assert told["jsonPayload"] == {"MESSAGE": REFUSED, "SYSLOG_IDENTIFIER": "kernel", "_BOOT_ID": None}


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        (list("déjà vu, out of pids".encode()), "déjà vu, out of pids"),
        (list(b"\xff\xfe out of pids"), "ÿþ out of pids"),
        (list(b"out of pids\x00\x07"), "out of pids\x00\x07"),
    ],
)
def test_whatever_bytes_come_are_told(tmp_path: Path, listed: list[int], text: str) -> None:
    path = directory(tmp_path, {"entries.json": [journal(listed)]})
    with open_evidence(path) as opened:
        (message,) = wanted_entries(opened, plan('jsonPayload.MESSAGE:"out of pids"'))["message"]
    assert message.rstrip("\x00\x07") == text.rstrip("\x00\x07")


@pytest.mark.parametrize(
    "listed", [[], [300], [-1], [1.5], ["111"], [True], [None], [111, None], [[111]], {"0": 111}, [111, 10**400]]
)
def test_what_is_no_list_of_bytes_stays_as_it_is(tmp_path: Path, listed: Any) -> None:
    path = directory(tmp_path, {"entries.json": [journal(listed), journal("plain", 2)]})
    with open_evidence(path) as opened:
        kept = wanted_entries(opened, plan("jsonPayload.SYSLOG_IDENTIFIER=kernel"))["entry"]
    assert [json.loads(one)["jsonPayload"]["MESSAGE"] for one in kept] == [listed, "plain"]
