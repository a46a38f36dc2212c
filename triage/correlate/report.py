"""What the correlator found, in the words of the incident model."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

import pandas as pd

from triage import __version__
from triage.correlate.coverage import CONTAINER_TYPES, Coverage
from triage.correlate.episodes import Draft, Scene
from triage.correlate.lines import episode_lines, episode_summary
from triage.correlate.repairs import GkeRepair
from triage.correlate.stage import Stage
from triage.correlate.times import HOUR, moment, moment_or_none
from triage.correlate.windows import lookback
from triage.evidence.evidence import Evidence
from triage.lql.print import to_text
from triage.model.incident import (
    CoverageRow,
    Episode,
    Kind,
    OccurrenceSummary,
    Provenance,
    QueryRecord,
    Repair,
    SignalInfo,
)
from triage.model.place import Gap
from triage.model.signal import Pack

_SEERS = ("operation", "audit", "instance-group")
_LONGEST_QUERY = 7000
_STREAMS = {
    "kubelet": "kubelet",
    "kubelet-monitor": "kubelet",
    "container-runtime": "container-runtime",
    "docker": "container-runtime",
    "node-problem-detector": "node-problem-detector",
    "events": "events",
    "cloudaudit.googleapis.com/activity": "audit",
    "cloudaudit.googleapis.com/data_access": "audit",
    "cloudaudit.googleapis.com/system_event": "system-event",
    "compute.googleapis.com/activity_log": "system-event",
    "container.googleapis.com/cluster-autoscaler-visibility": "autoscaler",
}
"""Log id → stream, for logs that hold one stream alone; containers are told by their resource type."""


def report_episodes(stage: Stage, causes: Mapping[int, str], workloads: Mapping[int, str]) -> tuple[Episode, ...]:
    """The episodes of the report, in the order of the drafts, with the cause and the workload of each."""
    scene, drafts = stage.scene, stage.drafts
    alerts = stage.alerts_of()
    project = stage.evidence.cluster.project
    found = []
    for i, draft in enumerate(drafts):
        facts = scene.fleet.facts(draft.node)
        found.append(
            Episode(
                node=draft.node,
                node_pool=draft.node_pool,
                start=moment(draft.start),
                not_ready=moment_or_none(draft.not_ready),
                end=moment_or_none(draft.end),
                kind=draft.kind,
                operation=draft.repair.operation if draft.repair else None,
                node_inferred=draft.inferred,
                cause=causes.get(i),
                workload=workloads.get(i),
                alerts=tuple(alerts.get(i, ())),
                zone=facts.zone,
                instance_id=scene.fleet.instance_at(draft.node, draft.onset),
                group=draft.group,
                repair=_repair(draft.repair),
                ready=moment_or_none(draft.ready),
                signals=_signals(scene, drafts, i),
                planned=draft.planned,
                notes=_notes(stage, i, causes.get(i)),
                evidence=episode_lines(scene, draft, i, drafts, project),
            )
        )
    return tuple(found)


def _notes(stage: Stage, index: int, cause: str | None) -> tuple[str, ...]:
    draft = stage.drafts[index]
    summary = episode_summary(stage.scene, stage.drafts, index, cause)
    return tuple(filter(None, (summary, _upgrade(stage.scene, draft), *draft.notes)))


def _upgrade(scene: Scene, draft: Draft) -> str:
    """Which operation was upgrading the node's pool when the node went, in a sentence; nothing where none is known."""
    if draft.kind is not Kind.UPGRADE:
        return ""
    operation = scene.plans.upgrade(draft.node_pool, draft.onset)
    return f"The node pool was being upgraded by {operation}." if operation else ""


def _repair(repair: GkeRepair | None) -> Repair | None:
    if repair is None:
        return None
    return Repair(
        operation=repair.operation,
        node_pool=repair.node_pool,
        start=moment(repair.start),
        end=moment_or_none(repair.end),
        seen_by=tuple(seer for seer in _SEERS if seer in repair.seen_by),
        reason=repair.reason,
    )


def _signals(scene: Scene, drafts: Sequence[Draft], index: int) -> tuple[str, ...]:
    """The signals on the node in the episode or the hour before, by first appearance."""
    draft = drafts[index]
    low, _ = lookback(scene, drafts, index, HOUR)
    end = draft.end if draft.end is not None else scene.end
    firsts = {s: scene.seen.since(s, draft.node, low, end) for s in scene.seen.on(draft.node)}
    return tuple(s for at, s in sorted((at, s) for s, at in firsts.items() if at is not None))


