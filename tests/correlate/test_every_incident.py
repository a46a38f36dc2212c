"""Every committed incident holds to the contract, whole and in focus; robbed of its proof, its verdict falls.

`TRIAGE_BED=1` holds the incidents of the test bed to the contract as well.
"""

import json
import os
import statistics
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from benchmarks.accuracy import DESCRIPTIONS, made, played
from fixtures.simulate import catalogue
from tests.correlate import knockouts
from tests.correlate.build import NOW
from tests.correlate.contract import SURE, breaches, document_of
from tests.correlate.knockouts import Case
from tests.correlate.whole import COMMITTED, case_of, full_pack, read_case, truth_of
from triage.correlate import Focus, correlate
from triage.model.incident import Confidence, Incident
from triage.model.place import Ask

ROOT = Path(__file__).parents[2]
SCHEMAS = tuple(
    Draft202012Validator(json.loads((ROOT / path).read_text()))
    for path in ("tests/contract/report.schema.json", "reports/incident.schema.json")
)
BED = sorted(set(catalogue(DESCRIPTIONS)) - set(COMMITTED))
EXPLAINED = [name for name in COMMITTED if any(e["cause"] for e in truth_of(name)["episodes"])]
LEVELS = tuple(reversed(Confidence))
"""Surer means later."""
SEEDS = range(5)


@cache
def whole(name: str) -> Incident:
    return told(case_of(name))


def told(case: Case, focus: Focus | None = None) -> Incident:
    return correlate(*case, full_pack(), now=NOW, focus=focus)


def faults_of(incident: Incident) -> list[str]:
    """What breaks the contract: both schemas, and what they cannot say."""
    document: dict[str, Any] = document_of(incident)
    against = [f"{e.json_path}: {e.message}" for schema in SCHEMAS for e in schema.iter_errors(document)]
    return [*against, *breaches(document)]


@pytest.mark.parametrize("name", COMMITTED)
def test_the_contract_holds(name: str) -> None:
    assert faults_of(whole(name)) == []
    node = next((e.node for e in whole(name).episodes), None)
    if node:
        assert faults_of(told(case_of(name), Focus(node=node))) == []


@pytest.mark.skipif(os.environ.get("TRIAGE_BED") != "1", reason="the test bed takes minutes: TRIAGE_BED=1")
@pytest.mark.parametrize("name", BED)
def test_the_contract_holds_on_the_test_bed(name: str, tmp_path: Path) -> None:
    truth = made(played(catalogue(DESCRIPTIONS)[name], 0), tmp_path)
    start, end = (datetime.fromisoformat(truth["window"][side]) for side in ("start", "end"))
    case = read_case(tmp_path, Ask(truth["cluster"], truth["project"], None, start, end))
    incident = told(case)
    assert faults_of(incident) == []
    for node in {e.node for e in incident.episodes}:
        focused = told(case, Focus(node=node))
        assert faults_of(focused) == []
        own = [e for e in incident.episodes if e.node == node]
        assert {e.cause for e in focused.episodes} <= {e.cause for e in own} | {None} or incident.verdict.cause is None


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_window_longer_than_the_evidence_gives_the_same_verdict(name: str) -> None:
    truth = truth_of(name)
    start, end = (datetime.fromisoformat(truth["window"][side]) for side in ("start", "end"))
    ask = Ask(truth["cluster"], truth["project"], None, start - timedelta(days=6), end)
    verdict = told(read_case(ROOT / "fixtures" / name, ask)).verdict
    assert verdict.cause in truth["verdict"]["causes"]
    assert verdict.workload in truth["verdict"]["workloads"]
    assert verdict.confidence in truth["verdict"]["confidences"]


@pytest.mark.parametrize("name", EXPLAINED)
def test_without_its_lines_a_cause_is_not_named(name: str) -> None:
    removed = {e["cause"] for e in truth_of(name)["episodes"]} | {"zombie-processes"}
    incident = told(knockouts.without_signals(case_of(name), *removed))
    assert incident.verdict.cause not in removed
    assert incident.verdict.confidence not in SURE
    assert not removed & {e.cause for e in incident.episodes}
    assert faults_of(incident) == []


@pytest.mark.parametrize("name", EXPLAINED)
@pytest.mark.parametrize("seed", SEEDS)
def test_with_placements_shuffled_the_suspect_goes(name: str, seed: int) -> None:
    incident = told(knockouts.with_shuffled_placements(case_of(name), seed))
    assert incident.verdict.workload is None
    assert incident.verdict.cause == whole(name).verdict.cause
    assert faults_of(incident) == []


@pytest.mark.parametrize("name", EXPLAINED)
def test_with_alerts_shifted_they_come_untied(name: str) -> None:
    before = whole(name).alignment
    after = [told(knockouts.with_shifted_alerts(case_of(name), seed)).alignment for seed in SEEDS]
    assert before.p_value is not None
    assert before.p_value <= 0.05
    # At random hours some fall into an episode by chance; what matters is that they do so no more than that.
    assert statistics.median(a.p_value if a.p_value is not None else 1.0 for a in after) > 0.05
    assert statistics.median(a.aligned for a in after) < before.aligned / 2


@pytest.mark.parametrize("name", EXPLAINED)
@pytest.mark.parametrize("seed", SEEDS)
def test_with_repairs_moved_the_confidence_falls(name: str, seed: int) -> None:
    incident = told(knockouts.with_moved_failures(case_of(name), seed))
    assert LEVELS.index(incident.verdict.confidence) < LEVELS.index(whole(name).verdict.confidence)
    assert faults_of(incident) == []


@pytest.mark.parametrize("name", sorted(set(COMMITTED) - set(EXPLAINED)))
@pytest.mark.parametrize("seed", SEEDS)
def test_where_nothing_was_established_nothing_is_after_a_knockout(name: str, seed: int) -> None:
    case = case_of(name)
    for robbed in (knockouts.with_shuffled_placements(case, seed), knockouts.with_shifted_alerts(case, seed)):
        incident = told(robbed)
        assert incident.verdict.confidence is Confidence.INSUFFICIENT
        assert faults_of(incident) == []
