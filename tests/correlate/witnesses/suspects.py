"""Witnesses of the rules that find the suspect."""

from typing import Any

from tests.correlate.build import Story, at, leak
from tests.correlate.whole import full_pack
from tests.correlate.witnesses.table import witness

REFUSED = "/bin/sh: can't fork: Resource temporarily unavailable"
EVICTED = (
    "The node was low on resource: ephemeral-storage. Container c was using 9Gi, request is 0, has larger consumption"
)


def complains(story: Story, node: str, hours: float, workload: str, **more: Any) -> None:
    """A pod's own log tells that its forks fail (what a shell says of EAGAIN)."""
    namespace, name = workload.split("/")
    about = {"namespace": namespace, "pod": f"{name}-{len(story.occurrences)}", "basis": "own-log", "message": REFUSED}
    story.see("pid-exhaustion", node, hours, stream="container", workload=workload, **{**about, **more})


def short_of_ids(story: Story, *hours: float, cause: str = "pid-exhaustion") -> Story:
    """One node after the other runs out; no line says whose fault it is."""
    for i, down in enumerate(hours):
        story.see(cause, story.node(i), down - 0.35, times=8, stream="kubelet")
        story.dies(story.node(i), down)
    return story


@witness("direct evidence")
def the_kernel_names_the_group_whose_fork_it_refused() -> None:
    """A pod limit is set, so the kernel says whose cgroup was full; placements alone would prove nothing."""
    verdict = leak(Story()).tell().verdict
    assert (verdict.workload, verdict.confidence) == ("shop/pdf", "confirmed")


@witness("direct evidence: wording must name the culprit")
@witness("direct evidence: complaints that dominate")
@witness("gate, confirmed: The suspect, if one is named, by direct evidence")
def who_forks_most_complains_first() -> None:
    """The leaking service's own forks fail first and most; it runs on few nodes. Likely its leak, and not proven."""
    story = short_of_ids(Story(), 3, 8, 13)
    for i, hours in enumerate((3, 8, 13)):
        complains(story, story.node(i), hours - 0.5, "shop/pdf", times=6)
        complains(story, story.node(i), hours - 0.1, f"shop/victim-{i}")
        story.place("shop/pdf", story.node(i))
    story.place("shop/pdf", story.node(9))
    for i in range(story.nodes):
        for name in ("cart", "web", "auth", "search", "mail"):
            if (i + len(name)) % 4:
                story.place(f"shop/{name}", story.node(i))
    verdict = story.tell().verdict
    assert (verdict.workload, verdict.confidence) == ("shop/pdf", "likely")


@witness("direct evidence: placements second who complains most")
def a_victim_on_every_node_forks_most() -> None:
    """A service with exec probes runs everywhere and complains most wherever ids run out: it is a victim."""
    story = short_of_ids(Story(), 3, 8, 13, 18)
    for i, hours in enumerate((3, 8, 13, 18)):
        complains(story, story.node(i), hours - 0.5, "shop/prober", times=9)
    for i in range(story.nodes):
        story.place("shop/prober", story.node(i))
    incident = story.tell()
    assert (incident.verdict.cause, incident.verdict.workload) == ("pid-exhaustion", None)
    assert {e.workload for e in incident.episodes} == {None}


def cannot_start(story: Story, node: str, hours: float, workload: str, *, times: int = 6) -> None:
    """A pod that was scheduled to a full node half a minute ago (kubelet, pkg/kubelet/kuberuntime)."""
    namespace, name = workload.split("/")
    pod = f"{name}-{len(story.placements)}"
    story.place(workload, node, first=hours - 0.01, last=hours + 0.15, pod=pod)
    said = "CreatePodSandbox for pod failed: failed to start shim: fork/exec: resource temporarily unavailable"
    about = {"workload": workload, "namespace": namespace, "pod": pod, "basis": "pod-name"}
    story.see("pid-exhaustion", node, hours, times=times, every_s=60, stream="kubelet", message=said, **about)


@witness("direct evidence: who cannot start complains of nothing")
def a_report_that_can_make_no_threads_and_pods_that_cannot_start() -> None:
    """A Java service runs out of threads first, on each node; then the kubelet can start nobody."""
    story = Story()
    for i in range(4):
        complains(story, story.node(i), 2 + 4 * i - 0.3, "billing/report", times=3)
        cannot_start(story, story.node(i), 2 + 4 * i - 0.2, "shop/web")
        story.place("billing/report", story.node(i), last=2 + 4 * i)
        story.dies(story.node(i), 2 + 4 * i)
    story.place("billing/report", story.node(9))
    for i in range(story.nodes):
        story.place("shop/web", story.node(i))
    verdict = story.tell().verdict
    assert (verdict.workload, verdict.confidence) == ("billing/report", "likely")
    assert "stand first or most often" in verdict.summary


