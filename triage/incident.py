"""The flow, one call a line: sources → evidence → signals → correlate → incident."""

from datetime import UTC, datetime
from pathlib import Path

from triage.correlate import correlate
from triage.model.incident import Incident
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.signals import detect, identify
from triage.sources.files import read_evidence
from triage.sources.plan import make_plan


def investigate(path: Path, ask: Ask, pack: Pack, *, now: datetime | None = None) -> Incident:
    """From an evidence directory (or `.tar.gz`, `.zip`) to the incident.

    `now` is the report's time of generation. Raises InputError where there is nothing to read.
    """
    evidence = read_evidence(path, ask, make_plan(pack))
    identities = identify(evidence)
    occurrences = detect(evidence, pack, identities)
    return correlate(evidence, occurrences, identities.placements, pack, now=now or datetime.now(UTC))
