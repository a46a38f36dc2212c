"""The flow, one call a line: sources → evidence → signals → correlate → incident."""

from datetime import UTC, datetime
from pathlib import Path

from triage.correlate import Focus, correlate
from triage.model.incident import Incident
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.signals import detect, identify
from triage.sources.files.begun import Begun, begin_reading
from triage.sources.files.read import read_begun
from triage.sources.plan import make_plan


def investigate(
    path: Path,
    ask: Ask,
    pack: Pack,
    *,
    node: str | None = None,
    operation: str | None = None,
    now: datetime | None = None,
    command: str = "",
) -> Incident:
    """From an evidence directory (or `.tar.gz`, `.zip`) to the incident.

    `node` puts the episodes of one node in focus, `operation` the one that it repaired; `now` is the report's time of
    generation, `command` the call that makes it again. Raises InputError where there is nothing to read, or where
    no such node or operation went bad.
    """
    with begin_reading(path, ask) as begun:
        return conclude(begun, pack, node=node, operation=operation, now=now, command=command)


def conclude(
    begun: Begun,
    pack: Pack,
    *,
    node: str | None = None,
    operation: str | None = None,
    now: datetime | None = None,
    command: str = "",
) -> Incident:
    """The same, from evidence that has begun to be read (while the pack was loaded, say)."""
    evidence = read_begun(begun, make_plan(pack))
    identities = identify(evidence)
    occurrences = detect(evidence, pack, identities)
    focus = Focus(node, operation) if node or operation else None
    incident = correlate(evidence, occurrences, identities.placements, pack, now=now or datetime.now(UTC), focus=focus)
    return incident.model_copy(update={"provenance": incident.provenance.model_copy(update={"command": command})})
