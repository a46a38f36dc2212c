import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.correlate.knockouts import Case
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.signals import detect, identify
from triage.signals.pack import load_pack
from triage.sources.files.read import read_evidence
from triage.sources.plan import make_plan

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="session")
def full_pack() -> Pack:
    return load_pack()


@pytest.fixture(scope="session")
def incidents(full_pack: Pack) -> dict[str, tuple[dict[str, Any], Case]]:
    """The committed incidents by name: their truth, and what detection makes of them."""
    found = {}
    for name in ("pid-leak-2026", "no-cause"):
        truth = json.loads((FIXTURES / name / "truth.json").read_text())
        ask = Ask(cluster=truth["cluster"], since=datetime.fromisoformat(truth["window"]["start"]))
        evidence = read_evidence(FIXTURES / name, ask, make_plan(full_pack))
        identities = identify(evidence)
        found[name] = (truth, (evidence, detect(evidence, full_pack, identities), identities.placements))
    return found
