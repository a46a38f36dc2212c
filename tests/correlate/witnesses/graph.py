"""Witnesses of the rules that walk the causal graph."""

from tests.correlate.build import ALL, Story, leak
from tests.correlate.whole import full_pack
from tests.correlate.witnesses.table import witness


def each(story: Story, *seen: tuple[str, float, bool], episodes: int = 4) -> Story:
    """Deaths four hours apart, each with the same signals before: id, hours before, whether the line names it."""
    for i in range(episodes):
        for name, before, named in seen:
            story.see(name, story.node(i), 2 + 4 * i - before, times=4, mechanism=named)
        story.dies(story.node(i), 2 + 4 * i)
    return story


@witness("causal graph, whole: nothing is upstream of anything")
@witness("causal graph: upstream brings on downstream")
def pressure_hinted_at_and_kills_named() -> None:
    """The kubelet's hints of memory pressure come first; the kernel's kills are the louder lines, and what follows."""
    story = each(Story(), ("memory-pressure", 0.4, False), ("system-oom", 0.2, True))
    assert story.tell().verdict.cause == "memory-pressure"


@witness("causal graph: too late is no cause")
def forks_refused_after_the_runtime_hung() -> None:
    """A hung runtime lets shims pile up: process ids run short after it, and are not why it hung."""
    story = each(Story(), ("runtime-down", 0.5, False), ("pid-exhaustion", 0.1, True))
    assert story.tell().verdict.cause == "runtime-down"


@witness("causal graph: seen in few episodes is no root")
def pressure_seen_in_half_of_the_deaths_by_oom() -> None:
    """A fast allocation outruns the kubelet's ten-second check: pressure is noticed in some deaths only."""
    story = Story()
    for i in range(6):
        if i < 3:
            story.see("memory-pressure", story.node(i), 2 + 3 * i - 0.4)
        story.see("system-oom", story.node(i), 2 + 3 * i - 0.2, times=4)
        story.dies(story.node(i), 2 + 3 * i)
    causes = story.tell().causes
    assert [(c.signal, c.episodes_explained) for c in causes] == [("system-oom", 6)]


@witness("causal graph: what follows stays open")
def a_hung_runtime_among_leaks() -> None:
    """Four nodes ran out of process ids; of a fifth only the hung runtime was logged. That is no second cause."""
    story = each(Story(), ("pid-exhaustion", 0.4, True), ("runtime-down", 0.2, True))
    story.see("runtime-down", story.node(6), 19.8, times=4)
    story.dies(story.node(6), 20)
    incident = story.tell()
    assert [c.signal for c in incident.causes] == ["pid-exhaustion"]
    assert incident.episodes[-1].cause is None


@witness("causal graph: a mere metric is no root above what a line names")
def memory_at_nine_tenths_before_a_kill() -> None:
    """Much of a node's memory is cache that it can take back; that the kernel killed for want of memory is a fact."""
    story = Story()
    for i in range(4):
        story.see("memory-pressure", story.node(i), 2 + 4 * i - 0.8, stream="metric")
        story.see("system-oom", story.node(i), 2 + 4 * i - 0.2, times=4)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.cause == "system-oom"


@witness("causal graph: own words are no root above what a line names")
def a_service_without_files_on_a_node_whose_runtime_hangs() -> None:
    """One service reached its own limit of open files before each death; that the runtime hung, the kubelet says."""
    story = Story()
    for i in range(4):
        about = {"stream": "container", "namespace": "shop", "workload": "shop/cart", "pod": f"cart-{i}"}
        printed = "java.net.SocketException: Too many open files"
        story.see("fd-exhaustion", story.node(i), 2 + 4 * i - 0.4, times=4, mechanism=False, message=printed, **about)
        story.see("runtime-down", story.node(i), 2 + 4 * i - 0.2, times=4, stream="kubelet")
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell(full_pack()).verdict.cause == "runtime-down"


