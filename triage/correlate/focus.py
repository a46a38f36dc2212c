"""One node or one repair in focus: its own episodes, cause and suspect; the rest of the cluster as controls.

The whole story is worked out as always, so that controls, associations and co-location rest on everything. What is
then said is about the chosen episodes alone, and says when the others tell more.
"""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from triage.correlate.align import align, report_alerts
from triage.correlate.budget import with_budget
from triage.correlate.causes import Findings, find_causes, planned_causes
from triage.correlate.changes import find_changes
from triage.correlate.episodes import Draft
from triage.correlate.explain import Explanation
from triage.correlate.facts import Facts
from triage.correlate.figures import listed, number, plural
from triage.correlate.judge import Case, judge
from triage.correlate.recurrence import recurrences
from triage.correlate.report import signal_infos
from triage.correlate.save import urge
from triage.correlate.stage import Stage
from triage.errors import InputError
from triage.model.incident import Alert, Cause, Confidence, Incident, Suspect, Timeline, Verdict

_MOST_NAMED = 6
_SUREST = tuple(Confidence)
"""Surest first, as the enumeration declares them."""


@dataclass(frozen=True)
class Focus:
    """What somebody asks about: a node by its name, or a repair by its operation. One of the two is None."""

    node: str | None = None
    operation: str | None = None


def find_episodes(focus: Focus, stage: Stage) -> tuple[int, ...]:
    """The episodes in focus, as positions in `stage.drafts`.

    Raises InputError where nothing bears the name, or nothing happened to it, and lists what may have been meant.
    """
    drafts = stage.drafts
    if focus.operation is not None:
        wanted = focus.operation.rstrip("/").rsplit("/", 1)[-1]
        found = [i for i, d in enumerate(drafts) if wanted in _operations(d)]
        if not found:
            raise _unknown("operation", wanted, _kind_of(stage, wanted), [o for d in drafts for o in _operations(d)])
        return tuple(found)
    wanted = focus.node or ""
    found = [i for i, d in enumerate(drafts) if d.node == wanted]
    if not found:
        known = wanted in stage.scene.fleet.nodes
        raise _unknown("node", wanted, "did not go bad in this window" if known else "", [d.node for d in drafts])
    return tuple(found)


def _operations(draft: Draft) -> tuple[str, ...]:
    named = draft.repair.operation if draft.repair else None
    return (*((named,) if named else ()), *draft.retries)


def _kind_of(stage: Stage, operation: str) -> str:
    rows = stage.evidence.operations
    kinds = rows.loc[rows["name"] == operation, "type"]
    return f"is {kinds.iloc[0]}, which repaired no node in this window" if len(kinds) else ""


def _unknown(what: str, wanted: str, known: str, with_episodes: Sequence[str]) -> InputError:
    names = sorted(set(with_episodes))
    if not names:
        return InputError(
            f"{what} {wanted[:120]} {known or 'is not in the evidence'}: no node went bad in this window",
            remedy="widen --since, or leave it out",
        )
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.7)
    message = f"{what} {wanted[:120]} {known or 'is not in the evidence'}"
    if close and not known:
        return InputError(message, remedy=f"did you mean {listed(close, 'or')}?")
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return InputError(message, remedy=f"episodes there are of: {', '.join(names[:_MOST_NAMED])}{more}")


