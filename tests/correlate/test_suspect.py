# ruff: noqa: E501 - log lines stand whole
import pytest

from tests.correlate.build import Story, leak
from triage.correlate.machines import memory_of


def quiet_leak(story: Story, episodes: int, *workloads: str) -> Story:
    """A leak that no line attributes: the workloads' pods move before each death, and one is on each failing node."""
    for i in range(episodes):
        node, hours = story.node(i), 2.5 + 4 * i
        for workload in workloads:
            story.place(workload, node, first=max(0.0, hours - 3.5), last=hours)
        story.see("pid-exhaustion", node, hours - 0.35, times=8, stream="kubelet")
        story.dies(node, hours)
    for i in range(story.nodes):
        story.place("kube-system/agent", story.node(i), kind="DaemonSet")
        story.place("shop/everywhere", story.node(i))
        if i % 2:
            story.place("shop/cart", story.node(i))
    return story


def test_a_workload_on_every_failing_node_and_few_others_is_suspected_by_co_location():
    incident = quiet_leak(Story(), 5, "shop/pdf").tell()
    (suspect,) = incident.causes[0].workloads
    assert (suspect.name, suspect.basis, suspect.tied) == ("shop/pdf", "co-location", False)
    assert incident.verdict.workload == "shop/pdf"
    assert incident.verdict.confidence == "likely"  # co-location alone confirms nothing


def test_what_runs_everywhere_is_never_suspected():
    incident = quiet_leak(Story(), 5).tell()
    assert incident.verdict.cause == "pid-exhaustion"
    assert incident.verdict.workload is None
    assert incident.causes[0].workloads == ()


def test_two_that_always_run_together_are_a_tie():
    incident = quiet_leak(Story(), 5, "shop/pdf", "shop/fonts").tell()
    assert {s.name for s in incident.causes[0].workloads} == {"shop/pdf", "shop/fonts"}
    assert all(s.tied for s in incident.causes[0].workloads)
    assert incident.verdict.workload is None
    assert incident.verdict.cause == "pid-exhaustion"


def test_one_dead_node_says_nothing_about_who_ran_there():
    assert quiet_leak(Story(), 1, "shop/pdf").tell().verdict.workload is None


def test_a_pod_that_nothing_moves_is_not_another_draw():
    story = Story(nodes=4)
    for i in range(4):
        hours = 2.5 + 5 * i
        story.see("pid-exhaustion", story.node(0), hours - 0.35, times=8, stream="kubelet")
        story.dies(story.node(0), hours)
    story.place("shop/pinned", story.node(0), pod="pinned-0", kind="StatefulSet")
    for i in range(1, 4):
        story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


def test_victims_that_complain_are_not_culprits():
    story = Story()
    for i in range(5):
        node, hours = story.node(i), 2.5 + 4 * i
        story.see("pid-exhaustion", node, hours - 0.4, times=4, stream="kubelet")
        for k, victim in enumerate(("shop/cart", "shop/web", "shop/auth", "shop/search")):
            story.see(
                "pid-exhaustion",
                node,
                hours - 0.3 + k / 100,
                times=1 + (i + k) % 3,
                stream="container",
                workload=victim,
                namespace="shop",
                pod=f"{victim[5:]}-{i}",
                basis="own-log",
                message="/bin/sh: can't fork: Resource temporarily unavailable",
            )
        story.dies(node, hours)
    incident = story.tell()
    assert incident.verdict.cause == "pid-exhaustion"
    assert incident.verdict.workload is None


def test_one_workload_whose_complaints_lead_every_time_is_likely_the_one():
    story = Story()
    for i in range(5):
        node, hours = story.node(i), 2.5 + 4 * i
        common = {"stream": "container", "namespace": "shop", "basis": "own-log"}
        words = "/bin/sh: can't fork: Resource temporarily unavailable"
        story.see(
            "pid-exhaustion", node, hours - 0.5, times=6, workload="shop/pdf", pod=f"p-{i}", message=words, **common
        )
        story.see(
            "pid-exhaustion", node, hours - 0.1, workload=f"shop/victim-{i}", pod=f"v-{i}", message=words, **common
        )
        story.place("shop/pdf", node, first=max(0.0, hours - 3), last=hours)
        story.dies(node, hours)
    for i in range(story.nodes):
        story.place("shop/cart", story.node(i))
    verdict = story.tell().verdict
    assert (verdict.workload, verdict.confidence) == ("shop/pdf", "likely")


