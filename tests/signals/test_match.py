# ruff: noqa: E501 - log lines stand whole
import json
import re
import subprocess
import sys

import pandas as pd
import pytest

from tests.signals.building import NODE, START, entry, event
from triage.evidence.tables import ENTRIES, frame
from triage.signals import load_pack
from triage.signals.match import match


@pytest.fixture(scope="module")
def bundled():
    return load_pack()


def found(rows, pack):
    return list(match(frame(ENTRIES, rows), pack))


REFUSED = (
    "cgroup: fork rejected by pids controller in /kubepods/burstable/pod1f2e3d4c-5b6a-7988-a7b6-c5d4e3f20110/"
    + "ab" * 32
)
FORK = "fork/exec /usr/bin/mount: resource temporarily unavailable"


@pytest.mark.parametrize(
    ("log", "resource_type", "payload", "stream"),
    [
        ("kubelet", "k8s_node", {"jsonPayload": {"MESSAGE": f"E0604 03:12:44.1 1533 mount.go:9] {FORK}", "SYSLOG_IDENTIFIER": "kubelet"}}, "kubelet"),
        ("kubelet", "gce_instance", {"jsonPayload": {"message": FORK}}, "kubelet"),
        ("kubelet", "gce_instance", {"textPayload": FORK}, "kubelet"),
        ("node-journal", "k8s_node", {"jsonPayload": {"MESSAGE": FORK, "SYSLOG_IDENTIFIER": "(kubelet)"}}, "kubelet"),
        ("syslog", "gce_instance", {"jsonPayload": {"message": f"Jun  8 17:20:05 {NODE} kubelet[1500]: {FORK}"}}, "kubelet"),
        ("container-runtime", "k8s_node", {"jsonPayload": {"MESSAGE": FORK}}, "container-runtime"),
        ("docker", "gce_instance", {"jsonPayload": {"MESSAGE": FORK}}, "container-runtime"),
        ("node-journal", "k8s_node", {"jsonPayload": {"MESSAGE": FORK, "SYSLOG_IDENTIFIER": "(dockerd)"}}, "container-runtime"),
        ("node-journal", "k8s_node", {"jsonPayload": {"MESSAGE": REFUSED, "_TRANSPORT": "kernel"}}, "kernel"),
        ("kern.log", "gce_instance", {"jsonPayload": {"message": REFUSED}}, "kernel"),
        ("messages", "gce_instance", {"textPayload": f"Jun  8 17:20:05 {NODE} kernel: [1.5] {REFUSED}"}, "kernel"),
        ("serialconsole.googleapis.com/serial_port_1_output", "gce_instance", {"textPayload": f"[    1.5] {REFUSED}\\r\\n"}, "serial-console"),
        ("node-journal", "k8s_node", {"jsonPayload": {"MESSAGE": "kubelet.service: Failed to fork: Resource temporarily unavailable", "SYSLOG_IDENTIFIER": "systemd"}}, "other"),
        ("stderr", "k8s_container", {"textPayload": "RuntimeError: can't start new thread"}, "container"),
        ("pdf", "container", {"jsonPayload": {"log": "RuntimeError: can't start new thread"}}, "container"),
        ("events", "k8s_node", {"jsonPayload": {"kind": "Event", "reason": "NodeHasInsufficientPID", "message": "x"}}, "events"),
        ("events", "gke_cluster", {"jsonPayload": {"kind": "Event", "reason": "NodeHasInsufficientPID", "message": "x"}}, "events"),
    ],
)  # fmt: skip
def test_both_resource_models_are_understood(log, resource_type, payload, stream, bundled):
    (line,) = found([entry(1, log, resource_type, payload)], bundled)
    assert (line.stream, "pid-exhaustion" in line.signals) == (stream, True)


