"""What the judge needs to know of one cause, counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from triage.correlate.associate import Association
from triage.correlate.attribute import Named
from triage.correlate.calm import Calm
from triage.correlate.chain import Chain
from triage.correlate.colocate import Located
from triage.correlate.episodes import Draft, Scene
from triage.correlate.explain import Explanation
from triage.correlate.resolve import USUAL
from triage.correlate.seen import NOWHERE
from triage.correlate.times import HOUR
from triage.correlate.traces import PIDS, ZOMBIES, Trace, can_take_down
from triage.correlate.voices import ACTS
from triage.correlate.windows import lookback
from triage.model.incident import Suspect

HALF = 0.5
NEARLY = "Node's memory nearly used up"
"""The title where metrics alone speak of pressure or kills."""


@dataclass(frozen=True)
class Facts:
    """One cause: what it explains and how well. Counts are of episodes."""

    cause: str
    title: str
    nearly: bool
    """Whether metrics alone show it, which tell of no act: memory was nearly used up, and nobody evicted or killed."""
    explained: tuple[int, ...]
    total: int
    in_its_pools: int
    """Unplanned episodes in the node pools of the explained ones."""
    by_any_cause: int
    down: int
    """Unplanned episodes that turned NotReady or were repaired (the rest served badly)."""
    down_explained: int
    down_by_any: int
    """Of those that went down, how many some cause explains."""
    groups: int
    mechanism: int
    """Explained episodes with a line or metric that names what is exhausted or broken on the node."""
    spoken: int
    """Explained episodes with evidence from more than one application's words about itself."""
    able: int
    """Explained episodes in which it, or a step on its way that was seen on the node, can take a node down."""
    told: int
    """Explained episodes in which it can take a node down, or a program of the node itself names it, or a metric."""
    apart: int
    """Explained episodes; those of one node that follow each other within an hour are one."""
    before: int
    """Explained episodes whose first evidence came before NotReady (or that never had one)."""
    association: Association | None
    chain: Chain
    suspects: tuple[Suspect, ...]
    workload: str | None
    basis: str | None
    measured: bool
    """Whether metrics of its containers single the suspect out."""
    """`direct`, `complaints`, `co-location`; None without a single suspect."""
    covered: int
    """Explained episodes whose lead-up hour was looked at."""
    looked: int
    """Explained episodes whose lead-up was looked at, or whose lines name the cause all the same."""
    inferred: int
    calmed: Mapping[int, Calm] = field(default_factory=dict)
    """Explained episode → a metric of the cause that stayed far from its bound."""
    denied: int = 0
    """Of these, the episodes in which no line names the cause."""
    faded: int = 0
    """Explained episodes in which the node worked on after the last of it."""
    broken_off: str = ""
    """Why a part of the logs was not read to its end; nothing where it was."""
    rivals: tuple[str, ...] = ()
    """Other signals with equal claims."""
    lesser: tuple[str, ...] = ()
    """Other deviating signals in the same episodes, with weaker claims."""

    @property
    def count(self) -> int:
        """How many episodes it explains."""
        return len(self.explained)

    @property
    def share(self) -> float:
        """The share of unplanned episodes it explains."""
        return self.count / self.total if self.total else 0.0

    @property
    def half_of_the_down(self) -> bool:
        """Whether it explains half of the nodes that went down: nodes that serve badly must not outvote them."""
        return 2 * self.down_explained >= self.down

    @property
    def shared_out(self) -> bool:
        """Whether several causes together explain nearly all, each nearly all in its own node pools.

        Nodes that serve badly must not stand in here either for those that went down.
        """
        return (
            self.by_any_cause > self.count
            and self.by_any_cause >= 0.8 * self.total
            and self.down_by_any >= 0.8 * self.down
            and self.count >= 0.8 * self.in_its_pools
        )


def gather(
    scene: Scene,
    drafts: Sequence[Draft],
    cause: str,
    *,
    explanation: Explanation,
    associations: Mapping[str, Association],
    chain: Chain,
    named: Named,
    located: Located,
    calmed: Mapping[int, Calm],
    broken_off: str = "",
) -> Facts:
    """Count everything for one cause."""
    explained = explanation.episodes_of(cause)
    unplanned = sorted(explanation.traces)
    traces = {i: _own(explanation.traces[i], cause) for i in explained}
    pools = {drafts[i].node_pool for i in explained}
    signal = scene.graph.signal(cause)
    covered = {i for i in explained if _covered(scene, drafts, i)}
    able = {i for i in explained if can_take_down(scene, drafts, i, cause)}
    named_in = {i for i, found in traces.items() if any(t.mechanism for t in found)}
    suspects, workload, basis = _suspects(named, located)
    rivals, lesser = _rivals(scene, explanation, cause, explained, associations)
    nearly = cause in ACTS and all(t.metric_only for found in traces.values() for t in found)
    return Facts(
        cause=cause,
        title=NEARLY if nearly else signal.title if signal else cause,
        nearly=nearly,
        explained=tuple(explained),
        total=len(unplanned),
        in_its_pools=sum(1 for i in unplanned if drafts[i].node_pool in pools),
        by_any_cause=len(explanation.by_episode),
        down=sum(1 for i in unplanned if not drafts[i].served_badly),
        down_explained=sum(1 for i in explained if not drafts[i].served_badly),
        down_by_any=sum(1 for i in explanation.by_episode if not drafts[i].served_badly),
        groups=len({drafts[i].group for i in explained}),
        mechanism=len(named_in),
        spoken=sum(1 for found in traces.values() if not all(t.own_words for t in found)),
        able=len(able),
        told=sum(1 for i, found in traces.items() if i in able or any(t.told for t in found)),
        apart=_apart([drafts[i] for i in explained]),
        before=sum(1 for i, t in traces.items() if _before(drafts[i], t)),
        association=_association(cause, associations) if _on_a_node(traces) else None,
        chain=chain,
        suspects=suspects,
        workload=workload,
        basis=basis,
        measured=named.measured and workload == named.chosen,
        covered=len(covered),
        looked=len(covered | named_in),
        inferred=sum(1 for i in explained if drafts[i].inferred),
        calmed=calmed,
        denied=len(set(calmed) - named_in),
        faded=sum(1 for found in traces.values() if all(t.faded for t in found)),
        broken_off=broken_off,
        rivals=rivals,
        lesser=lesser,
    )


