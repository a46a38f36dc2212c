"""Association of each signal with episodes: case windows against controls, the weaker of two controls decides.

Method: binary per window; p by Fisher's exact test (one-sided), the exact conditional interval of the odds ratio,
Benjamini–Hochberg over all signals tested. Signals are gated by q and ranked by effect, never by p.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from triage.correlate.coverage import Coverage
from triage.correlate.episodes import Draft, Scene
from triage.correlate.exact import benjamini_hochberg, hypergeometric_tail, odds_interval
from triage.correlate.windows import LENGTH, Covered, Spans, lookback, make_windows
from triage.model.incident import Contrast
from triage.model.signal import Role

Q_GATE = 0.05
LOW_GATE = 1.5
_RARE = 0.05


@dataclass(frozen=True)
class Association:
    """How one signal goes with episodes. `p` and what follows from it are None without controls."""

    signal: str
    cases: int
    with_case: frozenset[int]
    same: tuple[int, int]
    """Controls on the same nodes, and those of them with the signal."""
    other: tuple[int, int]
    """Controls on other nodes at the same time, and those of them with the signal."""
    p: float | None = None
    q: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    tests: int = 0

    @property
    def controls(self) -> int:
        """How many control windows there are."""
        return self.same[0] + self.other[0]

    @property
    def control_share(self) -> float:
        """The larger of the two shares of control windows with the signal."""
        return max((seen / n for n, seen in (self.same, self.other) if n), default=0.0)

    @property
    def deviates(self) -> bool:
        """Whether the signal is more frequent before episodes than on healthy nodes and at healthy times."""
        if not self.with_case:
            return False
        if self.p is None or self.ratio is None:
            return True
        clean = self.same[1] == 0 and self.other[1] == 0
        if self.cases < 2:
            return self.specific and self.ratio >= 2
        return clean or (self.ratio >= 2 and (self.p <= 0.05 or (self.q or 1) <= 0.1) and self.control_share <= 0.34)

    @property
    def specific(self) -> bool:
        """Whether controls hardly ever show it."""
        return self.control_share <= _RARE

    @property
    def gated(self) -> bool:
        """Whether it passes the gate of association: q, the interval's lower bound, two episodes."""
        return bool(
            self.q is not None
            and self.q <= Q_GATE
            and self.low is not None
            and self.low > LOW_GATE
            and len(self.with_case) >= 2
        )


def associate(scene: Scene, drafts: Sequence[Draft], logs: Mapping[str, set[str]]) -> dict[str, Association]:
    """Every cause and symptom that was seen, with its association.

    `logs` tells in which logs each signal was seen, by log id: they decide which coverage counts.
    """
    signals = [s for s in scene.seen.signals if scene.graph.role(s) in (Role.CAUSE, Role.SYMPTOM)]
    by_reach: dict[int, Covered] = {}
    found = []
    for signal in signals:
        reach = scene.graph.reach(signal)
        if reach not in by_reach:
            by_reach[reach] = Covered(make_windows(scene, drafts, reach), scene.coverage, logs)
        found.append(_tested(_count(scene, drafts, signal, by_reach[reach])))
    return {a.signal: a for a in _corrected(found)}


def logs_by_signal(occurrences: pd.DataFrame, log_ids: Mapping[str, str]) -> dict[str, set[str]]:
    """Signal → the log ids it was seen in. `log_ids` maps log names as written to log ids."""
    pairs = occurrences[["signal", "log_name"]].dropna().drop_duplicates()
    found: dict[str, set[str]] = {}
    for signal, name in zip(pairs["signal"], pairs["log_name"], strict=True):
        found.setdefault(signal, set()).add(log_ids.get(name, name))
    return found


def _count(scene: Scene, drafts: Sequence[Draft], signal: str, covered: Covered) -> Association:
    """Lines where most cases have lines, else crossings too: a metric stays at its limit for hours before a failure.

    Where controls show lines and the node's own programs name it in most cases, their lines alone: like with like.
    """
    by_lines = _count_with(scene, drafts, signal, covered, scene.seen.written)
    by_all = _count_with(scene, drafts, signal, covered, scene.seen.held)
    if 2 * len(by_lines.with_case) < len(by_all.with_case):
        return by_all
    return _like_with_like(scene, drafts, signal, covered, by_lines) if by_lines.control_share else by_lines


