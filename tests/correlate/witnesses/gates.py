"""Witnesses of the gates of confidence, and of what is weighed between causes."""

from typing import Any

from tests.correlate.build import Story, leak
from tests.correlate.test_shared import serving_badly
from tests.correlate.whole import full_pack
from tests.correlate.witnesses.graph import each
from tests.correlate.witnesses.table import witness
from triage.model.incident import Verdict
from triage.model.place import Gap

SURE = ("likely", "confirmed")


def deaths(story: Story, count: int, shown: int, *, named: int | None = None, hours: float = 2.4) -> Verdict:
    """`count` deaths; `shown` of them have a full connection table before, `named` of these in so many words."""
    for i in range(count):
        if i < shown:
            story.see(
                "conntrack-full", story.node(i), 2 + hours * i - 0.4, times=4, mechanism=named is None or i < named
            )
        story.dies(story.node(i), 2 + hours * i)
    return story.tell().verdict


@witness(
    "gate, possible: Seen more often than on healthy nodes, "
    "before a third of the unplanned episodes, or standing out in two"
)
def one_odd_node_among_eight() -> None:
    """One of eight dead nodes had a full table. Whatever took the other seven is the story, and it is not known."""
    assert deaths(Story(), 8, 1).cause is None


@witness("gate, possible: Half of the lead-up hours were covered by logs, or a line names what broke")
def hints_out_of_silence() -> None:
    """Node logs stop two hours before each death; a stray hint got through. Nobody knows what else there was."""
    story = Story()
    story.quiet = [(story.node(i), 2 + 5 * i - 2, 2 + 5 * i) for i in range(4)]
    assert deaths(story, 4, 4, named=0, hours=5).cause is None


@witness("gate, possible: A line names what broke, or what a hint is declared to bring on was seen")
def resets_before_repairs_that_nobody_saw_begin() -> None:
    """Events are not exported. Connections were reset on each node before GKE repaired it; nothing else is known."""
    story = Story()
    for i in range(4):
        story.see("conntrack-full", story.node(i), 3 + 4 * i - 0.4, times=4, mechanism=False)
        story.repair(3 + 4 * i, 3.1 + 4 * i, node=story.node(i))
    assert story.tell().verdict.cause is None


@witness(
    "gate, likely: A line or metric names what is exhausted or broken on the node; or q ≤ 0.05, ratio over 1.5, "
    "three groups, whole chain, and half of it from more than an application’s own words"
)
def hints_before_two_deaths() -> None:
    """Resets of connections came before two deaths. They hint at a full table, and at a dozen other things."""
    assert deaths(Story(), 2, 2, named=0).confidence == "possible"


@witness("gate, likely: It came before NotReady in at least 80 % of the episodes it explains")
def lines_minutes_before_repairs_that_nobody_saw_begin() -> None:
    """Events are not exported, so NotReady is unknown: five minutes before a repair a node had long been down."""
    story = Story()
    for i in range(4):
        story.see("conntrack-full", story.node(i), 3 + 4 * i - 0.08, times=3)
        story.repair(3 + 4 * i, 3.1 + 4 * i, node=story.node(i))
    assert story.tell().verdict.confidence == "possible"


@witness(
    "gate, possible: It can take a node down, or the node’s own programs name it: "
    "pods complain of much on a node that dies"
)
def lookups_time_out_on_nodes_that_die_of_something_unseen() -> None:
    """Two services' lookups time out on each dying node in its last minutes, as all that they ask of it does."""
    story = Story()
    for i in range(4):
        for k, name in enumerate(("cart", "search")):
            about = {"stream": "container", "namespace": "shop", "workload": f"shop/{name}", "pod": f"{name}-{i}"}
            said = "lookup payments.shop.svc.cluster.local on 10.8.0.10:53: i/o timeout"
            story.see("dns-failure", story.node(i), 2 + 4 * i - 0.1 + k / 100, times=4, message=said, **about)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell(full_pack()).verdict.cause is None


