"""The suspect by co-location: a workload that ran on every failing node, more than chance would have put it there.

Each failing group is one draw from the nodes of its pool, of which a known share carried the workload at that time.
Where placements stay as they are and the nodes differ, the draws are without replacement: p = C(m, k) / C(N, k), the
hypergeometric. Where pods move between the failures, each draw has its own share: the tail of the Poisson-binomial.
Benjamini–Hochberg over all workloads. What runs on (nearly) every node, and every DaemonSet, says nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from triage.correlate.episodes import Draft, Scene
from triage.correlate.exact import benjamini_hochberg, hypergeometric_tail, poisson_binomial_tail
from triage.correlate.figures import chance, plural, share
from triage.correlate.homes import Homes
from triage.correlate.times import MINUTE
from triage.model.incident import Suspect

EVERYWHERE = 0.9
Q_SUSPECT = 0.05
Q_STRICT = 0.005
EXHAUSTION = frozenset(
    {
        "conntrack-full",
        "cpu-starvation",
        "disk-pressure",
        "fd-exhaustion",
        "inode-exhaustion",
        "memory-pressure",
        "pid-exhaustion",
        "system-oom",
        "zombie-processes",
    }
)
"""Something used up a resource, so a workload did; of other causes co-location must be much less likely by chance."""
_SIMILAR = 20.0
"""Suspects whose p-values are within this factor can't be told apart."""
FEWEST_PLACED = 3
"""Nodes with known placements that a draw needs to be one."""
P_SECOND = 0.05
"""By chance that often at most may one workload, which other evidence picked, have run on the failing nodes."""
# kubelet, pkg/kubelet/kuberuntime/kuberuntime_sandbox.go and its events; containerd, internal/cri/instrument
_NO_SANDBOX = r"(?i)\b(?:Create|Run)PodSandbox|failed to create (?:pod )?sandbox"
_WAITING = 10 * MINUTE
"""A pod that had been there for longer than this had run before."""
_FORGIVEN = 8
"""A culprit ran on every failing node; one draw in this many may lack it, for placements have holes. Then the rest must
be as unlikely as for causes that need no workload."""


@dataclass(frozen=True)
class Draw:
    """One failing group: its node's workloads with their pods, and each workload's share of the eligible nodes."""

    node: str
    pool: tuple[str, ...]
    here: dict[str, list[str]]
    carriers: dict[str, frozenset[str]]


@dataclass(frozen=True)
class Located:
    """The suspects by co-location, best first; `chosen` where one alone is left."""

    suspects: tuple[Suspect, ...]
    chosen: str | None
    tested: int
    chances: Mapping[str, float] = field(default_factory=dict)
    """Workload → the chance that its pods were on so many of the failing nodes by accident, uncorrected."""

    def seconds(self, name: str) -> bool:
        """Whether placements agree with other evidence on one workload, and name no other one.

        One that other evidence picked was not searched for, so there is nothing to correct.
        """
        others = {suspect.name for suspect in self.suspects} - {name}
        agree = name in {suspect.name for suspect in self.suspects} or not others
        return agree and self.chances.get(name, 1.0) <= P_SECOND


NOWHERE_IN_PARTICULAR = Located((), None, 0)


def locate(scene: Scene, drafts: Sequence[Draft], cause: str, episodes: Sequence[int], homes: Homes) -> Located:
    """Test every workload that ran on the failing nodes just before they failed."""
    draws = _draws(scene, drafts, episodes, homes)
    names = sorted({name for draw in draws for name in draw.here if homes.kinds.get(name) != "DaemonSet"})
    if len(draws) < 2 or not names:
        return NOWHERE_IN_PARTICULAR
    results = [(name, *_chance(name, draws)) for name in names]
    chances = {name: p for name, p, _, _ in results}
    q_values = benjamini_hochberg([p for _, p, _, _ in results])
    gate = Q_SUSPECT if cause in EXHAUSTION else Q_STRICT
    passed = sorted(
        (p, q, name, hits, units)
        for (name, p, hits, units), q in zip(results, q_values, strict=True)
        if q <= (gate if hits == units else Q_STRICT) and units - hits <= units // _FORGIVEN
    )
    if not passed:
        return Located((), None, len(names), chances)
    best = passed[0][0]
    leaders = [row for row in passed if row[0] <= best * _SIMILAR]
    suspects = tuple(
        Suspect(
            name=name,
            basis="co-location",
            score=round(1 - q, 4),
            kind=homes.kinds.get(name),
            q_value=round(q, 6),
            reason=f"It ran on {share(hits, units, 'failing node')} just before they failed; by chance "
            f"{chance('p', p)}, {chance('q', q)} over {plural(len(names), 'workload')}.",
            episodes=hits,
            tied=len(leaders) > 1,
        )
        for p, q, name, hits, units in leaders
    )
    return Located(suspects[:8], suspects[0].name if len(leaders) == 1 else None, len(names), chances)


