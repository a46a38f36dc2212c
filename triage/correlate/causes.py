"""The causes of the report: each with its numbers, its suspects, its lines, its trends."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd

from triage.correlate.associate import Association, contrast
from triage.correlate.attribute import Named, by_a_workload, name_directly
from triage.correlate.calm import calm
from triage.correlate.chain import build_chain
from triage.correlate.colocate import NOWHERE_IN_PARTICULAR, locate
from triage.correlate.coverage import broken_off
from triage.correlate.episodes import Draft, Scene
from triage.correlate.explain import Explanation
from triage.correlate.facts import Facts, gather
from triage.correlate.holders import holders
from triage.correlate.judge import most_planned
from triage.correlate.lines import cause_lines
from triage.correlate.report import cause_query
from triage.correlate.stage import Stage
from triage.correlate.timeline import metric_title
from triage.correlate.traces import PIDS, ZOMBIES
from triage.correlate.trend import trends
from triage.correlate.windows import lookback
from triage.model.incident import Cause, Trend
from triage.model.links import logs_query_url
from triage.model.signal import Signal


@dataclass(frozen=True)
class Findings:
    """All causes, ranked, with what the judge needs of each."""

    causes: tuple[Cause, ...]
    facts: tuple[Facts, ...]
    by_episode: Mapping[int, str]
    workloads: Mapping[int, str]
    levels: Mapping[str, str]


def find_causes(stage: Stage, explanation: Explanation, associations: Mapping[str, Association]) -> Findings:
    """Work out every cause that explains an episode, in rank order."""
    causes, all_facts = [], []
    workloads: dict[int, str] = {}
    levels: dict[str, str] = {}
    for rank, signal in enumerate(explanation.causes, start=1):
        facts, named = _facts(stage, signal, explanation, associations)
        measured = stage.scene.graph.signal(_metric_signal(stage.scene, signal))
        found = trends(stage.drafts, measured, facts.explained, stage.series)
        levels[signal] = _levels(found, measured)
        workloads |= _workloads(stage, facts, named)
        all_facts.append(facts)
        causes.append(_cause(stage, facts, rank, found))
    return Findings(tuple(causes), tuple(all_facts), explanation.by_episode, workloads, levels)


def _facts(
    stage: Stage, signal: str, explanation: Explanation, associations: Mapping[str, Association]
) -> tuple[Facts, Named]:
    scene, drafts = stage.scene, stage.drafts
    episodes = explanation.episodes_of(signal)
    held = holders(stage.evidence.metrics, drafts, signal, episodes, homes=stage.homes, fleet=scene.fleet)
    named = name_directly(scene, drafts, signal, episodes, homes=stage.homes, held=held)
    located = locate(scene, drafts, signal, episodes, stage.homes) if by_a_workload(signal) else NOWHERE_IN_PARTICULAR
    chain = build_chain(scene, drafts, signal, episodes, associations, traces=explanation.traces)
    facts = gather(
        scene,
        drafts,
        signal,
        explanation=explanation,
        associations=associations,
        chain=chain,
        named=named,
        located=located,
        calmed=calm(drafts, scene.graph.signal(signal), episodes, stage.series),
        broken_off=broken_off(stage.evidence.gaps),
    )
    return facts, named


def _metric_signal(scene: Scene, signal: str) -> str:
    """Whose metrics show the cause filling up: those of exhausted ids, where zombies hold them."""
    declared = scene.graph.signal(signal)
    return PIDS if signal == ZOMBIES and not (declared and declared.metrics) else signal


def _workloads(stage: Stage, facts: Facts, named: Named) -> dict[int, str]:
    """Each explained episode's workload: what its own lines say, else the cause's suspect where it ran on that node."""
    found: dict[int, str] = {}
    told = named.by_episode if named.strong or facts.basis == "complaints" else {}
    for i in facts.explained:
        if i in told:
            found[i] = told[i]
        elif facts.workload:
            here = stage.homes.on(stage.drafts[i].node, stage.drafts[i].onset - 1)
            if facts.workload in here or not here:
                found[i] = facts.workload
    return found


def _levels(found: Sequence[Trend], signal: Signal | None) -> str:
    """Levels at death: a constant ceiling is the most convincing line of all."""
    first = found[0].metric if found else None
    values = [t.value for t in found if t.metric == first and t.limit]
    limits = [t.limit for t in found if t.metric == first and t.limit is not None]
    if len(values) < 2:
        return ""
    limited = any(rule.metric == first and rule.limit for rule in signal.metrics) if signal else False
    low, high, ceiling = (f"{v:,.0f}" if abs(v) >= 10 else f"{v:.2f}" for v in (min(values), max(values), limits[0]))
    shown = low if low == high else f"{low} to {high}"
    return f"{metric_title(first or '').lower()}: {shown}{f' of {ceiling}' if limited else ''}"


def leads(scene: Scene, drafts: Sequence[Draft], signals: Sequence[str], episodes: Sequence[int]) -> list[float]:
    """Per episode with a NotReady, the time from the first occurrence to it, in seconds; positive before it."""
    found = []
    for i in episodes:
        draft = drafts[i]
        if draft.not_ready is None:
            continue
        firsts = []
        for signal in signals:
            low, high = lookback(scene, drafts, i, scene.graph.reach(signal))
            first = scene.seen.since(signal, draft.node, low, high)
            firsts += [first] if first is not None else []
        if firsts:
            found.append(round((draft.not_ready - min(firsts)) / 1e9, 3))
    return found


def _cause(stage: Stage, facts: Facts, rank: int, found: Sequence[Trend]) -> Cause:
    scene, drafts = stage.scene, stage.drafts
    signals = (facts.cause, PIDS) if facts.cause == ZOMBIES else (facts.cause,)
    gaps = leads(scene, drafts, (facts.cause,), facts.explained) or leads(scene, drafts, signals, facts.explained)
    enough = facts.total >= 2
    query, left_out = cause_query(stage.pack, facts.cause, _alternatives(stage, facts.cause, facts.explained))
    a = facts.association
    several = enough and len(gaps) >= 2
    return Cause(
        signal=facts.cause,
        rank=rank,
        episodes_explained=facts.count,
        episodes_total=facts.total,
        rate_ratio=round(a.ratio, 4) if enough and a and a.ratio is not None else None,
        q_value=round(a.q, 6) if enough and a and a.q is not None else None,
        lead_time_s=round(median(gaps), 3) if several else None,
        workloads=facts.suspects,
        evidence=cause_lines(scene, drafts, signals, facts.explained, stage.evidence.cluster.project),
        title=facts.title,
        variants=_variants(stage, signals, facts.explained),
        contrast=contrast(a) if a else None,
        lead_iqr_s=(_quantile(gaps, 25), _quantile(gaps, 75)) if several else None,
        leads=sum(1 for gap in gaps if gap >= 0),
        trends=tuple(found),
        query=query,
        query_left_out=left_out,
        query_url=logs_query_url(
            query, stage.evidence.cluster.project, stage.evidence.window.start, stage.evidence.window.end
        ),
    )


def _quantile(gaps: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(gaps, percent)), 3)


def _alternatives(stage: Stage, signal: str, episodes: Sequence[int]) -> list[str]:
    """The wordings seen before the explained episodes, the most frequent first."""
    counts: Counter[str] = Counter()
    for i in episodes:
        counts.update(_before(stage, signal, i)["alternative"])
    return sorted(counts, key=lambda name: (-counts[name], name))


def _variants(stage: Stage, signals: Sequence[str], episodes: Sequence[int]) -> tuple[str, ...]:
    found = {v for i in episodes for signal in signals for v in _before(stage, signal, i)["variant"] if v}
    return tuple(sorted(found))


def _before(stage: Stage, signal: str, index: int) -> pd.DataFrame:
    low, high = lookback(stage.scene, stage.drafts, index, stage.scene.graph.reach(signal))
    return stage.scene.seen.within(signal, stage.drafts[index].node, low, high)


def planned_causes(stage: Stage) -> tuple[Cause, ...]:
    """The causes where every episode is planned work: each kind of it, the most frequent first."""
    drafts = stage.drafts
    found = []
    for rank, signal in enumerate(most_planned(drafts), start=1):
        episodes = [i for i, d in enumerate(drafts) if d.planned == signal]
        declared = stage.scene.graph.signal(signal)
        query, left_out = cause_query(stage.pack, signal, [a.name for a in declared.detect] if declared else ())
        found.append(
            Cause(
                signal=signal,
                rank=rank,
                episodes_explained=len(episodes),
                episodes_total=len(drafts),
                rate_ratio=None,
                q_value=None,
                lead_time_s=None,
                workloads=(),
                evidence=cause_lines(stage.scene, drafts, (signal,), episodes, stage.evidence.cluster.project),
                title=declared.title if declared else signal,
                query=query,
                query_left_out=left_out,
                query_url=logs_query_url(
                    query, stage.evidence.cluster.project, stage.evidence.window.start, stage.evidence.window.end
                ),
            )
        )
    return tuple(found)
