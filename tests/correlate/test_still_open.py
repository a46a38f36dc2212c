"""While it is still going on: the cause before the repair, what happens now, and what to save first."""

import shlex
from datetime import datetime, timedelta

import pytest

from tests.correlate.build import NOW, Story, leak
from tests.correlate.contract import breaches, document_of
from tests.correlate.cutting import cut
from tests.correlate.knockouts import Case
from tests.correlate.whole import FIXTURES, full_pack, on_autopilot, read_case, truth_of
from triage.correlate import Focus, correlate
from triage.model.incident import Incident
from triage.model.place import Ask

LEAKS = ("pid-leak-2019", "pid-leak-2026")


@pytest.fixture(scope="module", params=[(name, which) for name in LEAKS for which in (0, 4)], ids=str)
def open_case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, Case]:
    """Evidence cut ten minutes after a NotReady: the first of all, and one after some repairs."""
    name, which = request.param
    truth = truth_of(name)
    now = datetime.fromisoformat(truth["episodes"][which]["not_ready"]) + timedelta(minutes=10)
    directory = cut(FIXTURES / name, now, tmp_path_factory.mktemp(name) / "evidence")
    start = datetime.fromisoformat(truth["window"]["start"])
    return name, which, read_case(directory, Ask(truth["cluster"], truth["project"], None, start, now))


def told(case: Case, **focus: str) -> Incident:
    return correlate(*case, full_pack(), now=NOW, focus=Focus(**focus) if focus else None)


def test_the_cause_is_told_before_the_repair(open_case: tuple[str, int, Case]) -> None:
    name, which, case = open_case
    truth = truth_of(name)["episodes"][which]
    incident = told(case)
    last = incident.episodes[-1]
    assert (last.node, last.end, last.cause) == (truth["node"], None, truth["cause"])
    assert incident.verdict.cause == truth["cause"]
    assert incident.verdict.confidence in ("likely", "confirmed")
    # So early the lines may not yet single one out: then all that they name are listed, and none is blamed.
    named = [suspect.name for suspect in incident.causes[0].workloads]
    assert incident.verdict.workload in (truth["workload"], None)
    assert truth["workload"] in named or not named
    assert breaches(document_of(incident)) == []


def test_the_report_says_what_happens_now_and_how_long_is_left(open_case: tuple[str, int, Case]) -> None:
    name, which, case = open_case
    truth = truth_of(name)["episodes"][which]
    summary = told(case).verdict.summary
    since = datetime.fromisoformat(truth["not_ready"])
    assert summary.startswith(f"Still going on at {since + timedelta(minutes=10):%H:%M} UTC")
    assert f"{truth['node']} has been NotReady since {since:%H:%M}" in summary
    assert "its repair is due about now" in summary or "under repair" in summary


def test_the_first_actions_save_the_evidence(open_case: tuple[str, int, Case]) -> None:
    name, which, case = open_case
    node = truth_of(name)["episodes"][which]["node"]
    for incident in (told(case), told(case, node=node)):
        steps = incident.verdict.actions[:5]
        assert [step.changes for step in steps] == [False] * 5
        commands = [shlex.split(step.run or "") for step in steps]
        assert commands[0][:5] == ["gcloud", "compute", "instances", "get-serial-port-output", node]
        assert commands[0][-2:] == [">", f"serial-{node}.txt"]
        assert [step.ssh for step in steps] == [False, True, True, False, False]
        assert all(node in " ".join(words) for words in commands)
        private = case[0].cluster.private_nodes
        assert all(("--tunnel-through-iap" in words) == bool(private) for words in commands if "ssh" in words)


def test_on_autopilot_nothing_asks_for_a_login(open_case: tuple[str, int, Case]) -> None:
    steps = told(on_autopilot(open_case[2])).verdict.actions
    assert steps[0].run is not None
    assert "get-serial-port-output" in steps[0].run
    assert not any(step.ssh or " ssh " in (step.run or "") for step in steps)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (4, "due in about six minutes"),
        (10, "due about now"),
        (25, "due for 15 minutes"),
        (130, "no repair was seen"),
    ],
)
def test_the_time_left_is_counted_from_not_ready(minutes: int, words: str) -> None:
    story = leak(Story(hours=8 + minutes / 60, private=True), episodes=1)
    story.goes_down(story.node(5), 8)
    summary = story.tell().verdict.summary
    assert words in summary
    assert story.node(5) in summary


def test_no_repair_is_promised_where_the_pool_has_none() -> None:
    story = leak(Story(hours=8 + 4 / 60, auto_repair=False), episodes=1)
    story.goes_down(story.node(5), 8)
    summary = story.tell().verdict.summary
    assert "auto-repair is off for its node pool" in summary
    assert "due" not in summary.split("Two nodes")[0]
    assert "gone with its disk" not in summary


def test_a_repair_under_way_is_said() -> None:
    story = Story(hours=9)
    story.goes_down(story.node(5), 8.5)
    story.repair(8.5 + 10 / 60, None, node=story.node(5))
    verdict = story.tell().verdict
    assert f"{story.node(5)} has been under repair since 08:40" in verdict.summary
    assert "get-serial-port-output" in (verdict.actions[0].run or "")


def test_many_open_nodes_stay_short() -> None:
    story = Story(hours=9)
    for i in range(8):
        story.goes_down(story.node(i), 8.5 + i / 100)
    verdict = story.tell().verdict
    assert "and 5 more" in verdict.summary
    assert len(verdict.actions) <= 5
    assert story.node(0) in (verdict.actions[0].run or "")


def test_what_is_over_needs_no_hurry() -> None:
    verdict = leak(Story()).tell().verdict
    assert "Still going on" not in verdict.summary
    assert not any("serial-" in (step.run or "") for step in verdict.actions)
