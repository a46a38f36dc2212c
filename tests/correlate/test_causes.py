import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from tests.correlate.build import Story, leak, pack
from tests.correlate.contract import breaches, document_of
from triage.model.incident import Confidence

SCHEMA = Path(__file__).parents[2] / "reports" / "incident.schema.json"


def test_a_leak_that_lines_name_is_confirmed_with_its_workload():
    incident = leak(Story()).tell()
    verdict = incident.verdict
    assert (verdict.cause, verdict.workload, verdict.confidence) == ("pid-exhaustion", "shop/pdf", "confirmed")
    assert verdict.chain == ("pid-exhaustion", "node-not-ready", "node-auto-repair")
    cause = incident.causes[0]
    assert (cause.episodes_explained, cause.episodes_total, cause.leads) == (4, 4, 4)
    assert cause.lead_time_s == pytest.approx(24 * 60, abs=1)
    assert cause.q_value is not None
    assert cause.q_value < 0.01
    assert all(gate.met for gate in verdict.gates)


def test_one_episode_reaches_likely_at_most_and_has_no_statistics():
    incident = leak(Story(), episodes=1).tell()
    assert (incident.verdict.cause, incident.verdict.confidence) == ("pid-exhaustion", "likely")
    cause = incident.causes[0]
    assert (cause.rate_ratio, cause.q_value, cause.lead_time_s) == (None, None, None)


def test_without_the_lines_that_name_it_nothing_is_established():
    story = leak(Story())
    story.occurrences = [o for o in story.occurrences if o["signal"] != "pid-exhaustion"]
    incident = story.tell()
    assert incident.verdict.confidence == Confidence.INSUFFICIENT
    assert incident.verdict.title == "No cause established"
    assert incident.causes == ()
    assert all(e.cause is None and e.workload is None for e in incident.episodes)


def test_symptoms_alone_are_no_cause():
    story = Story()
    for i in range(5):
        story.see("pleg-unhealthy", story.node(i), 2 + 3 * i - 0.1, times=5)
        story.dies(story.node(i), 2 + 3 * i)
    assert story.tell().verdict.confidence == "insufficient"


def test_what_healthy_nodes_show_as_often_explains_nothing():
    story = Story()
    for i in range(5):
        story.dies(story.node(i), 2.5 + 4 * i)
    for node in story.names():
        for hour in range(24):
            story.see("conntrack-full", node, hour + 0.3)
    verdict = story.tell().verdict
    assert verdict.confidence == "insufficient"
    assert [r.signal for r in verdict.ruled_out] == ["conntrack-full"]


def test_lines_after_not_ready_explain_nothing():
    story = Story()
    for i in range(4):
        story.dies(story.node(i), 2 + 4 * i)
        story.see("pid-exhaustion", story.node(i), 2.05 + 4 * i, times=6)
    assert story.tell().verdict.confidence == "insufficient"


def test_the_most_upstream_signal_is_the_cause():
    story = Story()
    for i in range(4):
        hours = 2 + 4 * i
        story.see("pid-exhaustion", story.node(i), hours - 0.4, times=5)
        story.see("runtime-down", story.node(i), hours - 0.2, times=5)
        story.see("pleg-unhealthy", story.node(i), hours - 0.1, times=2)
        story.dies(story.node(i), hours)
    verdict = story.tell().verdict
    assert verdict.cause == "pid-exhaustion"
    assert verdict.chain == ("pid-exhaustion", "runtime-down", "pleg-unhealthy", "node-not-ready", "node-auto-repair")
    assert [link.episodes for link in verdict.links] == [4, 4, 4, 4]


def test_a_declared_cause_that_came_after_its_effect_is_no_cause():
    story = Story()
    for i in range(4):
        story.see("runtime-down", story.node(i), 2 + 4 * i - 0.5, times=5)
        story.see("pid-exhaustion", story.node(i), 2 + 4 * i - 0.1)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.cause == "runtime-down"


def test_zombies_come_first_where_both_are_observed():
    story = leak(Story())
    for i in range(4):
        story.see("zombie-processes", story.node(i), 2.5 + 4 * i - 0.2, stream="container")
    verdict = story.tell().verdict
    assert verdict.cause == "zombie-processes"
    assert verdict.chain[:2] == ("zombie-processes", "pid-exhaustion")


def test_a_cause_that_explains_all_beats_one_that_explains_some():
    story = Story()
    for i in range(6):
        hours = 2 + 3 * i
        if i < 3:
            story.see("memory-pressure", story.node(i), hours - 0.4)
        story.see("system-oom", story.node(i), hours - 0.2, times=4)
        story.dies(story.node(i), hours)
    incident = story.tell()
    assert [(c.signal, c.episodes_explained) for c in incident.causes] == [("system-oom", 6)]


