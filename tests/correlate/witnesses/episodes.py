"""Witnesses of the rules that make episodes and tie alerts."""

from datetime import timedelta
from typing import Any

from tests.correlate.build import ALL, Story, at, leak
from tests.correlate.whole import full_pack
from tests.correlate.witnesses.table import witness


@witness("planned work is told from faults")
def reclaimed_spot_nodes_that_were_short_of_processes() -> None:
    """Spot VMs are reclaimed; a busy one has had forks refused that hour. Nobody has to look for a leak."""
    story = Story()
    for i in range(3):
        story.see("preemption", story.node(i), 5 + i - 0.02)
        story.goes_down(story.node(i), 5 + i, back=5.3 + i)
        story.see("pid-exhaustion", story.node(i), 5 + i - 0.3, times=4)
    assert story.tell().verdict.cause == "preemption"


def audited(story: Story, hours: float, call: str, operation: dict[str, Any], **payload: Any) -> None:
    """An audit entry of a call to GKE's API about the first node pool."""
    about = {
        "methodName": f"google.container.v1.ClusterManager.{call}",
        "resourceName": "projects/p/locations/l/clusters/shop/nodePools/pool-1",
    }
    entry = {"operation": {"id": "operation-1", **operation}, "protoPayload": about | payload}
    story._entry("cloudaudit.googleapis.com/activity", "gke_nodepool", hours, None, "", entry)


@witness("audit entries tell of orders that are not listed")
def an_upgrade_of_weeks_ago() -> None:
    """GKE keeps a list of operations for few days; audit logs keep the first and the last entry of each for a year."""
    story = Story(present=ALL - {"operations"})
    audited(story, 5, "UpdateNodePool", {"first": True}, response={"operationType": "UPGRADE_NODES"})
    audited(story, 6, "UpdateNodePool", {"last": True}, metadata={"operationType": "UPGRADE_NODES"})
    for i in range(4):
        story.event(story.node(i), 5 + i / 6, f"Node {story.node(i)} status is now: NodeNotSchedulable")
        story.goes_down(story.node(i), 5.05 + i / 6, back=5.12 + i / 6)
    incident = story.tell()
    assert {e.kind for e in incident.episodes} == {"upgrade"}
    assert incident.verdict.cause == "node-upgrade-drain"


@witness("nodes that an order on their pool took away were taken away by somebody")
def a_node_pool_that_somebody_deleted() -> None:
    """Only the list of operations is left: it names the pool, whose nodes all leave within minutes."""
    story = Story()
    story.repair(5, 5.3, name="operation-1-delete", pool="pool-2")
    story.operations[0] |= {"type": "DELETE_NODE_POOL"}
    for i in range(3):
        node = story.node(i, "pool-2")
        story.goes_down(node, 5.1)
        story.event(node, 5.15, f"Node {node} event: Removing Node {node} from Controller")
    verdict = story.tell(full_pack()).verdict
    assert verdict.cause == "vm-deleted-by-user"
    assert "because somebody deleted the node pool" in verdict.summary


@witness("a spot VM that was told to stop was preempted")
def reclaimed_nodes_whose_own_notice_alone_is_left() -> None:
    """Compute Engine's log is not exported; three spot VMs say that they stop, and two run out of memory."""
    story = Story(spot=("pool-1",))
    for i in range(3):
        story.see("preemption", story.node(i), 5 + i - 0.01, mechanism=False, stream="events")
        story.goes_down(story.node(i), 5 + i, back=5.1 + i)
    for i in (5, 6):
        story.see("system-oom", story.node(i), 2 * i - 0.1, times=4)
        story.dies(story.node(i), 2 * i)
    incident = story.tell()
    assert [e.kind for e in incident.episodes].count("preemption") == 3
    assert (incident.verdict.cause, incident.verdict.confidence) == ("system-oom", "confirmed")


@witness("a repair's node is the one whose VM was made anew")
def a_gpu_that_is_gone_on_a_ready_node() -> None:
    """GKE repairs a node that never turned NotReady before: it does so only when its VM is taken away."""
    story = Story()
    for i in range(2):
        node, hours = story.node(i), 5 + 6 * i
        story.see("system-oom", node, hours - 0.1, times=4)
        story.repair(hours, hours + 0.1)
        story.goes_down(node, hours + 0.02, back=hours + 0.08)
        story.event(node, hours + 0.03, f"Node {node} event: Removing Node {node} from Controller")
    episodes = story.tell().episodes
    assert [(e.node, e.kind, e.node_inferred) for e in episodes] == [
        (story.node(0), "repair", False),
        (story.node(1), "repair", False),
    ]


@witness("nodes that serve badly are episodes")
def a_full_connection_table_on_a_ready_node() -> None:
    """The kubelet's own connection lives on, so the node stays Ready while new connections to its pods fail."""
    story = Story()
    story.see("conntrack-full", story.node(1), 5, times=20, every_s=20)
    story.see("probe-failure", story.node(1), 5.03, times=4)
    assert [e.cause for e in story.tell().episodes] == ["conntrack-full"]


