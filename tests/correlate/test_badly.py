"""Nodes that serve badly: pods that cannot start are an effect, what goes on all day is none."""

from tests.correlate.build import Story, pack, signal
from triage.model.signal import Pack, Role

PACK = Pack(signals=(*pack().signals, signal("ip-exhaustion", Role.CAUSE, "node-not-ready")), streams=())
SANDBOX = (  # kubelet, pkg/kubelet/kuberuntime/kuberuntime_sandbox.go; CNI host-local
    "FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to set up sandbox "
    "network: no IP addresses available in range set: 10.4.2.1-10.4.2.254"
)


def out_of_addresses(story: Story, node: str, hours: float, times: int) -> None:
    about = {"namespace": "shop", "pod": "cart-0", "workload": "shop/cart", "message": SANDBOX}
    story.see("ip-exhaustion", node, hours, times=times, every_s=60, stream="events", **about)


def test_pods_that_cannot_start_for_minutes_make_an_episode():
    story = Story()
    out_of_addresses(story, story.node(1), 5, 20)
    story.alert("cart", 5.1)
    incident = story.tell(PACK)
    assert [(e.node, e.cause, e.not_ready) for e in incident.episodes] == [(story.node(1), "ip-exhaustion", None)]
    assert [a.episode for a in incident.alerts] == [0]


def test_a_pod_that_started_at_the_third_try_makes_none():
    story = Story()
    out_of_addresses(story, story.node(1), 5, 3)
    assert story.tell(PACK).episodes == ()


def test_what_goes_on_from_the_first_hour_to_the_last_is_background():
    """A few hundred defunct processes that never grow; some time in the day an alert of a service there opens."""
    story = Story()
    story.see("zombie-processes", story.node(1), 0.05, times=280, every_s=300, stream="container")
    story.place("shop/cart", story.node(1))
    story.alert("cart", 0.5)
    assert story.tell().episodes == ()


def test_an_alert_hours_into_a_burst_is_no_effect_of_it():
    story = Story()
    story.see("conntrack-full", story.node(1), 5, times=80, every_s=300)
    story.place("shop/cart", story.node(1))
    story.alert("cart", 9)
    assert story.tell().episodes == ()
