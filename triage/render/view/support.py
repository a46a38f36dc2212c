"""The plain-text block to paste into a support case: what a support engineer asks for first.

Google's advice for a case: start time in ISO 8601 and duration, product, location, project and resource identifiers,
artifacts, whether the issue is transient, intermittent or consistent.
"""

from collections.abc import Iterator

from triage.model.incident import Confidence, Episode, Incident, Kind
from triage.render import words
from triage.render.view.chain import lines_by_signal, title_of
from triage.render.view.first import unplanned

_MOST = 20
_LONGEST_LINE = 300
_ENDED_BY = {
    Kind.REPAIR: "repaired by GKE",
    Kind.UPGRADE: "replaced by an upgrade",
    Kind.PREEMPTION: "preempted",
    Kind.SCALE_DOWN: "removed by a scale-down",
}


def support_block(incident: Incident) -> str:
    """The block, at most about 9,000 characters: a case's comment holds 12,800."""
    return "\n".join(_lines(incident))[:9000].rstrip() + "\n"


def _lines(incident: Incident) -> Iterator[str]:
    cluster, verdict = incident.cluster, incident.verdict
    yield "Product:   Google Kubernetes Engine" + (" (Autopilot)" if cluster.autopilot else "")
    yield f"Project:   {cluster.project or 'not known from the evidence'}"
    yield f"Cluster:   {cluster.name}" + (f", version {cluster.version}" if cluster.version else "")
    yield f"Location:  {cluster.location or 'not known from the evidence'}"
    yield f"Window:    {words.utc(incident.window.start)} to {words.utc(incident.window.end)}"
    faults = unplanned(incident.episodes)
    if faults:
        yield f"Started:   {words.utc(min(e.start for e in faults))}"
        yield f"Frequency: {words.count(len(faults), 'node failure')} in the window{_still_open(faults)}"
    yield ""
    yield "WHAT WAS OBSERVED"
    yield verdict.title if verdict.title.endswith(".") else verdict.title + "."
    if verdict.summary and verdict.summary != verdict.title:
        yield verdict.summary
    if incident.episodes:
        yield f"Confidence: {verdict.confidence.value}." + (f" {verdict.reason}" if verdict.reason else "")
    if incident.alignment.alerts:
        tied = words.of(incident.alignment.aligned, incident.alignment.alerts, "alert")
        yield f"Alerts: {tied} opened while a node was failing."
    yield from _episodes(incident)
    yield from _evidence(incident)
    yield ""
    yield "WHAT IS ASKED"
    yield from _asked(incident)
    yield ""
    made = incident.provenance
    yield f"Report by triage {made.version}, {words.utc(made.generated)}; all times UTC."


def _still_open(faults: list[Episode]) -> str:
    still_open = sum(episode.end is None for episode in faults)
    return f", {still_open:,} still open" if still_open else ""


def _episodes(incident: Incident) -> Iterator[str]:
    if not incident.episodes:
        return
    yield ""
    yield "NODES (start, NotReady, end, operation)"
    for episode in incident.episodes[:_MOST]:
        parts = [words.utc(episode.start)]
        parts.append(f"NotReady {words.utc(episode.not_ready)}" if episode.not_ready else "NotReady not seen")
        parts.append(_ended(episode))
        if episode.operation:
            parts.append(episode.operation)
        inferred = " (node inferred)" if episode.node_inferred else ""
        yield f"- {words.node_name(episode.node)}{inferred}: {', '.join(parts)}"
    if len(incident.episodes) > _MOST:
        yield f"- and {len(incident.episodes) - _MOST} more in the attached report"


def _ended(episode: Episode) -> str:
    if episode.end is None:
        return "still open"
    if episode.kind is not Kind.UNREPAIRED:
        return f"{_ENDED_BY[episode.kind]}, over {words.utc(episode.end)}"
    if episode.ready is not None and episode.not_ready is not None:
        return f"recovered {words.utc(episode.ready)} without a repair"
    return f"over {words.utc(episode.end)} without a repair"


def _evidence(incident: Incident) -> Iterator[str]:
    lines = lines_by_signal(incident)
    chosen = [(signal, line) for signal in incident.verdict.chain for line in lines.get(signal, [])[:2]][:8]
    if not chosen:
        return
    yield ""
    yield "EVIDENCE (verbatim)"
    for signal, line in chosen:
        yield f"- {title_of(incident, signal)}: {words.utc(line.timestamp)} {line.node or ''} {line.stream}"
        yield f"  {line.message[:_LONGEST_LINE]}"


def _asked(incident: Incident) -> Iterator[str]:
    confidence = incident.verdict.confidence
    if not incident.episodes:
        yield "1. Did the platform record a node failure, repair or host event here that these logs don't show?"
        return
    if confidence is Confidence.INSUFFICIENT:
        yield "1. What does the platform know of these nodes at these times (host events, repair reasons)?"
        for number, missing in enumerate(incident.verdict.missing[:5], 2):
            yield f"{number}. Can you supply what we lack: {missing.what[:1].lower()}{missing.what[1:]}?"
        return
    yield "1. Please confirm or refute the cause above from the platform's side (host events, repair reasons)."
    yield "2. Is there a known issue or a setting in this version that makes it likelier?"
