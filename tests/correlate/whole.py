"""Committed incidents, each read once: their truth, and what detection makes of them."""

import json
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.correlate.knockouts import Case
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.signals import detect, identify, load_pack
from triage.sources.files.read import read_evidence
from triage.sources.plan import make_plan

FIXTURES = Path(__file__).parents[2] / "fixtures"
COMMITTED = ("no-cause", "pid-leak-2019", "pid-leak-2026", "quiet-day")


@cache
def full_pack() -> Pack:
    """The bundled signals."""
    return load_pack()


@cache
def truth_of(name: str) -> dict[str, Any]:
    """What is true of a committed incident."""
    truth: dict[str, Any] = json.loads((FIXTURES / name / "truth.json").read_text())
    return truth


@cache
def case_of(name: str) -> Case:
    """Evidence, occurrences and placements of a committed incident."""
    truth = truth_of(name)
    start, end = (datetime.fromisoformat(truth["window"][side]) for side in ("start", "end"))
    return read_case(FIXTURES / name, Ask(truth["cluster"], truth["project"], None, start, end))


def read_case(directory: Path, ask: Ask) -> Case:
    """Evidence, occurrences and placements of any evidence directory."""
    evidence = read_evidence(directory, ask, make_plan(full_pack()))
    identities = identify(evidence)
    return evidence, detect(evidence, full_pack(), identities), identities.placements


def on_autopilot(case: Case) -> Case:
    """The same in an Autopilot cluster, which allows no login."""
    evidence, occurrences, placements = case
    cluster = evidence.cluster.model_copy(update={"autopilot": True})
    return replace(evidence, cluster=cluster), occurrences, placements
