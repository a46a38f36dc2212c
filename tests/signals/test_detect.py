# ruff: noqa: E501 - log lines stand whole
import json

import pytest

from tests.signals.building import NODE, at, container, entry, event, evidence, kernel, kubelet
from triage.evidence.occurrences import OCCURRENCES
from triage.signals import detect, identify

UID = "1f2e3d4c-5b6a-7988-a7b6-c5d4e3f20110"
POD = "pdf-7c9d5f6b84-x2k4z"

FORK = r"""
detect:
  - name: pod-limit
    stream: kernel
    variant: pod-limit
    filter: 'jsonPayload.MESSAGE=~"fork rejected by pids controller in \S*pod"'
    extract: ['pids controller in (?P<cgroup>/\S+)']
  - name: any-limit
    stream: kernel
    filter: jsonPayload.MESSAGE:"fork rejected by pids controller"
  - name: thread
    stream: container
    mechanism: false
    filter: textPayload:"can't start new thread"
  - name: pressure
    stream: events
    filter: jsonPayload.reason="NodeHasInsufficientPID"
clears: jsonPayload.reason="NodeHasSufficientPID"
"""


def found(rows, pack, **tables):
    given = evidence(rows, **tables)
    return detect(given, pack, identify(given))


def test_an_occurrence_says_what_where_and_who(pack):
    started = event(
        1, "Started", "Started container pdf", kind="Pod", name=POD, namespace="default", uid=UID, node=None
    )
    refused = kernel(
        60, f"[88123.441002] cgroup: fork rejected by pids controller in /kubepods/burstable/pod{UID}/{'ab' * 32}"
    )
    occurrences = found([refused, started], pack(forks=FORK))
    assert list(occurrences.columns) == list(OCCURRENCES)
    (row,) = occurrences.to_dict("records")
    assert (row["signal"], row["alternative"], row["variant"], row["mechanism"]) == (
        "forks",
        "pod-limit",
        "pod-limit",
        True,
    )
    assert (row["node"], row["stream"], row["timestamp"]) == (NODE, "kernel", at(60))
    assert (row["workload"], row["kind"], row["basis"], row["uid"]) == ("default/pdf", "Deployment", "cgroup", UID)
    assert row["extracted"]["cgroup"].startswith("/kubepods/")
    assert row["message"][row["mark_start"] : row["mark_end"]].startswith("fork rejected by pids controller in /")


def test_the_first_alternative_names_the_occurrence(pack):
    plain = kernel(1, "cgroup: fork rejected by pids controller in /system.slice/docker.service")
    assert found([plain], pack(forks=FORK))["alternative"].tolist() == ["any-limit"]


@pytest.mark.parametrize(
    "line",
    [
        kernel(1, "cgroup: fork rejected by pids controller in /user.slice"),
        entry(1, "serialconsole.googleapis.com/serial_port_1_output", "gce_instance", {"textPayload": "[  88.1] cgroup: fork rejected by pids controller in /user.slice\\r\\n"}),
        entry(1, "syslog", "gce_instance", {"jsonPayload": {"message": "Jun  8 17:20:05 host kernel: [88.1] cgroup: fork rejected by pids controller in /user.slice"}}),
        entry(1, "kern.log", "gce_instance", {"textPayload": "Jun  8 17:20:05 host kernel: cgroup: fork rejected by pids controller in /user.slice"}),
        entry(1, "node-journal", "k8s_node", {"jsonPayload": {"MESSAGE": "cgroup: fork rejected by pids controller in /user.slice"}}),
    ],
)  # fmt: skip
def test_a_kernel_line_is_seen_wherever_it_is_written(line, pack):
    assert found([line], pack(forks=FORK))["alternative"].tolist() == ["any-limit"]


def test_a_kernel_line_in_a_containers_output_is_not_the_nodes(pack):
    assert found([container(1, "cgroup: fork rejected by pids controller in /x", POD)], pack(forks=FORK)).empty


def test_own_logs_name_their_workload_and_old_exports_find_their_node(pack):
    line = container(60, "RuntimeError: can't start new thread", POD, node=None)
    stay = {"namespace": "default", "pod": POD, "node": "gke-first", "first": at(0), "last": at(100), "source": "event"}
    (row,) = found([line], pack(forks=FORK), placements=[stay]).to_dict("records")
    assert (row["workload"], row["container"], row["basis"], row["node"]) == (
        "default/pdf",
        "server",
        "own-log",
        "gke-first",
    )
    assert row["mechanism"] is False


def test_the_way_back_is_told_apart(pack):
    rows = [event(1, "NodeHasInsufficientPID", "x"), event(301, "NodeHasSufficientPID", "x")]
    occurrences = found(rows, pack(forks=FORK))
    assert occurrences[["alternative", "clears"]].to_numpy().tolist() == [["pressure", False], ["clears", True]]