def summarize_occurrences(scene: Scene, signals_of: Sequence[Sequence[str]]) -> tuple[OccurrenceSummary, ...]:
    """One row a signal, by id. `signals_of` holds each episode's signals."""
    found = []
    for signal in scene.seen.signals:
        rows = scene.seen.rows[scene.seen.rows["signal"] == signal]
        times = rows["timestamp"].sort_values()
        declared = scene.graph.signal(signal)
        found.append(
            OccurrenceSummary(
                signal=signal,
                count=len(rows),
                nodes=tuple(node for node in scene.seen.nodes(signal) if node),
                first=times.iloc[0].to_pydatetime(warn=False),
                last=times.iloc[-1].to_pydatetime(warn=False),
                title=declared.title if declared else "",
                role=declared.role if declared else None,
                episodes=sum(1 for signals in signals_of if signal in signals),
            )
        )
    return tuple(found)


def signal_infos(pack: Pack, named: set[str]) -> tuple[SignalInfo, ...]:
    """What a reader needs to know of the signals that the report names, by id."""
    return tuple(
        SignalInfo(
            id=s.id,
            title=s.title,
            role=s.role,
            severity=s.severity,
            description=s.description,
            falsepositives=s.falsepositives,
            references=s.references,
        )
        for s in sorted(pack.signals, key=lambda s: s.id)
        if s.id in named
    )


def cause_query(pack: Pack, signal: str, alternatives: Sequence[str]) -> tuple[str, int]:
    """The filter that finds a cause's lines, and how many wordings it leaves out.

    It joins the wordings that matched, as many as an address can hold; where it can hold none, the first by itself.
    `alternatives` stand in the order in which they are wanted.
    """
    filters = [to_text(found) for name in alternatives if (found := pack.wanted.get(f"{signal}/{name}"))]
    parts: list[str] = []
    for filter_ in filters:
        if sum(len(quote(part)) for part in (*parts, filter_)) < _LONGEST_QUERY:
            parts.append(filter_)
    parts = parts or filters[:1]
    joined = parts[0] if len(parts) == 1 else "\nOR ".join(f"({part})" for part in parts)
    return joined, len(filters) - len(parts)


def provenance(evidence: Evidence, now: datetime) -> Provenance:
    """Where everything came from, and what became of the entries that were read."""
    tally = evidence.tally
    return Provenance(
        version=__version__,
        queries=tuple(
            QueryRecord(source=q.source, filter=q.filter, requests=q.requests, entries=q.entries)
            for q in evidence.queries
        ),
        generated=now,
        entries_read=tally.read,
        entries_kept=tally.kept,
        outside_window=tally.outside_window,
        other_cluster=tally.other_cluster,
        duplicates=tally.duplicates,
        malformed=tally.malformed,
        ignored_files=evidence.ignored,
        coverage=_coverage_rows(evidence.coverage),
    )


def _coverage_rows(coverage: pd.DataFrame) -> tuple[CoverageRow, ...]:
    """One row a stream: entries read, nodes that spoke, first and last entry."""
    if coverage.empty:
        return ()
    containers = coverage["resource_type"].isin(CONTAINER_TYPES)
    streams = coverage["log_id"].map(_STREAMS)
    serial = coverage["log_id"].fillna("").str.startswith("serialconsole.")
    streams = streams.where(~serial, "serial-console").where(~containers, "container").fillna("other")
    grouped = coverage.assign(stream=streams).groupby("stream", sort=True)
    table = grouped.agg(
        entries=("count", "sum"), nodes=("node", "nunique"), first=("first", "min"), last=("last", "max")
    )
    return tuple(
        CoverageRow(
            stream=str(row.Index),
            entries=int(row.entries),
            nodes=int(row.nodes),
            first=None if pd.isna(row.first) else row.first.to_pydatetime(warn=False),
            last=None if pd.isna(row.last) else row.last.to_pydatetime(warn=False),
        )
        for row in table.itertuples()
    )


def coverage_gaps(coverage: Coverage, evidence: Evidence) -> tuple[Gap, ...]:
    """Whether it is known who spoke when: without that, silence can't be told from health."""
    if coverage.known or "entries" not in evidence.present:
        return ()
    return (
        Gap(
            source="coverage",
            reason="It is unknown which logs of which nodes spoke when, so control windows say nothing.",
            remedy="grant monitoring.timeSeries.list (roles/monitoring.viewer), or analyse whole exported logs",
        ),
    )
