"""The verdict: which cause, how sure, and every sentence that a reader may ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.correlate import doubt, words
from triage.correlate.actions import steps_now
from triage.correlate.associate import Association
from triage.correlate.attribute import by_a_workload
from triage.correlate.episodes import Draft, Scene
from triage.correlate.explain import Explanation
from triage.correlate.facts import Facts
from triage.correlate.figures import number, share
from triage.correlate.gates import pass_gates
from triage.correlate.graph import NOT_READY
from triage.correlate.homes import Homes
from triage.correlate.orders import REMOVALS, REMOVED
from triage.correlate.planned import KINDS
from triage.correlate.seen import NOWHERE
from triage.evidence.evidence import Evidence
from triage.model.incident import Alignment, Confidence, Gate, Missing, Verdict
from triage.model.signal import Step

NO_CAUSE = "No cause established"
NO_FAILURE = "No node failure found"
_OTHERS = 2
"""Causes beside the first for which a step is shown."""


@dataclass(frozen=True)
class Case:
    """Everything that a verdict is made from."""

    evidence: Evidence
    scene: Scene
    drafts: Sequence[Draft]
    homes: Homes
    explanation: Explanation
    associations: Mapping[str, Association]
    facts: Sequence[Facts]
    """One a cause, ranked."""
    alignment: Alignment
    leads: Mapping[str, float | None]
    levels: Mapping[str, str]
    """Cause → what a metric stood at when nodes died, or nothing."""


def judge(case: Case) -> Verdict:
    """The verdict. Planned work alone is named as such; without a cause that passes the gates it is `insufficient`."""
    unplanned = [d for d in case.drafts if d.planned is None]
    if not case.drafts:
        return _nothing(case)
    if not unplanned:
        return _planned(case)
    if case.facts:
        reached, gates = pass_gates(case.facts[0])
        if reached is not Confidence.INSUFFICIENT:
            return _established(case, case.facts[0], reached, gates)
        return _unexplained(case, unplanned, gates)
    return _unexplained(case, unplanned, ())


def _established(case: Case, facts: Facts, confidence: Confidence, gates: tuple[Gate, ...]) -> Verdict:
    others = case.facts[1:]
    workload = facts.workload
    lead = case.leads.get(facts.cause)
    return Verdict(
        cause=facts.cause,
        title=words.title(facts, confidence, others),
        confidence=confidence,
        workload=workload,
        chain=facts.chain.signals,
        summary=words.summary(
            case.facts,
            confidence,
            case.drafts,
            case.alignment,
            because=_because(case, facts.cause),
            lead_s=lead,
            levels=case.levels.get(facts.cause, ""),
            streams=_streams(case, facts),
        ),
        missing=_missing(case, facts, confidence),
        reason=_reason(confidence, gates, facts),
        gates=gates,
        links=facts.chain.links,
        actions=(*_actions(case, facts.cause, facts, confidence), *_first_looks(case, others)),
        prevention=_prevention(case, facts),
        against=doubt.against(case.drafts, facts, case.explanation),
        rivals=doubt.rivals(case.scene, case.facts, case.associations),
        ruled_out=doubt.ruled_out(case.scene, case.drafts, case.explanation, case.associations),
        would_change=doubt.would_change(facts, case.scene),
    )


def _streams(case: Case, facts: Facts) -> frozenset[str]:
    """Where the cause was seen on the nodes that it explains (entries that name no node count for all)."""
    nodes = {case.drafts[i].node for i in facts.explained} | {NOWHERE}
    rows = case.scene.seen.rows
    return frozenset(rows.loc[(rows["signal"] == facts.cause) & rows["where"].isin(nodes), "stream"].dropna())


def _because(case: Case, signal: str) -> str | None:
    """The signal's clause; where more is known, or less, what that is.

    Metrics alone tell of no eviction or kill; of whom somebody's order on a node pool took away it tells how.
    """
    declared = case.scene.graph.signal(signal)
    facts = next((facts for facts in case.facts if facts.cause == signal), None)
    if facts and facts.nearly:
        return "its memory was nearly used up"
    explained = [case.drafts[i] for i in facts.explained] if facts and signal == REMOVED else []
    orders = {case.scene.plans.removal(draft.node_pool, draft.onset) or "" for draft in explained}
    if len(orders) == 1 and (clause := REMOVALS.get(*orders)):
        return clause
    return declared.because if declared else None


def _missing(case: Case, facts: Facts | None, confidence: Confidence) -> tuple[Missing, ...]:
    if confidence is Confidence.CONFIRMED and facts and (facts.workload or not by_a_workload(facts.cause)):
        return ()
    return doubt.missing(case.evidence, case.scene, case.drafts, case.homes, facts)


def _reason(confidence: Confidence, gates: Sequence[Gate], facts: Facts) -> str:
    """One sentence: why this confidence and no other."""
    unmet = [g for g in gates if not g.met]
    if confidence is Confidence.CONFIRMED:
        before = " before NotReady" if facts.down else ""
        explains = share(facts.count, facts.total, "episode")
        if facts.mechanism == facts.count == facts.total:
            return f"The evidence names it{before} in {explains}, and healthy nodes hardly ever show it."
        named = "all" if facts.mechanism == facts.count else number(facts.mechanism)
        return (
            f"It explains {explains}, the evidence names it{before} in {named} of these, "
            "and healthy nodes hardly ever show it."
        )
    if facts.total == 1 and confidence is Confidence.LIKELY:
        return "One episode alone cannot confirm a cause, however clear its lines are."
    if not unmet and facts.basis in ("co-location", "complaints"):
        by = "where its pods ran" if facts.basis == "co-location" else "how often its pods stand in the lines"
        return f"The cause is well evidenced, but {facts.workload} is named by {by} alone."
    if unmet:
        first = unmet[0]
        return f"Not {first.level.value} by the rule “{first.rule}”: {first.detail}."
    return "All gates up to this level are met."


def _unexplained(case: Case, unplanned: Sequence[Draft], gates: tuple[Gate, ...]) -> Verdict:
    weighed = sorted({s for found in case.explanation.traces.values() for s in found})
    missing = doubt.missing(case.evidence, case.scene, case.drafts, case.homes, None)
    lacking = f"What would help most: {missing[0].what[:1].lower()}{missing[0].what[1:]}." if missing else ""
    failed = next((g for g in gates if not g.met), None)
    reason = "No cause signal has evidence on a failing node before NotReady that healthy nodes do not show as well."
    if failed:
        reason = f"The best candidate fails a gate: {failed.rule} ({failed.detail})."
    return Verdict(
        cause=None,
        title=NO_CAUSE,
        confidence=Confidence.INSUFFICIENT,
        workload=None,
        chain=(),
        summary=words.unexplained(unplanned, [_weighed(case, signal) for signal in weighed], lacking),
        missing=missing,
        reason=reason,
        gates=gates,
        rivals=doubt.rivals(case.scene, case.facts, case.associations),
        ruled_out=doubt.ruled_out(case.scene, case.drafts, case.explanation, case.associations),
        would_change=doubt.would_change(None, case.scene),
    )


def _weighed(case: Case, signal: str) -> words.Weighed:
    declared = case.scene.graph.signal(signal)
    traces = [found for found in case.explanation.traces.values() if signal in found]
    a = case.associations.get(signal)
    seen, controls = (a.same[1] + a.other[1], a.controls) if a else (0, 0)
    return words.Weighed(declared.title if declared else signal, len(traces), len(case.drafts), seen, controls)


def _nothing(case: Case) -> Verdict:
    return Verdict(
        cause=None,
        title=NO_FAILURE,
        confidence=Confidence.INSUFFICIENT,
        workload=None,
        chain=(),
        summary=words.nothing(case.alignment.alerts, len(case.scene.fleet.nodes)),
        reason="There is no episode to explain.",
        missing=doubt.missing(case.evidence, case.scene, (), case.homes, None),
        ruled_out=doubt.ruled_out(case.scene, case.drafts, case.explanation, case.associations),
    )


def _planned(case: Case) -> Verdict:
    """All episodes are planned work: the verdict names the most frequent kind, and no workload."""
    signal = most_planned(case.drafts)[0]
    declared = case.scene.graph.signal(signal)
    title = declared.title if declared else signal
    several = len(case.drafts) > 1
    named = all(d.planned_named for d in case.drafts)
    link = case.scene.graph.link(signal, NOT_READY)
    chained = link is not None and any(d.not_ready is not None for d in case.drafts)
    return Verdict(
        cause=signal,
        title=f"{title} (planned work)",
        confidence=Confidence.CONFIRMED if several else Confidence.LIKELY,
        workload=None,
        chain=(signal, NOT_READY) if chained else (signal,),
        summary=words.planned(title, _because(case, signal), case.drafts, signal),
        reason=f"Every episode is planned work that the evidence {'names' if named else 'shows'}"
        + ("." if several else "; one episode alone reaches likely at most."),
        actions=_actions(case, signal),
        prevention=declared.remedy.prevent if declared else (),
        would_change=("A node that went down without having been named by planned work.",),
    )


def most_planned(drafts: Sequence[Draft]) -> list[str]:
    """The planned signals of the drafts, the most frequent first."""
    planned = [d.planned for d in drafts if d.planned]
    order = {signal: i for i, signal in enumerate(KINDS)}
    return sorted(set(planned), key=lambda s: (-planned.count(s), order.get(s, len(order)), s))


def _actions(
    case: Case, signal: str, facts: Facts | None = None, confidence: Confidence | None = None
) -> tuple[Step, ...]:
    return steps_now(
        case.evidence, case.scene, case.drafts, case.homes, signal=signal, facts=facts, confidence=confidence
    )


def _first_looks(case: Case, others: Sequence[Facts]) -> list[Step]:
    """What to look at first for each of the other causes."""
    looks = []
    for facts in others[:_OTHERS]:
        first = next((s for s in _actions(case, facts.cause, facts, Confidence.POSSIBLE) if not s.changes), None)
        if first:
            say = f"{first.say} (for the other episodes: {words.lower(facts.title)})"
            looks.append(first.model_copy(update={"say": say}))
    return looks


def _prevention(case: Case, facts: Facts) -> tuple[str, ...]:
    declared = case.scene.graph.signal(facts.cause)
    return declared.remedy.prevent if declared else ()