@witness("causal graph: metrics may come five minutes late")
def a_gauge_that_is_sampled_after_the_first_complaint() -> None:
    """Samples are a minute apart and show up later; the first timeout of the runtime was written at once."""
    story = Story()
    for i in range(4):
        story.see("runtime-down", story.node(i), 2 + 4 * i - 0.35, times=4, mechanism=False)
        story.see("pid-exhaustion", story.node(i), 2 + 4 * i - 0.3, stream="metric")
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.cause == "pid-exhaustion"


@witness("causal graph: a slow cause lies further back than an hour")
def a_disk_that_was_full_long_before() -> None:
    """The kubelet evicts and deletes images for an hour before a full disk takes the node down."""
    story = Story()
    for i in range(4):
        story.see("disk-pressure", story.node(i), 3 + 4 * i - 1.8, times=6, every_s=300)
        story.dies(story.node(i), 3 + 4 * i)
    assert story.tell(full_pack()).verdict.cause == "disk-pressure"


@witness("zombies before exhausted process IDs")
def an_engineer_lists_the_processes_of_a_dead_node() -> None:
    """Somebody logs in once the node is NotReady: only then the listing shows who holds the ids."""
    story = leak(Story())
    for i in range(4):
        story.see("zombie-processes", story.node(i), 2.5 + 4 * i + 0.05, stream="container")
    assert story.tell().verdict.cause == "zombie-processes"


@witness("three nodes at once: what no node bears")
def a_control_plane_resize() -> None:
    """A zonal control plane is resized; five kubelets lose it together, and no node's log knows why."""
    story = Story()
    story.see("control-plane-change", None, 5 - 0.03)
    for i in range(5):
        story.goes_down(story.node(i), 5 + i / 120, back=5.2)
    assert story.tell().verdict.cause == "control-plane-change"


@witness("the list of operations tells of the control plane")
def an_upgrade_that_only_the_list_of_operations_shows() -> None:
    """Audit logs were not exported. All kubelets lose the API server at once, and find it again as the upgrade ends."""
    story = Story(present=ALL - {"alerts"})
    story.repair(5, 5.2, name="operation-1-upgrade")
    story.operations[0] |= {"type": "UPGRADE_MASTER", "node_pool": None}
    for i in range(5):
        story.goes_down(story.node(i), 5.1 + i / 120, back=5.2)
    incident = story.tell()
    assert (incident.verdict.cause, incident.verdict.confidence) == ("control-plane-change", "likely")
    assert "list of operations names it" in incident.verdict.summary
    assert "operation-1-upgrade" in incident.causes[0].evidence[0].message


@witness("of equal counts the first")
def a_node_in_trouble_shouts_about_its_neighbours() -> None:
    """Memory is out for a quarter of an hour; only in the last minutes its connections pile up as well."""
    story = each(Story(), ("system-oom", 0.3, True), ("conntrack-full", 0.08, True))
    assert story.tell().verdict.cause == "system-oom"


@witness("what acts from outside comes first")
def disks_fail_as_their_hosts_do() -> None:
    """A failing host takes its disks with it seconds before the VM: the guest's I/O errors are its last words."""
    story = each(Story(), ("disk-io-error", 0.01, True), ("host-error", 0.005, True))
    assert story.tell(full_pack()).verdict.cause == "host-error"


@witness("an act from outside may only end what it did not cause")
def a_vm_that_is_deleted_because_it_is_sick() -> None:
    """Forks are refused for an hour; the engineer deletes the VM by hand, and the group makes it anew."""
    story = Story()
    for i in range(3):
        story.see("pid-exhaustion", story.node(i), 5 + 6 * i - 0.9, times=50, every_s=60)
        story.see("vm-deleted-by-user", story.node(i), 5 + 6 * i - 0.01)
        story.goes_down(story.node(i), 5 + 6 * i, back=5.2 + 6 * i)
    assert story.tell(full_pack()).verdict.cause == "pid-exhaustion"


