from xml.etree import ElementTree

import pytest

from triage.signals import load_pack
from triage.signals.drawing import as_svg, as_text
from triage.signals.graph import Graph, cycles, one_way


@pytest.fixture(scope="module")
def graph():
    return Graph(load_pack())


def test_the_way_from_cause_to_consequence_can_be_walked_both_ways(graph):
    assert "node-not-ready" in graph.downstream("pid-exhaustion")
    assert "pid-exhaustion" in graph.upstream("node-not-ready")
    assert graph.downstream("zombie-processes")[0] == "pid-exhaustion"
    assert "node-not-ready" not in graph.upstream("pid-exhaustion")


def test_every_effect_ranks_below_its_causes(graph):
    for name, links in graph.effects.items():
        assert all(graph.ranks[link.id] > graph.ranks[name] for link in links if link.id not in graph.causes[name])


def test_a_panic_may_follow_a_lockup_or_leave_one_behind(graph):
    assert "kernel-panic" in graph.downstream("soft-lockup")
    assert "soft-lockup" in graph.downstream("kernel-panic")
    assert graph.ranks["node-not-ready"] > graph.ranks["kernel-panic"] > graph.ranks["system-oom"]


THROUGH_OTHERS = (
    "image-streaming-quota", "ip-exhaustion", "dns-failure", "metadata-server-failure", "clock-skew",
    "scale-up-blocked", "konnectivity-down", "unregister-netdevice", "image-pull-failure", "control-plane-change",
)  # fmt: skip


@pytest.mark.parametrize("name", THROUGH_OTHERS)
def test_what_takes_no_node_down_by_itself_has_no_direct_link_to_not_ready(graph, name):
    assert "node-not-ready" not in [link.id for link in graph.effects[name]]


@pytest.mark.parametrize(
    ("name", "alternative"),
    [
        ("clock-skew", "time-daemon"),
        ("gpu-xid", "program"),
        ("runtime-down", "stop-timeout"),
        ("filesystem-readonly", "data-disk"),
        ("network-unavailable", "cni-at-start"),
        ("kernel-panic", "told-to"),
    ],
)
def test_what_is_routine_or_concerns_one_pod_alone_is_a_hint(graph, name, alternative):
    (found,) = [a for s in graph.pack.signals if s.id == name for a in s.detect if a.name == alternative]
    assert not found.mechanism


def test_two_that_bring_on_each_other_are_no_circle_and_three_are():
    pair = {"a": ["b", "c"], "b": ["a"], "c": ["c"]}
    assert one_way(pair) == {"a": ["c"], "b": [], "c": ["c"]}
    assert cycles(one_way({"a": ["b"], "b": ["c"], "c": ["a"]})) == [("a", "b", "c", "a")]


def test_circles_are_found_once_each():
    edges = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": [], "e": ["e"], "f": ["a"]}
    assert cycles(edges) == [("a", "b", "c", "a"), ("e", "e")]


def test_the_text_tells_each_link_with_its_reason(graph):
    text = as_text(graph)
    for signal in graph.pack.signals:
        assert f"{signal.id} (" in text
        assert all(f"→ {link.id} within" in text and link.because in text for link in signal.leads_to)


def test_the_picture_is_sound_and_shows_every_signal_and_link(graph):
    root = ElementTree.fromstring(as_svg(graph))
    space = "{http://www.w3.org/2000/svg}"
    shown = {text.text for text in root.iter(f"{space}text")}
    assert {signal.id for signal in graph.pack.signals} <= shown
    assert len(list(root.iter(f"{space}path"))) == sum(len(signal.leads_to) for signal in graph.pack.signals)
    boxes = [(rect.get("x"), rect.get("y")) for rect in root.iter(f"{space}rect")]
    assert len(boxes) == len(set(boxes))
    assert not list(root.iter(f"{space}script"))