def _draws(scene: Scene, drafts: Sequence[Draft], episodes: Sequence[int], homes: Homes) -> list[Draw]:
    """One draw a group (its first node with known placements)."""
    by_group: dict[int, Draw] = {}
    refused = _refused(scene)
    for i in sorted(episodes, key=lambda i: (drafts[i].onset, drafts[i].node)):
        draft = drafts[i]
        if not draft.known_node or draft.group in by_group:
            continue
        at = draft.onset - MINUTE
        placed = {node: homes.on(node, at) for node in scene.fleet.in_pool(draft.node_pool)}
        placed = {node: workloads for node, workloads in placed.items() if workloads}
        if draft.node not in placed or len(placed) < FEWEST_PLACED:
            continue
        placed[draft.node] = _running(homes, draft.node, at, refused.get(draft.node, {}))
        names = {name for workloads in placed.values() for name in workloads}
        carriers = {name: frozenset(node for node in placed if name in placed[node]) for name in names}
        by_group[draft.group] = Draw(draft.node, tuple(sorted(placed)), placed[draft.node], carriers)
    return [by_group[group] for group in sorted(by_group)]


def _refused(scene: Scene) -> dict[str, dict[str, int]]:
    """Node → pod (`namespace/name`) → when a line first tells that its sandbox could not be made there."""
    rows = scene.seen.rows[scene.seen.rows["pod"].notna() & scene.seen.rows["namespace"].notna()]
    rows = rows[rows["message"].str.contains(_NO_SANDBOX, na=False)]
    found: dict[str, dict[str, int]] = {}
    for row in rows.itertuples():
        found.setdefault(row.where, {}).setdefault(f"{row.namespace}/{row.pod}", int(row.at))
    return found


def _running(homes: Homes, node: str, at: int, refused: Mapping[str, int]) -> dict[str, list[str]]:
    """The workloads on a failing node without the pods that came last and never got a sandbox: they ran nothing."""
    found: dict[str, list[str]] = {}
    for stay in homes.stays(node, at):
        failed = refused.get(stay.pod.rsplit("/", 1)[0])
        if failed is None or stay.first < failed - _WAITING:
            found.setdefault(stay.workload, []).append(stay.pod)
    return found


def _chance(name: str, draws: Sequence[Draw]) -> tuple[float, int, int]:
    """p, hits, and the number of independent draws for one workload."""
    independent = _independent(name, draws)
    shares = [len(draw.carriers.get(name, ())) / len(draw.pool) for draw in independent]
    hits = sum(1 for draw in independent if name in draw.here)
    if not hits or min(shares) >= EVERYWHERE:
        return 1.0, hits, len(independent)
    still = len({draw.carriers.get(name) for draw in independent}) == 1
    apart = len({draw.node for draw in independent}) == len(independent)
    # From more draws than a pool has nodes with known placements nothing can be drawn without replacement.
    enough = len(independent) <= min(len(draw.pool) for draw in independent)
    drawn_once = still and apart and enough
    p = _without_replacement(name, independent, hits) if drawn_once else poisson_binomial_tail(hits, shares)
    return min(p, 1.0), hits, len(independent)


def _independent(name: str, draws: Sequence[Draw]) -> list[Draw]:
    """Without draws of the same pod on the same node again: a pod that nothing moves says no more by failing twice."""
    kept = {(draw.node, frozenset(draw.here.get(name, ()))): draw for draw in reversed(draws)}
    return list(reversed(kept.values()))


def _without_replacement(name: str, draws: Sequence[Draw], hits: int) -> float:
    """The hypergeometric tail, in the smallest pool that was seen."""
    nodes = min(len(draw.pool) for draw in draws)
    carriers = len(draws[0].carriers[name])
    return hypergeometric_tail(hits, carriers, nodes - carriers, len(draws))
