"""One node or one repair in focus: right for every episode of every committed incident."""

from typing import Any

import pytest

from tests.correlate.build import NOW, Story, leak, pack
from tests.correlate.contract import breaches, document_of
from tests.correlate.whole import COMMITTED, case_of, full_pack, truth_of
from triage.correlate import Focus, correlate
from triage.errors import InputError
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import PLACEMENTS, frame
from triage.model.incident import Incident

EPISODES = [
    pytest.param(name, episode, id=f"{name}-{i}")
    for name in COMMITTED
    for i, episode in enumerate(truth_of(name)["episodes"])
]


def focused(name: str, **focus: str) -> Incident:
    return correlate(*case_of(name), full_pack(), now=NOW, focus=Focus(**focus))


@pytest.mark.parametrize(("name", "episode"), EPISODES)
def test_a_repair_in_focus_is_that_episode_alone(name: str, episode: dict[str, Any]) -> None:
    incident = focused(name, operation=episode["operation"])
    assert [(e.node, e.operation) for e in incident.episodes] == [(episode["node"], episode["operation"])]
    assert (incident.episodes[0].cause, incident.episodes[0].workload) == (episode["cause"], episode["workload"])
    verdict = incident.verdict
    assert (verdict.cause, verdict.workload) == (episode["cause"], episode["workload"])
    assert verdict.confidence == ("likely" if episode["cause"] else "insufficient")
    assert [lane.node for lane in incident.timeline.lanes] == [episode["node"]]
    assert "other nodes went down" in verdict.summary
    assert "run without --node" in verdict.summary
    tied = {a["id"] for a in truth_of(name)["alerts"] if a["episode"] is not None}
    own = {a.id for a in incident.alerts if a.episode == 0}
    where = truth_of(name)["episodes"].index(episode)
    assert own == {a["id"] for a in truth_of(name)["alerts"] if a["episode"] == where}
    assert own <= tied
    assert breaches(document_of(incident)) == []


@pytest.mark.parametrize("name", [name for name in COMMITTED if truth_of(name)["episodes"]])
def test_a_node_in_focus_holds_all_its_episodes(name: str) -> None:
    episodes = truth_of(name)["episodes"]
    for node in sorted({e["node"] for e in episodes}):
        own = [e for e in episodes if e["node"] == node]
        incident = focused(name, node=node)
        assert [e.operation for e in incident.episodes] == [e["operation"] for e in own]
        assert {(e.cause, e.workload) for e in incident.episodes} == {(e["cause"], e["workload"]) for e in own}
        assert incident.verdict.cause == own[0]["cause"]
        assert [cause.episodes_total for cause in incident.causes] == [len(own)] * len(incident.causes)
        assert node in incident.verdict.summary
        assert breaches(document_of(incident)) == []


def test_the_others_stay_controls() -> None:
    whole = correlate(*case_of("pid-leak-2026"), full_pack(), now=NOW)
    one = focused("pid-leak-2026", operation=str(whole.episodes[0].operation))
    assert one.causes[0].contrast == whole.causes[0].contrast
    assert one.timeline.healthy_nodes == whole.timeline.healthy_nodes
    assert one.causes[0].q_value is None
    elsewhere = [a for a, was in zip(one.alerts, whole.alerts, strict=True) if was.episode not in (None, 0)]
    assert elsewhere
    assert all("another episode" in a.reason for a in elsewhere)


@pytest.mark.parametrize(
    ("focus", "words"),
    [
        ({"node": "gke-shop-default-pool-08fffa97-v09y"}, "did you mean gke-shop-default-pool-08fffa97-v09x"),
        ({"node": "GKE-SHOP-DEFAULT-POOL-08FFFA97-V09X"}, "episodes there are of: gke-shop"),
        ({"node": "something-else"}, "episodes there are of: gke-shop-default-pool-08fffa97-v09x"),
        ({"operation": "operation-0-nothing"}, "operation-17731"),
    ],
)
def test_what_is_unknown_is_told_what_there_is(focus: dict[str, str], words: str) -> None:
    with pytest.raises(InputError) as raised:
        focused("pid-leak-2026", **focus)
    assert next(iter(focus.values())) in str(raised.value)
    assert words in raised.value.remedy


def test_on_a_quiet_day_no_node_is_at_fault() -> None:
    node = str(case_of("quiet-day")[0].entries["node"].dropna().iloc[0])
    with pytest.raises(InputError, match="no node went bad in this window"):
        focused("quiet-day", node=node)


def test_an_operation_may_be_pasted_whole() -> None:
    operation = truth_of("pid-leak-2026")["episodes"][2]["operation"]
    incident = focused("pid-leak-2026", operation=f"projects/p/locations/l/operations/{operation}")
    assert incident.episodes[0].operation == operation


def test_an_episode_without_evidence_is_not_blamed_for_the_others_sake() -> None:
    story = leak(Story(nodes=16), episodes=5)
    bare = story.node(9)
    story.dies(bare, 22)
    whole = story.tell()
    assert whole.verdict.cause == "pid-exhaustion"
    occurrences, placements = frame(OCCURRENCES, story.occurrences), frame(PLACEMENTS, story.placements)
    one = correlate(story.evidence(), occurrences, placements, pack(), now=NOW, focus=Focus(node=bare))
    assert (one.verdict.cause, one.verdict.workload, one.episodes[0].cause) == (None, None, None)
    assert "of which this episode shows too little" in one.verdict.summary
    assert breaches(document_of(one)) == []


def test_a_suspect_by_the_others_lines_says_so() -> None:
    story = leak(Story(nodes=16), episodes=5)
    story.place("shop/pdf", story.node(9), first=18, last=22)
    story.see("pid-exhaustion", story.node(9), 21.7, times=10, stream="kubelet")
    operation = story.dies(story.node(9), 22)
    occurrences, placements = frame(OCCURRENCES, story.occurrences), frame(PLACEMENTS, story.placements)
    one = correlate(story.evidence(), occurrences, placements, pack(), now=NOW, focus=Focus(operation=operation))
    assert (one.verdict.workload, one.verdict.confidence) == ("shop/pdf", "likely")
    assert "no line of this episode itself names it" in one.causes[0].workloads[0].reason
