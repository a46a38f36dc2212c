"""From evidence and occurrences to the incident: the correlator's own flow, one step after the other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd

from triage.correlate.align import align, read_alerts, report_alerts, span_of_evidence, tie
from triage.correlate.associate import associate, logs_by_signal
from triage.correlate.badly import serving_badly
from triage.correlate.budget import with_budget
from triage.correlate.capped import without_capped
from triage.correlate.causes import Findings, find_causes, planned_causes
from triage.correlate.changes import find_changes
from triage.correlate.clocks import received_earlier, set_back
from triage.correlate.commands import fill_gap
from triage.correlate.control_plane import with_operations
from triage.correlate.coverage import Coverage, told_of
from triage.correlate.episodes import Draft, Scene, build_episodes, finish
from triage.correlate.explain import explain
from triage.correlate.focus import Focus, find_episodes, put_in_focus
from triage.correlate.graph import Graph
from triage.correlate.homes import Homes
from triage.correlate.judge import Case, judge
from triage.correlate.orders import find_orders, with_removals
from triage.correlate.planned import Plans
from triage.correlate.pools import Fleet
from triage.correlate.readiness import read_courses
from triage.correlate.recurrence import recurrences
from triage.correlate.repairs import GkeRepair, find_repairs
from triage.correlate.report import (
    coverage_gaps,
    provenance,
    report_episodes,
    signal_infos,
    summarize_occurrences,
)
from triage.correlate.resolve import resolve
from triage.correlate.save import urge
from triage.correlate.seen import Seen
from triage.correlate.stage import Stage
from triage.correlate.timeline import make_timeline, metric_title
from triage.correlate.times import to_ns
from triage.correlate.trend import Series, node_series
from triage.evidence.evidence import Evidence
from triage.model.incident import Alignment, Cause, Confidence, Incident, Verdict
from triage.model.signal import Pack


def correlate(
    evidence: Evidence,
    occurrences: pd.DataFrame,
    placements: pd.DataFrame,
    pack: Pack,
    *,
    now: datetime,
    focus: Focus | None = None,
) -> Incident:
    """The whole incident: episodes, alignment, causes, suspect, confidence, and what a report shows of them.

    `occurrences` has the columns of `triage.evidence.occurrences`, `placements` those of `triage.evidence.tables`; both
    are of the evidence's cluster and window. `now` is the time of generation and changes nothing else: the same
    evidence gives the same incident. `focus` names a node or a repair whose episodes alone the incident is then about.
    Raises InputError where it names nothing that went bad.
    """
    stage = _stage(evidence, with_operations(occurrences, evidence.operations), placements, pack)
    scene, drafts, occurrences = stage.scene, stage.drafts, stage.occurrences
    chosen = find_episodes(focus, stage) if focus else ()
    alignment = align(stage.alerts, stage.ties, drafts, (scene.start, scene.end), stage.covered)
    alignment = with_budget(alignment, evidence.metrics, drafts, scene.start, scene.end)
    of_nodes = without_capped(scene, drafts, occurrences)
    weighed = stage
    if len(of_nodes) < len(occurrences):
        weighed = replace(stage, scene=replace(scene, seen=Seen(of_nodes, received_earlier(evidence.entries))))
    associations = associate(weighed.scene, drafts, _logs(evidence, occurrences))
    explanation = explain(weighed.scene, drafts, associations)
    findings = find_causes(weighed, explanation, associations)
    case = Case(
        evidence=evidence,
        scene=scene,
        drafts=drafts,
        homes=stage.homes,
        explanation=explanation,
        associations=associations,
        facts=findings.facts,
        alignment=alignment,
        leads={cause.signal: cause.lead_time_s for cause in findings.causes},
        levels=findings.levels,
    )
    verdict = urge(judge(case), evidence, scene, drafts)
    whole = _incident(stage, weighed, verdict, findings, alignment, now=now)
    return put_in_focus(whole, weighed, case, findings, chosen) if chosen else whole


def _stage(evidence: Evidence, occurrences: pd.DataFrame, placements: pd.DataFrame, pack: Pack) -> Stage:
    graph = Graph(pack)
    start, end = to_ns(evidence.window.start), to_ns(evidence.window.end)
    receipts = received_earlier(evidence.entries)
    repairs, recreates, annotations = find_repairs(evidence)
    entries = set_back(evidence.entries, receipts)
    courses = read_courses(replace(evidence, entries=entries), set_back(occurrences, receipts))
    fleet = Fleet(evidence, {*occurrences["node"].dropna(), *courses, *placements["node"].dropna()})
    orders = find_orders(evidence)
    occurrences = with_removals(occurrences, orders, courses, fleet)
    seen = Seen(occurrences, receipts)
    coverage = Coverage(told_of(evidence.coverage, evidence.metrics))
    plans = Plans(orders, seen, graph, fleet, annotations)
    scene = Scene(seen, graph, fleet, courses, coverage, plans, start, end)
    resolved = resolve([r for r in repairs if _inside(r, start, end)], courses, fleet)
    drafts = build_episodes(scene, resolved, recreates)
    homes = Homes(placements, _renewals(scene, drafts), end)
    alerts = read_alerts(evidence.alerts, start, end)
    drafts = finish(scene, [*drafts, *serving_badly(scene, drafts, alerts, homes)])
    ties = tie(alerts, drafts, homes, end)
    covered = span_of_evidence(evidence, start, end)
    return Stage(
        evidence, occurrences, pack, scene, drafts, homes, alerts, ties, covered, node_series(evidence.metrics)
    )


def _renewals(scene: Scene, drafts: Sequence[Draft]) -> dict[str, list[int]]:
    """When each node was replaced, restarted or removed: no pod outlives that."""
    found = {node: [*course.booted, *course.removed] for node, course in scene.courses.items()}
    for draft in drafts:
        if draft.end is not None:
            found.setdefault(draft.node, []).append(draft.end)
    return found


def _inside(repair: GkeRepair, start: int, end: int) -> bool:
    return repair.start <= end and (repair.end if repair.end is not None else repair.start) >= start


def _logs(evidence: Evidence, occurrences: pd.DataFrame) -> dict[str, set[str]]:
    """Signal → the log ids it was seen in."""
    names = evidence.entries[["log_name", "log_id"]].dropna().drop_duplicates()
    return logs_by_signal(occurrences, dict(zip(names["log_name"], names["log_id"], strict=True)))


def _incident(
    stage: Stage, weighed: Stage, verdict: Verdict, findings: Findings, alignment: Alignment, *, now: datetime
) -> Incident:
    """The report. `weighed` is the stage with what explanations rest on: without pods at a limit of their own."""
    evidence, scene, drafts = stage.evidence, stage.scene, stage.drafts
    established = verdict.confidence is not Confidence.INSUFFICIENT
    unplanned = any(d.planned is None for d in drafts)
    causes: tuple[Cause, ...] = ()
    if established:
        causes = tuple(findings.causes) if unplanned else planned_causes(stage)
    by_episode = {i: d.planned for i, d in enumerate(drafts) if d.planned}
    if established and unplanned:
        by_episode |= findings.by_episode
    workloads = findings.workloads if established and unplanned else {}
    episodes = report_episodes(weighed, by_episode, workloads)
    occurrences = summarize_occurrences(scene, [episode.signals for episode in episodes])
    faults = [d.onset for d in drafts if d.planned is None] or [d.onset for d in drafts]
    named = {o.signal for o in occurrences} | set(verdict.chain) | {c.signal for c in causes}
    return Incident(
        cluster=evidence.cluster,
        window=evidence.window,
        verdict=verdict,
        causes=causes,
        episodes=episodes,
        alerts=report_alerts(stage.alerts, stage.ties, drafts),
        alignment=alignment,
        occurrences=occurrences,
        gaps=tuple(fill_gap(gap, evidence.cluster) for gap in evidence.gaps) + coverage_gaps(scene.coverage, evidence),
        provenance=provenance(evidence, now),
        timeline=make_timeline(scene, drafts, stage.series, _shown(stage.pack, verdict, stage.series)),
        recurrence=recurrences(drafts, scene.fleet, [workloads.get(i) for i in range(len(drafts))], _filling(causes)),
        changes=find_changes(evidence, min(faults, default=None)),
        signals=signal_infos(stage.pack, named),
    )


def _filling(causes: Sequence[Cause]) -> str:
    """What fills up between the failures, where a metric shows it."""
    trend = next((t for cause in causes[:1] for t in cause.trends if t.limit and t.slope_per_h > 0), None)
    if trend is None or trend.limit is None:
        return ""
    limit = f"{trend.limit:,.0f}" if trend.limit >= 10 else f"{trend.limit:.2f}"
    return f"about how long it takes to fill up to {limit} ({metric_title(trend.metric).lower()})"


def _shown(pack: Pack, verdict: Verdict, series: Series) -> list[tuple[str, str | None]]:
    """The metrics to draw: those of the chain's signals, else process ids, which say something on every node."""
    rules = [rule for s in pack.signals if s.id in verdict.chain for rule in s.metrics]
    rules = rules or [rule for s in pack.signals for rule in s.metrics if rule.metric == "pid_used"]
    drawn = {metric for metric, _ in series}
    return sorted({(rule.metric, rule.limit or "") for rule in rules if rule.metric in drawn})