@witness("of equal counts the better evidenced")
def tables_that_also_fill_on_healthy_nodes() -> None:
    """Tables fill and memory runs out before each death; tables fill in a few healthy hours as well."""
    story = each(Story(), ("conntrack-full", 0.3, True), ("system-oom", 0.3, True))
    for i in range(4):
        story.see("conntrack-full", story.node(6 + i), 2 + 4 * i - 0.4, times=4)
    assert story.tell().verdict.cause == "system-oom"


@witness("one moment that passed is a hint")
def one_dropped_packet() -> None:
    """The table was full for an instant, and the kernel said so once; the node then worked on for nine minutes."""
    story = Story()
    for i in range(2):
        story.see("conntrack-full", story.node(i), 2 + 8 * i - 0.15)
        story.dies(story.node(i), 2 + 8 * i)
    verdict = story.tell().verdict
    assert verdict.confidence == "possible"
    assert "In both episodes the node worked on after it as if all were well." in verdict.against


@witness("one moment that passed is a hint")
def two_slow_calls_to_a_runtime_that_works_on() -> None:
    """Two sandboxes were stopped late, as a slow network teardown does; kubelet and runtime then wrote as ever."""
    story = Story()
    for i in range(2):
        said = "StopPodSandbox from runtime service failed: rpc error: code = DeadlineExceeded"
        story.see("runtime-down", story.node(i), 5 + 6 * i - 0.13, times=2, every_s=60, stream="kubelet", message=said)
        story.dies(story.node(i), 5 + 6 * i)
    assert story.tell(full_pack()).verdict.confidence == "possible"


@witness("what took the node down before what was merely seen")
def addresses_short_on_a_node_that_runs_out_of_memory() -> None:
    """For nine minutes no pod gets an address, which takes no node down; then the kernel kills for want of memory."""
    story = each(Story(), ("ip-exhaustion", 0.15, True), ("system-oom", 0.04, True))
    verdict = story.tell(full_pack()).verdict
    assert (verdict.cause, verdict.confidence) == ("system-oom", "confirmed")


@witness("what took the node down before what was merely seen")
def a_full_table_on_a_host_that_fails() -> None:
    """Tables had been full for a quarter of an hour when the hosts failed: no host fails for that."""
    story = each(Story(), ("conntrack-full", 0.3, True), ("host-error", 0.01, True), episodes=3)
    story.see("conntrack-full", story.node(7), 15.7, times=4)
    story.dies(story.node(7), 16)
    causes = {c.signal: c.episodes_explained for c in story.tell(full_pack()).causes}
    assert causes == {"host-error": 3, "conntrack-full": 1}


@witness("a crash that was the last heard of a node ended it")
def a_crash_while_forks_fail() -> None:
    """Two services could not fork for ten minutes; then the kernel panicked, and nothing more was written."""
    story = Story()
    for i in range(2):
        node, hours = story.node(i), 5 + 6 * i
        story.see("pid-exhaustion", node, hours - 0.2, times=8, stream="kubelet")
        story.see("kernel-panic", node, hours - 0.02, stream="serial-console")
        story.quiet.append((node, hours - 0.05, hours + 0.2))
        story.dies(node, hours)
    assert story.tell(full_pack()).verdict.cause == "kernel-panic"


@witness("causal graph: too late is no cause, unless it explains far more")
def a_probe_that_timed_out_before_one_of_two_file_systems_failed() -> None:
    """Both nodes' file systems turn read-only; on one of them the runtime had answered late a few minutes before."""
    story = Story()
    for i in range(2):
        story.see("filesystem-readonly", story.node(i), 5 + 6 * i - 0.1, times=2)
        story.dies(story.node(i), 5 + 6 * i)
    story.see("runtime-down", story.node(1), 11 - 0.16, times=3, stream="kubelet")
    story.see("runtime-down", story.node(1), 11 - 0.05, times=3, stream="kubelet")
    assert [c.signal for c in story.tell(full_pack()).causes] == ["filesystem-readonly"]