@witness("co-location: a pod without a sandbox ran nothing")
def pods_that_were_scheduled_to_dying_nodes() -> None:
    """A rollout's pods land on full nodes and never start; what filled these had come more than an hour before."""
    story = Story(nodes=20)
    for i in range(5):
        story.place("media/images", story.node(i), first=2 + 4 * i - 1.4, last=2 + 4 * i)
        cannot_start(story, story.node(i), 2 + 4 * i - 0.15, "shop/cart")
        story.dies(story.node(i), 2 + 4 * i)
    for i in range(story.nodes):
        story.place("shop/web", story.node(i))
    verdict = story.tell().verdict
    assert (verdict.workload, verdict.confidence) == ("media/images", "likely")


@witness("direct evidence: it must stand out")
def pods_that_the_kernel_names_by_turns() -> None:
    """On a node without ids the kernel refuses whoever forks next: six services take turns."""
    story = Story()
    for i in range(6):
        for k in range(3):
            story.refused(story.node(i), 2 + 3 * i - 0.3 + k / 100, f"shop/w{(i + k) % 6}", pod=f"w-{i}-{k}")
        story.dies(story.node(i), 2 + 3 * i)
    assert story.tell().verdict.workload is None


@witness("direct evidence: who held little is a victim")
def a_worker_without_requests_is_killed_for_a_cache_with_them() -> None:
    """A cache that may not be killed eats the nodes; the kernel takes a best-effort worker that runs on all of them."""
    story = Story()
    for i in range(4):
        node, hours = story.node(i), 2 + 4 * i
        group = f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{i}.slice"
        chosen = f"oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg={group},task=worker,pid=4{i}"
        held = f"Out of memory: Killed process 4{i} (worker) anon-rss:1900000kB, shmem-rss:0kB oom_score_adj:1000"
        about = {"workload": "batch/worker", "namespace": "batch", "pod": f"worker-{i}", "basis": "cgroup"}
        story.see("system-oom", node, hours - 0.3, message=chosen, **about)
        story.see("system-oom", node, hours - 0.3, message=held, insert_id=f"held-{i}")
        story.dies(node, hours)
    for i in range(story.nodes):
        story.place("batch/worker", story.node(i))
    assert story.tell().verdict.workload is None


@witness("direct evidence: metrics tell who held most")
def cadvisor_counts_each_containers_threads() -> None:
    """No line says whose fault it is, and the service runs everywhere; on nodes that die it has 30,000 threads."""
    story = short_of_ids(Story(), 3, 8, 13)
    for i in range(story.nodes):
        for name, most in (("pdf", 30_000), ("web", 90)):
            story.place(f"shop/{name}", story.node(i), pod=f"{name}-{i}")
            dies = 3 + 5 * i
            for k in range(12):
                value = most * (k + 1) / 12 if i < 3 else 80
                about = {"namespace": "shop", "pod": f"{name}-{i}", "container": name, "node": story.node(i)}
                moment = at(dies - 1 + k / 12) if i < 3 else at(5 + k / 12)
                story.metrics.append({"timestamp": moment, "metric": "container_threads", "value": value, **about})
    verdict = story.tell().verdict
    assert (verdict.workload, verdict.confidence) == ("shop/pdf", "confirmed")
    assert "which its own metrics name" in verdict.summary


@witness("direct evidence: one refusal is one tale")
def one_refusal_in_three_streams() -> None:
    """The journal, the serial console and the problem detector all write down one victim's refusal within a second."""
    story = Story()
    for i in range(4):
        node, hours = story.node(i), 2 + 4 * i
        for minute in range(3):
            story.refused(node, hours - 0.4 + minute / 50, "shop/pdf", pod=f"pdf-{i}")
        for copy in range(7):
            story.refused(node, hours - 0.1 + copy / 36000, "shop/victim", pod=f"v-{i}")
        story.dies(node, hours)
    assert story.tell().verdict.workload == "shop/pdf"


@witness("direct evidence: few speak for the rest only where it ran there")
def named_on_two_nodes_of_six() -> None:
    """Two nodes' lines name a batch job that never ran on the other four: it did not take those down."""
    story = short_of_ids(Story(), 2, 5, 8, 11, 14, 17)
    for i in range(2):
        story.refused(story.node(i), 2 + 3 * i - 0.4, "shop/batch", pod=f"batch-{i}")
        story.place("shop/batch", story.node(i))
    for i in range(story.nodes):
        story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


