"""Whole incidents with a piece taken out or moved: what rested on it must go.

`TRIAGE_FULL_NULL=1` shuffles 200 times.
"""

import os
from collections import Counter

import pytest

from tests.correlate import knockouts
from tests.correlate.build import NOW
from tests.correlate.contract import breaches, document_of
from triage.correlate import correlate

SHUFFLES = 200 if os.environ.get("TRIAGE_FULL_NULL") else 6
LEVELS = ("insufficient", "possible", "likely", "confirmed")
SYMPTOMS = ("probe-failure", "pleg-unhealthy", "crash-loop", "volume-attach-failure", "dns-failure")


@pytest.fixture
def tell(full_pack):
    return lambda case: correlate(*case, full_pack, now=NOW)


def test_the_leak_is_seen_as_it_was(incidents, tell):
    truth, case = incidents["pid-leak-2026"]
    incident = tell(case)
    assert incident.verdict.cause in truth["verdict"]["causes"]
    assert incident.verdict.workload in truth["verdict"]["workloads"]
    assert incident.verdict.confidence in truth["verdict"]["confidences"]
    assert [(e.node, e.operation) for e in incident.episodes] == [
        (e["node"], e["operation"]) for e in truth["episodes"]
    ]
    assert {a.id: a.episode for a in incident.alerts} == {a["id"]: a["episode"] for a in truth["alerts"]}
    assert breaches(document_of(incident)) == []


def test_no_cause_is_no_cause(incidents, tell):
    truth, case = incidents["no-cause"]
    incident = tell(case)
    assert incident.verdict.confidence == "insufficient"
    assert len(incident.episodes) == len(truth["episodes"])
    assert breaches(document_of(incident)) == []


def test_without_its_lines_the_cause_goes(incidents, tell):
    case = knockouts.without_signals(incidents["pid-leak-2026"][1], "pid-exhaustion", "zombie-processes")
    assert tell(case).verdict.confidence == "insufficient"


def test_without_names_and_placements_the_suspect_goes(incidents, tell):
    verdict = tell(knockouts.with_shuffled_placements(incidents["pid-leak-2026"][1], 7)).verdict
    assert (verdict.cause, verdict.workload) == ("pid-exhaustion", None)


def test_without_names_placements_still_tell_and_no_more_than_likely(incidents, tell):
    verdict = tell(knockouts.without_names(incidents["pid-leak-2026"][1])).verdict
    assert (verdict.workload, verdict.confidence) == ("default/pdfgenerator", "likely")


def test_shifted_alerts_come_untied(incidents, tell):
    before = tell(incidents["pid-leak-2026"][1]).alignment
    after = tell(knockouts.with_shifted_alerts(incidents["pid-leak-2026"][1], 7)).alignment
    assert after.aligned < before.aligned / 2
    assert after.p_value is not None
    assert after.p_value > 0.05


def test_repairs_of_other_nodes_lower_the_confidence(incidents, tell):
    before = tell(incidents["pid-leak-2026"][1]).verdict.confidence
    after = tell(knockouts.with_moved_failures(incidents["pid-leak-2026"][1], 7)).verdict.confidence
    assert LEVELS.index(after) < LEVELS.index(before)


@pytest.mark.parametrize("name", ["no-cause", "pid-leak-2026"])
def test_failures_at_random_places_and_times_have_no_likely_cause(incidents, tell, name):
    case = knockouts.without_signals(incidents[name][1], *SYMPTOMS)
    found = Counter(
        tell(knockouts.with_moved_failures(case, seed, times=True)).verdict.confidence for seed in range(SHUFFLES)
    )
    assert found["likely"] + found["confirmed"] <= 0.02 * SHUFFLES