def test_two_pools_may_die_of_two_causes():
    story = Story()
    for i in range(5):
        story.see("system-oom", story.node(i), 2 + 4 * i - 0.2, times=4)
        story.dies(story.node(i), 2 + 4 * i)
    for i in range(3):
        node = story.node(i, "pool-2")
        story.see("runtime-down", node, 3.5 + 4 * i - 0.2, times=4)
        story.dies(node, 3.5 + 4 * i, pool="pool-2")
    incident = story.tell()
    assert [(c.signal, c.episodes_explained) for c in incident.causes] == [("system-oom", 5), ("runtime-down", 3)]
    assert {e.cause for e in incident.episodes if e.node_pool == "pool-2"} == {"runtime-down"}


def test_equal_claims_keep_a_verdict_from_being_sure():
    story = Story()
    for i in range(4):
        story.see("conntrack-full", story.node(i), 2 + 4 * i - 0.3, times=3)
        story.see("system-oom", story.node(i), 2 + 4 * i - 0.3, times=3)
        story.dies(story.node(i), 2 + 4 * i)
    verdict = story.tell().verdict
    assert verdict.confidence == "possible"
    assert len(verdict.rivals) == 1


def test_the_control_plane_explains_nodes_that_fall_together():
    story = Story()
    story.see("control-plane-change", None, 5 - 0.03)
    for i in range(5):
        story.goes_down(story.node(i), 5 + i / 120, back=5.2)
    incident = story.tell()
    assert incident.verdict.cause == "control-plane-change"
    assert incident.verdict.chain == ("control-plane-change", "node-not-ready")
    assert {e.cause for e in incident.episodes} == {"control-plane-change"}


def test_half_of_the_deaths_unexplained_is_not_confirmed():
    story = leak(Story(nodes=14), episodes=4)
    for i in range(6, 10):
        story.dies(story.node(i), 1 + 2 * i)
    verdict = story.tell().verdict
    assert verdict.cause == "pid-exhaustion"
    assert verdict.confidence == "likely"
    assert any("no cause at all" in sentence for sentence in verdict.against)


def test_unknown_coverage_is_a_gap_and_never_a_zero():
    story = leak(Story(silent_logs=True))
    incident = story.tell()
    assert "coverage" in {gap.source for gap in incident.gaps}
    assert incident.verdict.confidence == "likely"
    assert incident.causes[0].rate_ratio is None


def test_a_clock_that_runs_ahead_does_not_turn_the_order_round():
    story = Story()
    for i in range(4):
        story.see("system-oom", story.node(i), 2 + 4 * i + 0.03, insert_id=f"late{i}")  # stamped two minutes late
        story._entry("node-journal", "k8s_node", 2 + 4 * i + 0.03, story.node(i), "", {})
        story.entries[-1] |= {"insert_id": f"late{i}", "received": story.entries[-1]["timestamp"]}
        story.entries[-1]["received"] -= timedelta(minutes=4)
        story.dies(story.node(i), 2 + 4 * i)
    assert story.tell().verdict.cause == "system-oom"


def test_a_metric_that_climbs_to_its_limit_tells_when_and_how_high():
    story = Story()
    for i in range(3):
        hours = 6 + 6 * i
        points = [(hours - 4 + k / 12, 1000 + 650 * k) for k in range(48)]
        story.measure("pid_used", story.node(i), points)
        story.measure("pid_limit", story.node(i), [(h, 32768) for h, _ in points])
        story.see("pid-exhaustion", story.node(i), hours - 0.3, stream="metric")
        story.dies(story.node(i), hours)
    incident = story.tell()
    trends = incident.causes[0].trends
    assert len(trends) == 3
    assert trends[0].slope_per_h == pytest.approx(7800, rel=0.01)
    assert trends[0].exhausted_in_s == pytest.approx((32768 - trends[0].value) / 7800 * 3600, rel=0.01)
    assert "of 32,768" in incident.verdict.summary
    assert {s.metric for s in incident.timeline.series} == {"pid_used"}


@pytest.mark.parametrize("order", [1, -1])
def test_the_same_evidence_gives_the_same_report_whatever_its_order(order):
    story = leak(Story())
    expected = story.tell().model_dump_json()
    for rows in (story.occurrences, story.placements, story.entries, story.operations, story.alerts):
        rows[:] = rows[::order]
    assert story.tell().model_dump_json() == expected


@pytest.mark.parametrize("episodes", [0, 1, 2, 4])
def test_every_report_holds_the_contract(episodes):
    document = document_of(leak(Story(), episodes=episodes).tell())
    assert breaches(document) == []
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)


def test_nothing_at_all_is_an_honest_report():
    incident = Story().tell()
    assert (incident.verdict.title, incident.verdict.confidence) == ("No node failure found", "insufficient")
    assert breaches(document_of(incident)) == []


def test_the_pack_of_these_tests_has_all_that_they_name():
    assert {"pid-exhaustion", "node-not-ready"} <= {s.id for s in pack().signals}