def put_in_focus(whole: Incident, stage: Stage, case: Case, findings: Findings, chosen: Sequence[int]) -> Incident:
    """The incident of the chosen episodes alone. `case` and `findings` are those that `whole` was made from."""
    scene, position = stage.scene, {old: new for new, old in enumerate(chosen)}
    drafts = [stage.drafts[i] for i in chosen]
    ties = [position.get(index) if index is not None else None for index in stage.ties]
    narrowed = replace(stage, drafts=drafts, ties=ties)
    alignment = align(stage.alerts, ties, drafts, (scene.start, scene.end), stage.covered)
    alignment = with_budget(alignment, stage.evidence.metrics, drafts, scene.start, scene.end)
    causes, facts, explanation = _causes(stage, case, findings, position)
    own = replace(
        case,
        drafts=drafts,
        explanation=explanation,
        facts=facts,
        alignment=alignment,
        leads={cause.signal: cause.lead_time_s for cause in causes},
        levels={},
    )
    verdict = judge(own)
    if verdict.cause is None:
        causes = ()
    elif all(d.planned for d in drafts):
        causes = planned_causes(narrowed)
    verdict = verdict.model_copy(update={"ruled_out": whole.verdict.ruled_out})
    verdict = urge(_beside_the_others(verdict, whole, stage, chosen), stage.evidence, scene, drafts)
    by_episode = {i: d.planned for i, d in enumerate(drafts) if d.planned}
    by_episode |= explanation.by_episode if verdict.cause else {}
    workloads = {position[i]: name for i, name in findings.workloads.items() if i in position and verdict.cause}
    episodes = tuple(
        whole.episodes[old].model_copy(update={"cause": by_episode.get(new), "workload": workloads.get(new)})
        for old, new in position.items()
    )
    seen = Counter(signal for episode in episodes for signal in episode.signals)
    faults = [d.onset for d in drafts if d.planned is None] or [d.onset for d in drafts]
    named = {o.signal for o in whole.occurrences} | set(verdict.chain) | {c.signal for c in causes}
    return whole.model_copy(
        update={
            "verdict": verdict,
            "causes": causes,
            "episodes": episodes,
            "alerts": _alerts(stage, ties, drafts),
            "alignment": alignment,
            "occurrences": tuple(o.model_copy(update={"episodes": seen[o.signal]}) for o in whole.occurrences),
            "timeline": _timeline(whole.timeline, {d.node for d in drafts}, position),
            "recurrence": recurrences(drafts, scene.fleet, [workloads.get(i) for i in range(len(drafts))]),
            "changes": find_changes(stage.evidence, min(faults)),
            "signals": signal_infos(stage.pack, named),
        }
    )


def _causes(
    stage: Stage, case: Case, findings: Findings, position: Mapping[int, int]
) -> tuple[tuple[Cause, ...], tuple[Facts, ...], Explanation]:
    """The causes of the chosen episodes, as the whole story found them, counted over these episodes alone."""
    explanation = _narrowed(case.explanation, position)
    found = find_causes(stage, explanation, case.associations)
    whole = {facts.cause: facts for facts in case.facts}
    facts = [_suspected(each, whole[each.cause], findings.workloads) for each in found.facts]
    causes = tuple(
        cause.model_copy(
            update={
                "workloads": each.suspects,
                "trends": tuple(
                    t.model_copy(update={"episode": None if t.episode is None else position[t.episode]})
                    for t in cause.trends
                ),
            }
        )
        for cause, each in zip(found.causes, facts, strict=True)
    )
    moved = tuple(replace(each, explained=tuple(position[i] for i in each.explained)) for each in facts)
    renamed = replace(
        explanation,
        by_episode={position[i]: cause for i, cause in explanation.by_episode.items()},
        traces={position[i]: traces for i, traces in explanation.traces.items()},
        roots={position[i]: roots for i, roots in explanation.roots.items()},
        consistent={position[i]: signal for i, signal in explanation.consistent.items()},
    )
    return causes, moved, renamed


def _narrowed(explanation: Explanation, chosen: Mapping[int, int]) -> Explanation:
    by_episode = {i: cause for i, cause in explanation.by_episode.items() if i in chosen}
    counts = Counter(by_episode.values())
    return replace(
        explanation,
        causes=tuple(sorted(counts, key=lambda cause: (-counts[cause], explanation.causes.index(cause)))),
        by_episode=by_episode,
        traces={i: traces for i, traces in explanation.traces.items() if i in chosen},
        roots={i: roots for i, roots in explanation.roots.items() if i in chosen},
        consistent={i: signal for i, signal in explanation.consistent.items() if i in chosen},
    )