def test_pods_that_the_kernel_names_by_turns_are_victims():
    story = Story()
    for i in range(6):
        node, hours = story.node(i), 2 + 3 * i
        for k in range(3):
            story.refused(node, hours - 0.3 + k / 100, f"shop/w{(i + k) % 6}", pod=f"w-{i}-{k}")
        story.dies(node, hours)
    assert story.tell().verdict.workload is None


def test_the_one_that_the_kernel_names_every_time_is_the_culprit_among_victims():
    story = Story()
    for i in range(6):
        node, hours = story.node(i), 2 + 3 * i
        story.refused(node, hours - 0.4, "shop/pdf", pod=f"pdf-{i}")
        story.refused(node, hours - 0.3, f"shop/w{i % 4}", pod=f"w-{i}")
        story.dies(node, hours)
    incident = story.tell()
    assert incident.verdict.workload == "shop/pdf"
    assert [s.name for s in incident.causes[0].workloads] == ["shop/pdf"]


def test_a_daemonset_can_be_suspected_by_direct_evidence():
    story = Story()
    for i in range(4):
        node, hours = story.node(i), 2 + 4 * i
        story.see(
            "system-oom",
            node,
            hours - 0.2,
            times=3,
            every_s=70,
            message="oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/kubepods/pod1/c,task=shipper,pid=9",
            workload="logging/shipper",
            kind="DaemonSet",
            namespace="logging",
            pod=f"shipper-{i}",
            basis="cgroup",
        )
        story.dies(node, hours)
    for i in range(story.nodes):
        story.place("logging/shipper", story.node(i), kind="DaemonSet")
    assert story.tell().verdict.workload == "logging/shipper"


def test_an_eviction_names_the_pod_with_the_larger_use():
    story = Story()
    for i in range(3):
        node, hours = story.node(i), 2 + 4 * i
        story.see(
            "memory-pressure",
            node,
            hours - 0.2,
            stream="events",
            message="The node was low on resource: memory. Threshold quantity: 100Mi, available: 70Mi. "
            "Container api was using 9Gi, request is 512Mi, has larger consumption of memory. ",
            workload="shop/report",
            namespace="shop",
            pod=f"report-{i}",
            basis="own-log",
        )
        story.dies(node, hours)
    assert story.tell().verdict.workload == "shop/report"


def test_no_workload_is_blamed_for_a_dead_host():
    story = Story()
    for i in range(5):
        story.place("shop/pdf", story.node(i), last=2.5 + 4 * i)
        story.see(
            "host-error", story.node(i), 2.49 + 4 * i, workload="shop/pdf", pod="x", namespace="shop", basis="cgroup"
        )
        story.goes_down(story.node(i), 2.5 + 4 * i, back=2.6 + 4 * i)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("host-error", None)


def test_shuffled_placements_clear_the_suspect():
    story = quiet_leak(Story(), 5, "shop/pdf")
    for k, row in enumerate(r for r in story.placements if r["workload"] == "shop/pdf"):
        row["node"] = story.node((k * 5 + 7) % story.nodes)
    assert story.tell().verdict.workload is None


def test_each_episode_bears_the_workload_that_its_own_lines_name():
    incident = leak(Story()).tell()
    assert {e.workload for e in incident.episodes} == {"shop/pdf"}