@witness("gate, likely: It can take a node down, or a step on its way that can was seen on the node")
def a_resolver_that_answers_late_before_silence() -> None:
    """Cluster DNS answered late on nodes that then stopped without a word: that alone takes no kubelet down."""
    story = Story()
    for i in range(4):
        story.see("dns-failure", story.node(i), 2 + 4 * i - 0.2, times=4, stream="other")
        story.see("node-status-unknown", story.node(i), 2 + 4 * i, stream="events")
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell(full_pack()).verdict.confidence == "possible"


@witness("gate, likely: No metric that would show it stayed far from its bound, unless a line names it")
def a_pod_at_its_own_limit_on_nodes_with_plenty_of_ids() -> None:
    """A pod is refused forks before each death, by its own limit; all day the nodes use 1,400 of 32,768 ids."""
    story = Story()
    for i in range(4):
        story.refused(story.node(i), 2 + 4 * i - 0.3, "shop/crawler", f"0a{i}", times=3)
        story.dies(story.node(i), 2 + 4 * i)
        story.measure("pid_used", story.node(i), [(h / 30, 1400.0) for h in range(720)])
        story.measure("pid_limit", story.node(i), [(h / 30, 32768.0) for h in range(720)])
    verdict = story.tell().verdict
    assert verdict.confidence == "possible"
    assert any("1,400 of 32,768" in sentence for sentence in verdict.against)


@witness("gate, likely: It explains at least half of the unplanned episodes")
def three_deaths_of_eight() -> None:
    """Three of eight nodes had full tables. The other five died of something, perhaps of what filled the tables."""
    assert deaths(Story(), 8, 3).confidence == "possible"


@witness("gate, likely: Rare in control windows (≤ 5 %), or far more frequent before episodes (q ≤ 0.05)")
def a_busy_table_that_fills_every_fifth_hour() -> None:
    """Two nodes died with full tables; theirs fill in one healthy hour of six as well."""
    story = Story()
    for i in range(2):
        for k in range(4):
            story.see("conntrack-full", story.node(i), 6.5 + 4 * k + i, times=2)
    assert deaths(story, 2, 2).confidence == "possible"


@witness("gate, likely: No other cause has equal claims")
def two_failures_hand_in_hand() -> None:
    """Tables are full and memory is out on every node that dies, in the same minute: either may be the reason."""
    story = each(Story(), ("conntrack-full", 0.3, True), ("system-oom", 0.3, True))
    assert story.tell().verdict.confidence == "possible"


@witness("gate, likely: No read of the logs broke off: what is unread may name another cause")
def a_collection_that_somebody_stopped() -> None:
    """Ctrl-C came after the kubelets' lines of hung runtimes, before the kernel's of refused forks was read."""
    cut = "the collection was cut short after 4,000 entries, at 2026-03-01T09:00:00Z"
    story = Story(gaps=(Gap(source="entries", reason=cut, remedy="run it again"),))
    assert each(story, ("runtime-down", 0.2, True)).tell().verdict.confidence == "possible"


@witness("gate, confirmed: Named in at least two episodes, before NotReady in each")
def named_once_and_hinted_at_since() -> None:
    """One line names it, on one node; three more nodes show only hints."""
    assert deaths(Story(), 4, 4, named=1).confidence == "likely"


@witness("gate, confirmed: It explains at least 80 % of the unplanned episodes")
def two_thirds_of_the_deaths() -> None:
    """Four of six deaths are clear; two nodes went down without a trace of it."""
    assert deaths(Story(), 6, 4).confidence == "likely"


@witness("gate, confirmed: 80 % of the lead-ups were looked at: covered by logs, or named by a line")
def half_of_the_deaths_in_silence() -> None:
    """Two deaths are named; of two more the logs had stopped and only hints got through."""
    story = Story()
    story.quiet = [(story.node(i), 2 + 5 * i - 2, 2 + 5 * i) for i in (2, 3)]
    assert deaths(story, 4, 4, named=2, hours=5).confidence == "likely"