def _like_with_like(
    scene: Scene, drafts: Sequence[Draft], signal: str, covered: Covered, by_lines: Association
) -> Association:
    """The association of lines that name it in the node's own words, where most cases have such lines.

    An application that complains all day of a limit of its own must not hide that a node has none left.
    """
    named = _count_with(scene, drafts, signal, covered, scene.seen.told)
    return named if named.with_case and 2 * len(named.with_case) >= len(by_lines.with_case) else by_lines


def _count_with(
    scene: Scene,
    drafts: Sequence[Draft],
    signal: str,
    covered: Covered,
    held: Callable[[str, str, Any, Any], Any],
) -> Association:
    windows = covered.windows
    log = covered.log(signal)
    reach = scene.graph.reach(signal)
    failing = {node for node, _, _ in windows.cases.values()}
    # A slow signal is looked for further back only where no healthy node ever shows it: controls are one hour long.
    slow = reach > LENGTH and set(scene.seen.nodes(signal)) <= failing
    cases = 0
    hit: set[int] = set()
    for i, (node, low, high) in windows.cases.items():
        first = lookback(scene, drafts, i, reach)[0] if slow else low
        if held(signal, node, np.array([first]), np.array([high + 1]))[0]:
            hit.add(i)
        cases += i in hit or _looked_at(scene.coverage, node, log, max(low, scene.start), high)
    same = _controls(scene, signal, held, windows.same_node, covered.masks("same", log))
    other = _controls(scene, signal, held, windows.other_nodes, covered.masks("other", log))
    return Association(signal, cases, frozenset(hit), same, other)


def _looked_at(coverage: Coverage, node: str, log: str | None, low: int, high: int) -> bool:
    return bool(coverage.filled(node, log, [low], [high])[0])


def _controls(
    scene: Scene, signal: str, held: Callable[[str, str, Any, Any], Any], spans: Spans, masks: Mapping[str, Any]
) -> tuple[int, int]:
    """How many windows count, and how many of them hold the signal (a window that holds it always counts)."""
    total = sum(int(mask.sum()) for mask in masks.values())
    seen = 0
    for node in scene.seen.nodes(signal):
        if node in spans:
            here = held(signal, node, *spans[node])
            seen += int(here.sum())
            total += int((here & ~masks[node]).sum())
    return total, seen


def _tested(a: Association) -> Association:
    """p and lift against each control; the weaker (the larger p, then the smaller lift) decides."""
    results = []
    hits = len(a.with_case)
    for n, seen in (a.same, a.other):
        if n:
            p = hypergeometric_tail(hits, a.cases, n, hits + seen) if a.cases else 1.0
            lift = ((hits + 0.5) / (a.cases + 1)) / ((seen + 0.5) / (n + 1))
            results.append((p, -lift, n, seen))
    if not results or not a.cases:
        return a
    p, lift, n, seen = max(results)
    low, high = odds_interval(hits, a.cases, seen, n) if hits >= 2 else (None, None)
    return replace(a, p=min(p, 1.0), ratio=-lift, low=low, high=high)


def _corrected(found: list[Association]) -> list[Association]:
    tested = [a for a in found if a.p is not None]
    if not tested:
        return found
    q_values = benjamini_hochberg([a.p for a in tested if a.p is not None])
    by_signal = {a.signal: q for a, q in zip(tested, q_values, strict=True)}
    return [
        replace(a, q=by_signal.get(a.signal), tests=len(tested)) if a.cases >= 2 else replace(a, tests=len(tested))
        for a in found
    ]


def contrast(a: Association) -> Contrast:
    """The numbers behind an association, as the report shows them."""
    return Contrast(
        cases=a.cases,
        cases_with=len(a.with_case),
        controls_same_node=a.same[0],
        controls_same_node_with=a.same[1],
        controls_other_nodes=a.other[0],
        controls_other_nodes_with=a.other[1],
        window_s=LENGTH / 1e9,
        ratio_low=None if a.low is None else round(a.low, 4),
        ratio_high=None if a.high is None else round(a.high, 4),
        tests=a.tests,
        method=(
            "one-hour windows, yes or no; Fisher's exact test (one-sided) against the weaker of two controls, "
            f"Benjamini–Hochberg over {a.tests} signals; ratio with half a window added to each cell; "
            "95 % exact conditional interval of the odds ratio"
        ),
    )
