# ruff: noqa: E501 - log lines stand whole
"""Evictions in a row: who used most is the one, and kin signals name it as well."""

import pandas as pd
import pytest

from tests.correlate.build import Story, pack, signal
from triage.correlate.sizes import large_evictions
from triage.model.signal import Pack, Role

EVICTED = (  # kubelet, pkg/kubelet/eviction/helpers.go: evictionMessage
    "The node was low on resource: ephemeral-storage. Threshold quantity: 10125131776, available: 8257420Ki. "
    "Container {name} was using {used}, request is 0, has larger consumption of ephemeral-storage. "
)
DISK = Pack(
    signals=(
        *pack().signals,
        signal("disk-pressure", Role.CAUSE, "ephemeral-storage-eviction", "node-not-ready"),
        signal("ephemeral-storage-eviction", Role.SYMPTOM),
    ),
    streams=(),
)


def evicted(story: Story, node: str, hours: float, workload: str, used: str) -> None:
    namespace, name = workload.split("/")
    about = {"workload": workload, "namespace": namespace, "pod": f"{name}-{hours}", "basis": "pod-name"}
    message = EVICTED.format(name=name, used=used)
    story.see("ephemeral-storage-eviction", node, hours, stream="events", message=message, **about)


def test_of_pods_evicted_in_a_row_the_one_that_used_most_is_the_one():
    story = Story()
    for i in range(4):
        node, hours = story.node(i), 2 + 5 * i
        story.see("disk-pressure", node, hours - 0.4, times=3)
        if i != 2:  # there it was the first to be evicted, and the event was lost
            evicted(story, node, hours - 0.39, "shop/report", "68825134Ki")
        evicted(story, node, hours - 0.37, f"shop/web-{i}", "2991Ki")
        evicted(story, node, hours - 0.35, f"shop/cart-{i}", "1Mi")
        story.dies(node, hours)
    incident = story.tell(DISK)
    assert (incident.verdict.cause, incident.verdict.workload) == ("disk-pressure", "shop/report")
    assert [s.name for s in incident.causes[0].workloads] == ["shop/report"]


def test_two_that_used_as_much_are_not_told_apart():
    story = Story()
    for i in range(3):
        node, hours = story.node(i), 2 + 5 * i
        story.see("disk-pressure", node, hours - 0.4, times=3)
        evicted(story, node, hours - 0.39, "shop/report", "40Gi")
        evicted(story, node, hours - 0.37, "shop/video", "38Gi")
        story.dies(node, hours)
    assert story.tell(DISK).verdict.workload is None


def test_the_kernels_kills_name_who_brought_on_the_pressure():
    """The kubelet reports pressure first; of whom, the kernel says a minute later (mm/oom_kill.c)."""
    story = Story()
    for i in range(2):
        node, hours = story.node(i), 2 + 8 * i
        story.see("memory-pressure", node, hours - 0.4, times=3)
        killed = "oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/kubepods/burstable/pod7/c,task=java,pid=9"
        about = {"workload": "shop/sessions", "namespace": "shop", "pod": "sessions-0", "basis": "cgroup"}
        story.see("system-oom", node, hours - 0.2, times=3, every_s=70, message=killed, **about)
        story.dies(node, hours)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("memory-pressure", "shop/sessions")


def test_who_prints_a_list_of_defunct_processes_complains_of_nothing():
    """A monitoring DaemonSet, whose kind nobody told, prints `ps` on the nodes that run it."""
    story = Story()
    for i in range(4):
        node, hours = story.node(i), 2 + 5 * i
        about = {"workload": "monitoring/ps-watch", "namespace": "monitoring", "pod": f"ps-{i}", "basis": "own-log"}
        listing = "root  4711  4022  Z  0:00 [cat] <defunct>"
        story.see("zombie-processes", node, hours - 0.4, times=20, stream="container", message=listing, **about)
        story.see("pid-exhaustion", node, hours - 0.3, times=3, stream="kubelet")
        story.dies(node, hours)
    for i in range(story.nodes):
        story.place("monitoring/ps-watch", story.node(i), kind=None)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("zombie-processes", None)


def test_a_pod_that_used_next_to_nothing_filled_no_disk():
    """The kubelet could free nothing and evicted whom it could: one pod a node, the same service, with 56Ki."""
    story = Story()
    for i in range(3):
        node, hours = story.node(i), 2 + 5 * i
        story.see("disk-pressure", node, hours - 0.4, times=3)
        evicted(story, node, hours - 0.39, "shop/api", "56Ki")
        story.dies(node, hours)
    verdict = story.tell(DISK).verdict
    assert (verdict.cause, verdict.workload) == ("disk-pressure", None)


@pytest.mark.parametrize(
    ("used", "message", "named"),
    [
        ("900Mi", "The node was low on resource: memory. Container api was using 900Mi, which exceeds its request of 256Mi.", False),
        ("9Gi", "The node was low on resource: memory. Container api was using 9Gi, which exceeds its request of 0.", True),
        ("3912Ki", "The node was low on resource: memory. Container api was using 3912Ki, which exceeds its request of 0.", False),
        ("3Gi", "The node was low on resource: memory. Threshold quantity: 100Mi, available: 70Mi. Container api was using 3Gi, request is 0", True),
        ("2Gi", "The node was low on resource: ephemeral-storage. Container api was using 2Gi, which exceeds its request of 0.", True),
        ("2Gi", EVICTED.format(name="api", used="2Gi"), False),  # less than the 10 GB that the kubelet keeps free
        ("", "The node was low on resource: inodes.", True),
    ],
)  # fmt: skip
def test_how_much_is_much(used: str, message: str, named: bool):
    rows = pd.DataFrame({"message": [message], "workload": ["shop/api"], "pod": ["api-1"]})
    assert len(large_evictions(rows, None)) == named


@pytest.mark.parametrize(("sizes", "named"), [((565, 546, 537), set()), ((9000, 546, 537), {"shop/0"})])
def test_pressure_evicts_whoever_stands_there(sizes: tuple[int, ...], named: set[str]):
    """Three pods go, each over its request; a node of 16 GiB was short for their sake only if one held gigabytes."""
    said = "The node was low on resource: memory. Container c was using {}Mi, which exceeds its request of 256Mi. "
    rows = pd.DataFrame(
        {
            "message": [said.format(size) for size in sizes],
            "workload": [f"shop/{i}" for i in range(len(sizes))],
            "pod": [f"pod-{i}" for i in range(len(sizes))],
        }
    )
    assert set(large_evictions(rows, 16 * 2**30)["workload"]) == named


def test_the_pods_of_one_workload_count_together():
    said = "The node was low on resource: memory. Container c was using 1500Mi, which exceeds its request of 256Mi. "
    rows = pd.DataFrame({"message": [said] * 4, "workload": ["shop/a"] * 4, "pod": [f"a-{i}" for i in range(4)]})
    assert len(large_evictions(rows, 16 * 2**30)) == 4