def _apart(explained: Sequence[Draft]) -> int:
    """How many of the episodes stand for themselves: a node that goes up and down is in one trouble."""
    ends: dict[str, int] = {}
    count = 0
    for draft in sorted(explained, key=lambda d: d.onset):
        count += draft.onset - ends.get(draft.node, -HOUR - 1) > HOUR
        ends[draft.node] = draft.end if draft.end is not None else draft.onset
    return count


def _own(found: Mapping[str, Trace], cause: str) -> list[Trace]:
    """The cause's traces; exhausted ids count for the zombies that hold them."""
    return [found[s] for s in ((cause, PIDS) if cause == ZOMBIES else (cause,)) if s in found]


def _on_a_node(traces: Mapping[int, Sequence[Trace]]) -> bool:
    """Whether the evidence lies on nodes: windows on nodes say nothing of what no node bears."""
    return any(t.node != NOWHERE for found in traces.values() for t in found)


def _association(cause: str, associations: Mapping[str, Association]) -> Association | None:
    """The cause's association; where zombies are seldom listed, that of the exhaustion which they bring on."""
    own = associations.get(cause)
    if (
        cause == ZOMBIES
        and PIDS in associations
        and len(associations[PIDS].with_case) > len(own.with_case if own else ())
    ):
        return associations[PIDS]
    return own


def _before(draft: Draft, traces: Sequence[Trace]) -> bool:
    """Where nobody wrote NotReady down, it was about ten minutes before GKE's repair."""
    if draft.served_badly:
        return True
    latest = draft.not_ready if draft.not_ready is not None else draft.onset - USUAL
    return any(t.first <= latest for t in traces)


def _covered(scene: Scene, drafts: Sequence[Draft], index: int) -> bool:
    draft = drafts[index]
    if not draft.known_node:
        return False
    low, high = lookback(scene, drafts, index, HOUR)
    return scene.coverage.spoke(draft.node, max(low, scene.start), high)


def _suspects(named: Named, located: Located) -> tuple[tuple[Suspect, ...], str | None, str | None]:
    """Direct evidence first; co-location speaks where lines single nobody out.

    Where lines name several, and of these one alone ran on all failing nodes, the two kinds of evidence agree on it.
    Who merely complains most is singled out only where placements second it: a victim that runs everywhere does so too.
    """
    if named.chosen and named.strong:
        return named.suspects, named.chosen, "direct"
    if named.chosen and located.seconds(named.chosen):
        return named.suspects, named.chosen, "complaints"
    if located.chosen:
        seconded = next((s for s in named.suspects if s.name == located.chosen and s.score and s.score >= HALF), None)
        if named.strong and seconded:
            both = f"{seconded.reason} {located.suspects[0].reason}"
            agreed = seconded.model_copy(update={"tied": False, "reason": both, "q_value": located.suspects[0].q_value})
            return (agreed,), located.chosen, "direct"
        return located.suspects, located.chosen, "co-location"
    known = {s.name for s in named.suspects}
    return (*named.suspects, *(s for s in located.suspects if s.name not in known)), None, None


def _same_story(scene: Scene, cause: str, signal: str) -> bool:
    return scene.graph.upstream_of(cause, signal) or scene.graph.upstream_of(signal, cause)


def _rivals(
    scene: Scene,
    explanation: Explanation,
    cause: str,
    explained: Sequence[int],
    associations: Mapping[str, Association],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Other roots of the same episodes that the graph does not place below a chosen cause: equal, and weaker claims."""
    chosen = set(explanation.causes)
    counts: dict[str, list[int]] = {}
    for i in explained:
        for signal in explanation.roots[i]:
            if signal not in chosen and not any(_same_story(scene, c, signal) for c in chosen):
                counts.setdefault(signal, []).append(i)
    own_mechanism = sum(1 for i in explained if any(t.mechanism for t in _own(explanation.traces[i], cause)))
    own = associations.get(cause)
    equal, lesser = [], []
    for signal, episodes in sorted(counts.items()):
        mechanism = sum(1 for i in episodes if explanation.traces[i][signal].mechanism)
        other = associations.get(signal)
        as_specific = (other.control_share if other else 0.0) <= (own.control_share if own else 0.0) + 0.02
        if len(episodes) >= 0.8 * len(explained) and mechanism >= 0.8 * own_mechanism and as_specific:
            equal.append(signal)
        else:
            lesser.append(signal)
    return tuple(equal), tuple(lesser)