@witness("gate, confirmed: In at most 5 % of the control windows")
def tables_that_fill_on_healthy_nodes_now_and_then() -> None:
    """Five nodes died with full tables; one healthy hour in ten shows the same and nothing comes of it."""
    story = Story()
    for i in range(12):
        for hour in range(24):
            if (5 * i + hour) % 10 == 0:
                story.see("conntrack-full", story.node(i), hour + 0.2)
    assert deaths(story, 5, 5, hours=4).confidence == "likely"


def says(story: Story, node: str, hours: float, signal: str, workload: str, message: str, **more: Any) -> None:
    """A line in a pod's own log."""
    namespace, name = workload.split("/")
    about: dict[str, Any] = {"workload": workload, "namespace": namespace, "pod": f"{name}-{len(story.occurrences)}"}
    about |= {"basis": "own-log", "stream": "container", "message": message, "mechanism": False}
    story.see(signal, node, hours, **{**about, **more})


@witness("an application speaks of itself, not of the node")
def a_full_volume_of_one_service() -> None:
    """A service's own volume is full; five nodes stop without a word, by chance where it had just complained."""
    story = Story()
    for i in range(5):
        full = "OSError: [Errno 28] No space left on device: '/data/spool/17'"
        says(story, story.node(i), 2 + 4 * i - 0.3, "conntrack-full", "shop/spool", full, times=4)
        story.dies(story.node(i), 2 + 4 * i)
    verdict = story.tell().verdict
    assert verdict.confidence == "possible"
    assert "Only an application’s own lines speak of it" in verdict.summary


@witness("an application speaks of itself, not of the node")
def an_event_that_repeats_what_a_probe_printed() -> None:
    """The kubelet's event bears what the probed program wrote: a Java service at its own limit of threads."""
    story = Story()
    for i in range(5):
        printed = "Readiness probe failed: java.lang.OutOfMemoryError: unable to create native thread"
        about = {"stream": "events", "basis": "pod-name", "mechanism": True}
        says(story, story.node(i), 2 + 4 * i - 0.3, "pid-exhaustion", "shop/ledger", printed, times=4, **about)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.confidence == "possible"


@witness("what two workloads name is the node's")
def services_that_share_nothing_but_their_node() -> None:
    """Container logs are all there is: a shell and a database that have nothing in common can both no longer fork."""
    story = Story()
    for i in range(5):
        for k, (name, printed) in enumerate((("cart", "sh: 0: Cannot fork"), ("db", "could not fork new process"))):
            about = {"times": 3, "mechanism": True}
            says(story, story.node(i), 2 + 4 * i - 0.3 + k / 60, "pid-exhaustion", f"shop/{name}", printed, **about)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.confidence in SURE


@witness("what was over before the node went explains nothing")
def a_pressure_that_had_long_passed() -> None:
    """The condition turned good again within minutes; three quarters of an hour later the node fell silent."""
    story = Story()
    for i in range(3):
        down = 2 + 4 * i
        said = f"Node {story.node(i)} status is now: NodeHasInsufficientPID"
        story.see("pid-exhaustion", story.node(i), down - 0.9, stream="events", message=said)
        story.see("pid-exhaustion", story.node(i), down - 0.8, stream="events", clears=True, mechanism=False)
        story.dies(story.node(i), down)
    assert story.tell().verdict.cause is None


@witness("what the node worked on after is a hint")
def kills_an_hour_before() -> None:
    """The kernel killed for minutes; kubelet and runtime wrote as ever for most of an hour, then stopped."""
    story = Story()
    for i in range(2):
        story.see("system-oom", story.node(i), 2 + 5 * i - 0.9, times=8)
        story.dies(story.node(i), 2 + 5 * i)
    assert story.tell().verdict.confidence == "possible"


