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


def investigate(
    path: Path, ask: Ask, pack: Pack, *, node: str | None = None, now: datetime | None = None, command: str = ""
) -> Incident:
    """From an evidence directory (or `.tar.gz`, `.zip`) to the incident.

    `node` puts the episodes of one node in focus, `now` is the report's time of generation, `command` the call that
    makes it again. Raises InputError where there is nothing to read, or no such node.
    """
    evidence = read_evidence(path, ask, make_plan(pack))
    identities = identify(evidence)
    occurrences = detect(evidence, pack, identities)
    incident = correlate(evidence, occurrences, identities.placements, pack, now=now or datetime.now(UTC))
    return incident.model_copy(update={"provenance": incident.provenance.model_copy(update={"command": command})})