@witness("direct evidence: kin signals name it too")
def the_eviction_names_what_filled_the_disk() -> None:
    """The condition says that the disk is full; the eviction a minute later says of whose files."""
    story = Story()
    for i in range(3):
        node, hours = story.node(i), 2 + 5 * i
        story.see("disk-pressure", node, hours - 0.4, times=3)
        about = {"workload": "shop/scratch", "namespace": "shop", "pod": f"scratch-{i}", "basis": "own-log"}
        story.see("ephemeral-storage-eviction", node, hours - 0.3, stream="events", message=EVICTED, **about)
        story.dies(node, hours)
    assert story.tell(full_pack()).verdict.workload == "shop/scratch"


@witness("no workload brings this cause about")
def a_dead_host_takes_its_pods_with_it() -> None:
    """Lines about a host error bear the pods that died with it, the same service each time."""
    story = Story()
    for i in range(5):
        story.place("shop/pdf", story.node(i), last=2.5 + 4 * i)
        about = {"workload": "shop/pdf", "pod": f"pdf-{i}", "namespace": "shop", "basis": "cgroup", "stream": "metric"}
        story.see("host-error", story.node(i), 2.49 + 4 * i, **about)
        story.goes_down(story.node(i), 2.5 + 4 * i, back=2.6 + 4 * i)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("host-error", None)


@witness("no workload brings this cause about")
def hosts_that_fail_under_one_service() -> None:
    """Five hosts fail, and by chance the same service had a pod on each, and hardly anywhere else."""
    story = Story(nodes=40)
    for i in range(5):
        story.place("shop/pdf", story.node(i))
        story.see("host-error", story.node(i), 2.49 + 4 * i)
        story.goes_down(story.node(i), 2.5 + 4 * i, back=2.6 + 4 * i)
    for i in range(story.nodes):
        story.place("shop/cart", story.node(i))
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("host-error", None)


@witness("direct evidence before co-location")
def a_companion_on_the_same_nodes() -> None:
    """The kernel names the renderer; its font cache is scheduled beside it, and on fewer other nodes than it is."""
    story = leak(Story(), episodes=4)
    for i in range(4):
        story.place("shop/fonts", story.node(i), first=2.5 + 4 * i - 3, last=2.5 + 4 * i)
    for i in range(6, 9):
        story.place("shop/pdf", story.node(i))
    assert story.tell().verdict.workload == "shop/pdf"


@witness("the two kinds of evidence may agree")
def two_are_named_and_one_of_them_was_on_all() -> None:
    """The kernel refuses two groups equally often on each node; one of the two runs almost everywhere."""
    story = Story()
    for i in range(5):
        node, hours = story.node(i), 2.5 + 4 * i
        story.place("shop/pdf", node, first=max(0.0, hours - 3.5), last=hours)
        for name in ("pdf", "web"):
            story.refused(node, hours - 0.4, f"shop/{name}", pod=f"{name}-{i}", times=4)
        story.dies(node, hours)
    for i in range(story.nodes):
        story.place("shop/web", story.node(i))
    verdict = story.tell().verdict
    assert (verdict.workload, verdict.confidence) == ("shop/pdf", "confirmed")


@witness("co-location")
def a_leak_follows_a_service_about() -> None:
    """Nothing names anybody, but wherever the service's pod goes a node dies, and it runs on few."""
    story = short_of_ids(Story(), 3, 7, 11, 15, 19)
    for i in range(5):
        story.place("shop/pdf", story.node(i), first=4 * i, last=3 + 4 * i)
    for i in range(story.nodes):
        story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload == "shop/pdf"


@witness("co-location: never a DaemonSet")
def the_agent_of_a_kind_of_node() -> None:
    """The nodes with a local disk fail, and a DaemonSet runs on just these: it marks the machine, not the culprit."""
    story = short_of_ids(Story(), 3, 7, 11, 15, 19)
    for i in range(5):
        story.place("kube-system/local-disk", story.node(i), kind="DaemonSet")
    for i in range(story.nodes):
        story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


@witness("co-location: nothing that runs everywhere")
def a_sidecar_that_only_a_fresh_node_lacks() -> None:
    """Sixty deaths in a week, all on nodes with the mesh's proxy: so have eleven of twelve nodes at any time."""
    story = Story(hours=168)
    for i in range(60):
        node, hours = story.node(i % 11), 2 + 2.7 * i
        story.see("pid-exhaustion", node, hours - 0.35, times=4, stream="kubelet")
        story.dies(node, hours)
        for n in range(11):
            story.place("mesh/proxy", story.node(n), first=hours - 2, last=hours, pod=f"proxy-{i}-{n}")
    story.place("shop/idle", story.node(11))
    assert story.tell().verdict.workload is None