@witness("the ups and downs of one node are one trouble")
def a_node_that_flaps() -> None:
    """One node goes up and down four times in an hour before it is repaired: that is one incident, however told."""
    story = Story()
    for i in range(4):
        hours = 5 + i / 4
        story.see("runtime-down", story.node(1), hours - 0.02, times=3, stream="kubelet")
        story.goes_down(story.node(1), hours)
        story.event(story.node(1), hours + 0.05, f"Node {story.node(1)} status is now: NodeReady")
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.confidence) == ("runtime-down", "likely")


@witness("what is said of one pod, or nearly used up, names nothing")
def a_pod_whose_group_is_refused_forks() -> None:
    """The kernel refuses one pod's group on each node before it goes: its own limit, perhaps."""
    story = Story()
    for i in range(4):
        group = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a{i}.slice"
        said = f"cgroup: fork rejected by pids controller in {group}"
        about = {"workload": "data/crawler", "namespace": "data", "pod": f"crawler-{i}", "basis": "cgroup"}
        story.see("pid-exhaustion", story.node(i), 2 + 4 * i - 0.2, times=8, message=said, **about)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.confidence == "likely"


@witness("what is said of one pod, or nearly used up, names nothing")
def memory_that_is_nearly_used_up() -> None:
    """The metric climbs to the top before two nodes go; nobody evicted or killed."""
    story = Story()
    for i in range(2):
        story.see("memory-pressure", story.node(i), 2 + 4 * i - 0.5, stream="metric")
        story.dies(story.node(i), 2 + 4 * i)
    verdict = story.tell().verdict
    assert verdict.confidence == "possible"
    assert "its memory was nearly used up" in verdict.summary
    assert "nearly used up" in verdict.title


@witness("two causes may share the episodes")
def two_pools_with_troubles_of_their_own() -> None:
    """One pool dies of OOM, a smaller one of a hanging runtime: neither explains half, both together explain all."""
    story = Story()
    for i in range(4):
        story.see("system-oom", story.node(i), 2 + 4 * i - 0.2, times=4)
        story.dies(story.node(i), 2 + 4 * i)
    for i in range(3):
        for name, signal in (("pool-2", "runtime-down"), ("pool-3", "conntrack-full")):
            node, hours = story.node(i, name), 3.5 + 4 * i + (name == "pool-3")
            story.see(signal, node, hours - 0.2, times=4)
            story.dies(node, hours, pool=name)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.confidence) == ("system-oom", "confirmed")


@witness("nodes that serve badly do not outvote those that went down")
def busy_tables_and_two_dead_nodes() -> None:
    """Eight nodes serve badly with full tables; two others went down, and nothing says why."""
    assert serving_badly(down=2).tell().verdict.confidence not in SURE


@witness("chain: both ends of a link are out of the ordinary")
def relists_that_are_slow_everywhere() -> None:
    """Relists are slow all day on all nodes: that is no step from the leak to NotReady."""
    story = leak(Story())
    for node in story.names():
        for hour in range(24):
            story.see("pleg-unhealthy", node, hour + 0.3)
    for i in range(4):
        story.see("runtime-down", story.node(i), 2.5 + 4 * i - 0.2, times=3)
    assert story.tell().verdict.chain == ("pid-exhaustion", "runtime-down", "node-not-ready", "node-auto-repair")


@witness("chain: in order")
def slow_relists_long_before_the_runtime_hung() -> None:
    """Relists were slow at the batch before, an hour earlier; the runtime hung only when ids ran out."""
    story = leak(Story())
    for i in range(4):
        story.see("pleg-unhealthy", story.node(i), 2.5 + 4 * i - 0.95)
        story.see("runtime-down", story.node(i), 2.5 + 4 * i - 0.2, times=3)
    assert story.tell().verdict.chain == ("pid-exhaustion", "runtime-down", "node-not-ready", "node-auto-repair")