@witness("bad service: only where an effect was felt")
def dropped_packets_that_nobody_missed() -> None:
    """A port scan fills a table for minutes; no probe fails there and no alert opens."""
    story = Story()
    story.see("conntrack-full", story.node(1), 5, times=20, every_s=20)
    story.see("probe-failure", story.node(4), 5.03, times=4)
    assert story.tell().episodes == ()


@witness("bad service: bursts at one time are one episode")
def pressure_and_the_kills_that_follow_it() -> None:
    """The kubelet evicts for memory, and a minute later the kernel kills: one bad time of one node."""
    story = Story()
    story.see("memory-pressure", story.node(1), 5, times=20, every_s=20)
    story.see("system-oom", story.node(1), 5.02, times=20, every_s=20)
    story.alert("node-1", 5.05, node=story.node(1))
    assert [(e.start, e.cause) for e in story.tell().episodes] == [(at(5), "memory-pressure")]


@witness("bad service: what has no effect more often than one is background")
def tables_that_fill_on_six_nodes() -> None:
    """Tables fill on six nodes in a row and nothing comes of it on five; on one a probe fails in those minutes too."""
    story = Story()
    for i in range(6):
        story.see("conntrack-full", story.node(i), 5 + i, times=20, every_s=20)
    story.see("probe-failure", story.node(3), 8.03, times=4)
    assert story.tell().episodes == ()


@witness("an episode starts with its first symptom")
def users_notice_before_the_control_plane() -> None:
    """The runtime hangs, a service burns its budget, and the node turns NotReady twenty minutes later."""
    story = Story()
    story.see("runtime-down", story.node(1), 4.6, times=5)
    story.alert("early", 4.7)
    story.dies(story.node(1), 5)
    assert [a.episode for a in story.tell().alerts] == [0]


@witness("onsets within 5 min are one group")
def five_nodes_of_one_batch_fall_at_once() -> None:
    """Whatever took five nodes within a minute struck once: who ran on all five had one chance in few, not in many."""
    story = Story()
    for i in range(5):
        story.place("shop/batch", story.node(i))
        story.see("pid-exhaustion", story.node(i), 5 - 0.3 + i / 100, times=5, stream="kubelet")
        story.dies(story.node(i), 5 + i / 100)
    for i in range(story.nodes):
        if i % 3:
            story.place("shop/cart", story.node(i))
        if i % 2:
            story.place("shop/web", story.node(i))
    assert story.tell().verdict.workload is None


@witness("clocks that run ahead are set back")
def a_clock_minutes_ahead() -> None:
    """Without time sync a node stamps its last lines after the NotReady that another machine's clock tells."""
    story = Story()
    for i in range(4):
        story.see("system-oom", story.node(i), 2 + 4 * i + 0.03, insert_id=f"late{i}")
        story._entry("node-journal", "k8s_node", 2 + 4 * i + 0.03, story.node(i), "", {})
        story.entries[-1] |= {"insert_id": f"late{i}", "received": at(2 + 4 * i + 0.03) - timedelta(minutes=4)}
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.cause == "system-oom"


@witness("clocks that run ahead are set back")
def a_kubelet_half_an_hour_ahead() -> None:
    """The node controller saw the node go and come back; by its own clock the kubelet says so 38 minutes later."""
    story = leak(Story())
    line = '"Node became not ready" node="n" condition={Type:Ready Status:False Reason:KubeletNotReady}'
    story._entry("kubelet", "k8s_node", 2.5 + 0.64, story.node(0), line, {})
    story.entries[-1] |= {"received": at(2.501)}
    assert [e.node for e in story.tell().episodes] == [story.node(i) for i in range(4)]


@witness("evidence before the last episode's end is dead")
def a_node_that_dies_again_minutes_after_its_repair() -> None:
    """The repair wiped the disk and every process: what filled up before it cannot have killed the new VM."""
    story = Story()
    story.see("pid-exhaustion", story.node(1), 4.9, times=5)
    story.dies(story.node(1), 5)
    story.dies(story.node(1), 5.8)
    assert story.tell().episodes[1].cause is None


@witness("slow burns are tied to no episode")
def a_slow_burn_that_opens_while_a_node_is_down() -> None:
    """An alert over six hours sums up what three dead nodes cost; the one that is down now is not to blame alone."""
    story = leak(Story())
    story.alert("slow", 2.6, lookback_s=21600.0)
    assert next(a.episode for a in story.tell().alerts if a.id == "slow") is None


@witness("alerts: the episode whose node carried the service")
def two_nodes_down_at_once() -> None:
    """Two nodes are down; the alert's service had pods on the first only."""
    story = Story()
    story.dies(story.node(1), 5)
    story.dies(story.node(2), 5.1)
    story.place("shop/cart", story.node(1))
    story.place("shop/web", story.node(2))
    story.alert("cart", 5.2, service="cart")
    incident = story.tell()
    assert [incident.episodes[a.episode].node for a in incident.alerts if a.episode is not None] == [story.node(1)]


@witness("alerts: five minutes after the end still count")
def an_alert_that_needs_five_minutes_of_errors() -> None:
    """Burn-rate alerts look back for minutes: the node may be back when one opens."""
    story = Story()
    story.dies(story.node(1), 5)
    story.alert("late", 5.26 + 4 / 60)
    assert [a.episode for a in story.tell().alerts] == [0]