@witness("co-location: Benjamini–Hochberg")
def one_of_thirty_services_was_there_each_time() -> None:
    """Thirty services on a quarter of the nodes each: that one of them was on all three dead nodes is chance."""
    story = short_of_ids(Story(), 3, 8, 13)
    for k in range(30):
        for n in range(3):
            story.place(f"shop/w{k}", story.node((n if k == 0 else 5 * k + 4 * n) % 12))
    assert story.tell().verdict.workload is None


@witness("co-location: stricter where nothing is used up")
def runtimes_that_hang_under_a_service() -> None:
    """A runtime hangs for reasons of its own; that the same service was on the three nodes is no proof of anything."""
    story = short_of_ids(Story(), 3, 8, 13, cause="runtime-down")
    for i in range(3):
        story.place("shop/pdf", story.node(i))
    for i in range(story.nodes):
        if i % 2:
            story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


@witness("co-location: it ran on (nearly) all")
def a_batch_that_met_six_of_nine() -> None:
    """A rare batch ran on six of the nine nodes that died; it cannot have taken down the three that it never saw."""
    story = short_of_ids(Story(nodes=30), *(2 + 2.3 * i for i in range(9)))
    for i in range(6):
        story.place("shop/batch", story.node(i))
    for i in range(story.nodes):
        if i % 2:
            story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


@witness("co-location: what is alike is a tie")
def two_services_that_are_scheduled_together() -> None:
    """A renderer and its cache share their nodes; the cache has one replica more. Nothing tells which one leaks."""
    story = short_of_ids(Story(), 3, 8, 13, 18)
    for i in range(4):
        story.place("shop/pdf", story.node(i))
        story.place("shop/fonts", story.node(i))
    story.place("shop/fonts", story.node(8))
    for i in range(5, story.nodes):
        story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


@witness("co-location: nodes fail once each")
def four_of_the_five_nodes_that_carry_it() -> None:
    """A service is pinned to five of twelve nodes; four different nodes die, all of them its own."""
    story = short_of_ids(Story(), 3, 8, 13, 18)
    for i in range(5):
        story.place("shop/pdf", story.node(i))
    for i in range(story.nodes):
        story.place("shop/web", story.node(i))
        if i % 2:
            story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload == "shop/pdf"


@witness("co-location: a pod that nothing moves is one draw")
def a_node_that_dies_four_times() -> None:
    """One bad machine dies again and again; the database that is pinned to it is there each time."""
    story = Story(nodes=4)
    for i in range(4):
        story.see("pid-exhaustion", story.node(0), 2.5 + 5 * i - 0.35, times=8, stream="kubelet")
        story.dies(story.node(0), 2.5 + 5 * i)
    story.place("shop/pinned", story.node(0), pod="pinned-0", kind="StatefulSet")
    for i in range(1, 4):
        story.place("shop/cart", story.node(i))
    assert story.tell().verdict.workload is None


@witness("co-location: three nodes' placements at least")
def placements_of_two_nodes_are_known() -> None:
    """Container logs are collected on two nodes only: what runs on the other ten is unknown, not nothing."""
    story = Story()
    for i in range(6):
        hours = 2 + 3.5 * i
        story.see("pid-exhaustion", story.node(0), hours - 0.35, times=8, stream="kubelet")
        story.dies(story.node(0), hours)
        story.place("shop/pdf", story.node(0), first=hours - 2, last=hours, pod=f"pdf-{i}")
    story.place("shop/cart", story.node(1))
    assert story.tell().verdict.workload is None


@witness("controls: pods at a limit of their own say nothing")
def a_pod_at_a_limit_of_its_own() -> None:
    """The kernel refuses forks in two busy pods of a service all day, for they are at a limit of their own."""
    story = short_of_ids(Story(), 3, 7, 11, 15, 19)
    for i in range(5):
        story.refused(story.node(i), 4 * i + 2.6, "web/php", pod=f"php-{i}")
    for i in (6, 7):
        for hour in range(24):
            story.refused(story.node(i), hour + 0.2, "web/php", pod=f"php-{i}")
    for i in range(story.nodes):
        story.place("web/php", story.node(i))
    incident = story.tell()
    assert (incident.verdict.cause, incident.verdict.workload) == ("pid-exhaustion", None)