@pytest.mark.parametrize(
    ("payload", "log", "signal"),
    [
        ({"protoPayload": {"methodName": "compute.instances.hostError", "status": {"message": "Instance terminated by Compute Engine."}}}, "cloudaudit.googleapis.com/system_event", "host-error"),
        ({"jsonPayload": {"event_subtype": "compute.instances.hostError"}}, "compute.googleapis.com/activity_log", "host-error"),
        ({"protoPayload": {"methodName": "compute.instances.preempted", "status": {"message": "Instance was preempted."}}}, "cloudaudit.googleapis.com/system_event", "preemption"),
    ],
)  # fmt: skip
def test_what_compute_engine_did_is_a_system_event(payload, log, signal, bundled):
    (line,) = found([entry(1, log, "gce_instance", payload)], bundled)
    assert (line.stream, line.signals) == ("system-event", (signal,))


def test_each_entry_is_judged_by_itself_and_turning_good_is_no_match(bundled):
    rows = [event(1, "NodeHasSufficientPID", f"Node {NODE} status is now: NodeHasSufficientPID")]
    assert found(rows, bundled) == []


def test_the_telling_part_is_marked_and_times_keep_their_nanoseconds(bundled):
    row = entry(1, "kern.log", "gce_instance", {"textPayload": "x" * 3000 + " " + REFUSED})
    row["timestamp"] = row["timestamp"] + pd.Timedelta(7, "ns")
    (line,) = found([row], bundled)
    assert "fork rejected by pids controller" in line.message[slice(*line.mark)]
    assert len(line.message) <= 2000
    assert line.timestamp == START.strftime("%Y-%m-%dT%H:%M:01.000000007Z")


def triage(*words):
    return subprocess.run(
        [sys.executable, "-c", "from triage.cli import main; main()", "signals", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_grep_for_failures(tmp_path):
    rows = [
        entry(2, "kern.log", "gce_instance", {"textPayload": f"\x1b[31m {REFUSED}"}, labels={"compute.googleapis.com/resource_name": NODE}),
        entry(1, "stderr", "k8s_container", {"textPayload": "all is well"}),
    ]  # fmt: skip
    (tmp_path / "entries.ndjson").write_text("\n".join(row["entry"] for row in rows) + "\nnot json\n")
    lines = triage("match", tmp_path, "--format", "json")
    assert lines.returncode == 0, lines.stderr
    (line,) = map(json.loads, lines.stdout.splitlines())
    assert list(line) == ["insert_id", "timestamp", "node", "stream", "signals", "message"]
    assert (line["node"], line["stream"], line["signals"]) == (NODE, "kernel", ["pid-exhaustion"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", line["timestamp"])
    assert line["message"].startswith("\\x1b[31m")
    assert "1 record is no log entry" in lines.stderr
    plain = triage("match", tmp_path)
    assert plain.stdout.split("\t")[1:4] == [NODE, "kernel", "pid-exhaustion"]
    assert plain.stdout.isascii()


def test_what_only_tells_a_harmless_moment_is_no_failure(bundled):
    born = entry(
        1, "kubelet", "k8s_node", {"jsonPayload": {"MESSAGE": f'"Successfully registered node" node="{NODE}"'}}
    )
    assert found([born], bundled) == []


def test_the_pack_can_be_browsed_and_checked(tmp_path):
    listed = triage("list").stdout.splitlines()
    assert any(line.startswith("pid-exhaustion\tcause\t") for line in listed)
    assert re.fullmatch(rf"{len(listed)} signals, \d+ examples: all hold\n", triage("check").stdout)
    shown = triage("show", "pid-exhaustion").stdout
    assert all(part in shown for part in ("Recognised by", "Leads to", "node-not-ready within", "Now", "Sources"))
    missing = triage("show", "pid-exhaustio")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "did you mean `pid-exhaustion`?" in missing.stderr
    assert triage("graph", "--format", "svg").stdout.startswith("<svg ")
    (tmp_path / "x.yaml").write_text("id: x\nid: y\n")
    broken = triage("check", tmp_path / "x.yaml")
    assert broken.returncode == 2
    assert all(re.match(r".*x\.yaml:\d+:\d+: ", line) for line in broken.stderr.splitlines())
    assert "`id` stands here twice" in broken.stderr
    assert triage("list", "--queries", tmp_path).returncode == 2
    assert triage("check", tmp_path / "nothing.yaml").returncode == 2