def _suspected(own: Facts, whole: Facts, workloads: Mapping[int, str]) -> Facts:
    """The suspect by these episodes' own lines, else the whole cluster's, where it ran here.

    Co-location is no evidence within one node, so what these episodes alone would suggest of it does not count.
    """
    if own.basis == "direct" and own.workload in {workloads.get(i) for i in own.explained}:
        return own
    names = {workloads.get(i) for i in own.explained}
    if whole.workload is None or names != {whole.workload}:
        return replace(
            own, suspects=tuple(_tied(s) for s in own.suspects if s.basis == "direct"), workload=None, basis=None
        )
    suspects = tuple(_from_all(s) for s in whole.suspects if s.name == whole.workload)
    return replace(own, suspects=suspects, workload=whole.workload, basis=whole.basis)  # fmt: skip


def _tied(suspect: Suspect) -> Suspect:
    return suspect.model_copy(update={"tied": True})


def _from_all(suspect: Suspect) -> Suspect:
    reason = f"{suspect.reason} That is of the whole cluster: no line of this episode itself names it."
    return suspect.model_copy(update={"reason": reason, "episodes": 0, "q_value": None})


def _beside_the_others(verdict: Verdict, whole: Incident, stage: Stage, chosen: Sequence[int]) -> Verdict:
    """The verdict with a sentence on what it leaves aside, and what the rest of the cluster says."""
    rest = [d for i, d in enumerate(stage.drafts) if i not in chosen and d.planned is None]
    nodes = sorted({stage.drafts[i].node for i in chosen})
    about = f"This is about {nodes[0]} alone."
    if not rest:
        return verdict.model_copy(update={"summary": f"{about} {verdict.summary}"})
    others = _others(verdict, whole, rest, nodes[0])
    return verdict.model_copy(
        update={
            "summary": f"{about} {verdict.summary} {others}",
            "would_change": (*verdict.would_change, others),
        }
    )


def _others(verdict: Verdict, whole: Incident, rest: Sequence[Draft], node: str) -> str:
    """What the other episodes say, in one sentence, and the way to the whole story."""
    told = whole.verdict
    elsewhere = len({d.node for d in rest} - {node})
    again = sum(1 for d in rest if d.node == node)
    parts = [f"{plural(elsewhere, 'other node')} went down" if elsewhere else ""]
    parts.append(f"this one went down {number(again)} more {'time' if again == 1 else 'times'}" if again else "")
    what = " and ".join(part for part in parts if part)
    what = f"{what[:1].upper()}{what[1:]} in this window"
    if told.cause is None:
        return f"{what}; together they establish no single cause: run without --node or --operation for all of them."
    if told.cause == verdict.cause:
        surer = _SUREST.index(told.confidence) < _SUREST.index(verdict.confidence)
        says = f"all together {'make' if surer else 'leave'} {told.cause} {told.confidence.value}"
    elif verdict.confidence is Confidence.INSUFFICIENT:
        says = f"there the evidence says {told.cause} ({told.confidence.value}), of which this episode shows too little"
    else:
        says = f"most of that is explained by {told.cause} ({told.confidence.value}), another cause than here"
    return f"{what}; {says}: run without --node or --operation to see it."


def _alerts(stage: Stage, ties: Sequence[int | None], drafts: Sequence[Draft]) -> tuple[Alert, ...]:
    """All alerts; those of other episodes are untied, and say whose they are."""
    found = []
    for alert, was, now in zip(report_alerts(stage.alerts, ties, drafts), stage.ties, ties, strict=True):
        elsewhere = was is not None and now is None
        reason = f"It belongs to another episode, of {stage.drafts[was].node}." if elsewhere and was is not None else ""
        found.append(alert.model_copy(update={"reason": reason}) if reason else alert)
    return tuple(found)


def _timeline(whole: Timeline, nodes: set[str], position: Mapping[int, int]) -> Timeline:
    """The lanes of the nodes in focus; the healthy ones stay folded, and other failing nodes are not drawn."""
    lanes = tuple(
        lane.model_copy(update={"episodes": tuple(position[i] for i in lane.episodes if i in position)})
        for lane in whole.lanes
        if lane.node in nodes
    )
    series = tuple(s for s in whole.series if s.node is None or s.node in nodes)
    return whole.model_copy(update={"lanes": lanes, "series": series})