def killed(story: Story, node: str, hours: float, workload: str, pid: int, rss_kb: int) -> None:
    """The two lines of one kill (mm/oom_kill.c: dump_oom_summary, __oom_kill_process), of a node with 16 GiB."""
    name = workload.partition("/")[2]
    about = {"workload": workload, "namespace": "shop", "pod": f"{name}-{pid}", "basis": "cgroup"}
    chosen = f"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/kubepods/x,task={name},pid={pid},uid=0"
    done = f"Out of memory: Killed process {pid} ({name}) total-vm:999999kB, anon-rss:{rss_kb}kB, file-rss:12kB, shmem-rss:0kB, UID:0 oom_score_adj:1000"
    story.see("system-oom", node, hours, message=chosen, **about)
    story.see("system-oom", node, hours, message=done, insert_id=f"done-{pid}")


def test_a_small_pod_that_the_kernel_sacrifices_first_is_a_victim():
    """A cache with oom_score_adj -997 fills the node; four processes of a BestEffort pod are killed for it."""
    story = Story()
    for i in range(4):
        for k in range(4):
            killed(story, story.node(i), 2 + 4 * i - 0.3 + k / 60, "shop/shipper", 100 * i + k, 18411)
        story.dies(story.node(i), 2 + 4 * i)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("system-oom", None)


def test_many_processes_of_some_size_make_a_large_workload():
    story = Story()
    for i in range(4):
        for k in range(4):
            killed(story, story.node(i), 2 + 4 * i - 0.3 + k / 360, "shop/chrome", 100 * i + k, 1_300_000)
        killed(story, story.node(i), 2 + 4 * i - 0.2, "shop/shipper", 100 * i + 50, 18411)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.workload == "shop/chrome"


def test_what_grows_again_and_again_is_not_held_at_once():
    """A worker without requests has 1.3 GB each time that the kernel takes it; the kubelet starts it anew."""
    story = Story()
    for i in range(4):
        for k in range(6):
            killed(story, story.node(i), 2 + 4 * i - 0.4 + k / 30, "shop/worker", 100 * i + k, 1_300_000)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.workload is None


def test_what_is_much_depends_on_the_node():
    """The same three gigabytes are most of a small node, and a victim's on one of 16 GiB."""
    for total, named in ((4 * 2**30, "shop/java"), (16 * 2**30, None)):
        story = Story()
        for i in range(4):
            killed(story, story.node(i), 2 + 4 * i - 0.3, "shop/java", 100 * i, 3_000_000)
            story.measure("memory_total_bytes", story.node(i), [(1, total)])
            story.dies(story.node(i), 2 + 4 * i)
        assert story.tell().verdict.workload == named


def test_the_limit_of_all_pods_together_chooses_alike():
    """Pods may use up what the kubelet allots to all of them (`/kubepods`) before the node itself runs out."""
    for rss, named in ((1_200_000, None), (9_000_000, "shop/join")):
        story = Story()
        for i in range(4):
            node, hours, about = story.node(i), 2 + 4 * i - 0.3, {"workload": "shop/join", "namespace": "shop"}
            chosen = f"oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/kubepods,task_memcg=/kubepods/b/podx/c,task=join,pid=8{i}"
            story.see("system-oom", node, hours, message=chosen, pod=f"join-{i}", basis="cgroup", **about)
            done = (
                f"Memory cgroup out of memory: Killed process 8{i} (join) total-vm:9kB, anon-rss:{rss}kB, file-rss:0kB"
            )
            story.see("container-oom", node, hours, message=done)
            story.dies(node, 2 + 4 * i)
        assert story.tell().verdict.workload == named


@pytest.mark.parametrize(
    ("machine_type", "gib"),
    [
        ("n1-standard-4", 15), ("e2-standard-8", 32), ("e2-highmem-8", 64), ("n1-highmem-2", 13), ("c3-highcpu-4", 8),
        ("n2-highcpu-32", 32), ("e2-medium", 4), ("n2-custom-8-32768", 32), ("custom-4-5120", 5), ("ek-standard-16", 64),
        ("c3-standard-8-lssd", 32), ("a2-highgpu-1g", None), (None, None),
    ],
)  # fmt: skip
def test_machine_types_tell_their_memory(machine_type: str | None, gib: float | None):
    assert memory_of(machine_type) == (None if gib is None else gib * 2**30)