def test_harmless_moments_are_left_out_on_the_same_node_only(pack):
    boot = 'detect: [{name: boot, stream: kernel, filter: "jsonPayload.MESSAGE:\\"Command line: BOOT_IMAGE\\""}]\n'
    noisy = (
        'detect: [{name: resized, stream: kernel, filter: "jsonPayload.MESSAGE:\\"table resized\\""}]\n'
        "unless: [{signal: boot, within: 2m, because: the table is made anew}]\n"
    )
    rows = [
        kernel(100, "Command line: BOOT_IMAGE=/syslinux/vmlinuz.A"),
        kernel(40, "table resized"),
        kernel(219, "table resized"),
        kernel(221, "table resized"),
        kernel(101, "table resized", node="gke-another"),
    ]
    occurrences = found(rows, pack(boot=boot, noisy=noisy))
    kept = occurrences[occurrences["signal"] == "noisy"]
    assert kept["timestamp"].tolist() == [at(101), at(221)]


def test_events_name_the_pod_and_container_that_they_speak_of(pack):
    probe = 'detect: [{name: failed, stream: events, filter: "jsonPayload.reason=\\"Unhealthy\\""}]\n'
    row = event(
        1,
        "Unhealthy",
        "Readiness probe failed",
        kind="Pod",
        name=POD,
        namespace="default",
        uid=UID,
        path="spec.containers{pdf}",
    )
    row["message"] = "Unhealthy: Readiness probe failed"
    (seen,) = found([row], pack(probe=probe)).to_dict("records")
    assert seen["message"][seen["mark_start"] : seen["mark_end"]] == "Unhealthy"
    assert (seen["pod"], seen["container"], seen["uid"], seen["basis"]) == (POD, "pdf", UID, "pod-name")


def test_a_decision_about_several_nodes_is_an_occurrence_on_each(pack):
    scaled = 'detect: [{name: removed, stream: autoscaler, filter: "jsonPayload.decision.scaleDown:*"}]\n'
    decision = {
        "jsonPayload": {
            "decision": {"scaleDown": {"nodesToBeRemoved": [{"node": {"name": "n-a"}}, {"node": {"name": "n-b"}}, 7]}}
        }
    }
    row = entry(1, "container.googleapis.com/cluster-autoscaler-visibility", "k8s_cluster", decision, node=None)
    assert found([row], pack(scaled=scaled))["node"].tolist() == ["n-a", "n-b"]


def test_metrics_are_seen_when_they_reach_their_bound_and_once_for_each_time(pack):
    rule = "metrics: [{name: near-limit, metric: pid_used, limit: pid_limit, at: 0.9}]\n"
    points = [(0, 100), (60, 900), (120, 950), (180, 300), (240, 901)]
    metrics = [{"timestamp": at(s), "metric": "pid_used", "node": NODE, "value": float(v)} for s, v in points]
    metrics += [{"timestamp": at(s), "metric": "pid_limit", "node": NODE, "value": 1000.0} for s in (30, 200)]
    metrics += [{"timestamp": at(60), "metric": "pid_used", "node": "no-limit-known", "value": 5e6}]
    occurrences = found([], pack(near=rule), metrics=metrics)
    assert occurrences["timestamp"].tolist() == [at(60), at(240)]
    assert occurrences["message"].tolist() == ["pid_used is 900 of 1000 (90%)", "pid_used is 901 of 1000 (90%)"]
    assert set(occurrences["stream"]) == {"metric"}


def test_hostile_text_is_bounded_and_escaped(pack):
    line = kernel(
        1, "\x1b]0;owned\x07\u202e" + "x" * 60_000 + " fork rejected by pids controller in /y\ud800 " + "z" * 5_000
    )
    line["entry"] = json.dumps(json.loads(line["entry"]))
    (row,) = found([line], pack(forks=FORK)).to_dict("records")
    assert len(row["message"]) <= 2000
    assert row["message"][row["mark_start"] : row["mark_end"]] == "fork rejected by pids controller"
    assert row["message"].isprintable()


def test_an_entry_that_is_no_json_is_passed_over(pack):
    whole = kernel(1, "fork rejected by pids controller")
    broken = kernel(2, "fork rejected by pids controller") | {"entry": whole["entry"][:-9]}
    other = event(3, "Started", "x", kind="Pod", name=POD, namespace="default") | {"entry": '{"jsonPayload": ['}
    assert found([broken, whole, other], pack(forks=FORK))["timestamp"].tolist() == [at(1)]


def test_nothing_in_nothing_out(pack):
    assert list(found([], pack(forks=FORK)).columns) == list(OCCURRENCES)
    assert found([kubelet(1, "all is well")], pack(forks=FORK)).empty
