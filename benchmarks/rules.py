"""The correlator's rules, and how each is switched off: the table of `benchmarks.ablation`.

A rule is switched off by putting something that knows nothing in the place of one function or constant, from outside:
the correlator itself has no switches. A name that is gone from the correlator fails loudly.
"""

import copy
import pickle
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from triage.correlate import (
    align,
    associate,
    attribute,
    badly,
    causes,
    chain,
    colocate,
    complaints,
    episodes,
    explain,
    facts,
    gates,
    orders,
    report,
    resolve,
    seen,
    story,
    traces,
    windows,
)
from triage.correlate.exact import poisson_binomial_tail
from triage.correlate.graph import Graph
from triage.correlate.planned import Plans
from triage.correlate.seen import Seen
from triage.correlate.times import MINUTE
from triage.model.incident import Timeline

Patch = tuple[Any, str, Any]
"""Where, which name, and what stands there while the rule is off."""


@dataclass(frozen=True)
class Off:
    """One rule: what it says, and the patches that switch it off."""

    rule: str
    patches: tuple[Patch, ...]

    @contextmanager
    def switched(self) -> Iterator[None]:
        """The correlator without this rule."""
        with ExitStack() as stack:
            for where, name, stand_in in self.patches:
                stack.enter_context(patch.object(where, name, stand_in))
            yield


_IN_PLACE = ("_crowds", "_zombies_first")


@contextmanager
def weighed(rules: Sequence[Off]) -> Iterator[set[str]]:
    """While this lasts, the set gathers the rules whose absence could change what is being correlated.

    Beside each function that a rule puts in, its stand-in is asked the same; where both always agree, the rule has no
    part in the answer. Of constants, and of what changes its arguments in place, nobody can tell: such rules are in.
    """
    found: set[str] = set()
    with ExitStack() as stack:
        for off in rules:
            for where, name, stand_in in off.patches:
                rule = vars(where).get(name) if isinstance(where, type) else getattr(where, name)
                if callable(stand_in) and callable(rule) and name not in _IN_PLACE:
                    stack.enter_context(patch.object(where, name, _beside(rule, stand_in, off.rule, found)))
                else:
                    found.add(off.rule)
        yield found


def _beside(rule: Any, stand_in: Any, name: str, found: set[str]) -> Any:
    def asked(*args: Any, **named: Any) -> Any:
        answer = rule(*args, **named)
        if name not in found and pickle.dumps(answer) != pickle.dumps(stand_in(*args, **named)):
            found.add(name)
        return answer

    return asked


def _always(answer: Any) -> Any:
    """A function that gives this answer, whatever it is asked."""
    return lambda *_args, **_named: answer


def _without_gate(index: int) -> Off:
    rule = gates.RULES[index]
    rest = (*gates.RULES[:index], *gates.RULES[index + 1 :])
    return Off(f"gate, {rule.level.value}: {rule.rule}", ((gates, "RULES", rest),))


def _all_looked_at(covered: windows.Covered, which: str, _log: str | None) -> dict[str, Any]:
    return {node: np.ones(len(starts), dtype=bool) for node, (starts, _) in covered._spans[which].items()}


def _pooled(tested: Any, a: associate.Association) -> associate.Association:
    """One test against both controls thrown together."""
    both = (a.same[0] + a.other[0], a.same[1] + a.other[1])
    found: associate.Association = tested(replace(a, same=both, other=(0, 0)))
    return replace(found, same=a.same, other=a.other)


def _uncorrected(p_values: Sequence[float]) -> list[float]:
    """Every q is the bare p."""
    return list(p_values)


def _in_any_hour(drafts: Any, end: int, _reach: int, busy: Any = windows._busy) -> Any:
    """Spans that keep no more distance from a slow cause's failures than from any other's."""
    return busy(drafts, end, windows.LENGTH)


def _moments(seen: Seen, signal: str, node: str, starts: Any, ends: Any) -> Any:
    times = seen.times(signal, node)
    return np.searchsorted(times, ends, "left") > np.searchsorted(times, starts, "left")


def _all_spoken(rows: Any) -> Any:
    """Every line is taken for the node's own."""
    return rows["signal"].notna()


def _each_for_itself(rows: Any) -> Any:
    """What two workloads say counts for no more than what one says."""
    return rows["mechanism"].astype(bool) & rows["spoken"]


def _any_complaint(row: Any) -> bool:
    """Whatever names a pod is taken for its complaint."""
    return bool(row.signal != traces.ZOMBIES)


def _any_name(rows: Any) -> Any:
    """Whatever a wording names counts as the node's, of one pod or of a metric that nears its bound."""
    return rows["mechanism"].astype(bool)


def _count_all(scene: Any, drafts: Any, signal: str, covered: Any) -> associate.Association:
    return associate._count_with(scene, drafts, signal, covered, scene.seen.held)


def _with_daemon_sets(locate: Any, *asked: Any) -> Any:
    """Co-location that takes DaemonSets for any other workload."""
    *rest, homes = asked
    blind = copy.copy(homes)
    blind.kinds = {name: None if kind == "DaemonSet" else kind for name, kind in homes.kinds.items()}
    return locate(*rest, blind)


def _placed_first(suspects: Any, named: Any, located: Any) -> Any:
    """Co-location before direct evidence."""
    return suspects(attribute.NOBODY if located.chosen else named, located)


def _never_seconded(suspects: Any, named: Any, located: Any) -> Any:
    """Co-location that takes no notice of the several that lines name."""
    return suspects(named if named.chosen or not located.chosen else attribute.NOBODY, located)


def _with_replacement(name: str, draws: Any, hits: int) -> float:
    return poisson_binomial_tail(hits, [len(draw.carriers.get(name, ())) / len(draw.pool) for draw in draws])


PICTURE = Off(
    "lines and lanes that are only shown",
    (
        (report, "episode_lines", _always(())),
        (causes, "cause_lines", _always(())),
        (story, "make_timeline", _always(Timeline())),
    ),
)
"""No rule: half of a report's time, and nothing that a verdict rests on."""

_NO_SUSPECT = colocate.Located((), None, 0)

RULES: tuple[Off, ...] = (
    Off("planned work is told from faults", ((Plans, "of", _always(None)), (Plans, "departures", _always([])))),
    Off("audit entries tell of orders that are not listed", ((orders, "_told", _always(())),)),
    Off(
        "nodes that an order on their pool took away were taken away by somebody",
        ((story, "with_removals", lambda seen, *_: seen),),
    ),
    Off("a spot VM that was told to stop was preempted", ((Plans, "_told_to_stop", _always(False)),)),
    Off("a repair's node is the one whose VM was made anew", ((resolve, "_made_anew", _always(None)),)),
    Off("nodes that serve badly are episodes", ((story, "serving_badly", _always([])),)),
    Off("bad service: only where an effect was felt", ((badly, "_symptoms", _always(True)),)),
    Off("bad service: bursts at one time are one episode", ((badly, "_merged", lambda _scene, drafts: drafts),)),
    Off("bad service: what has no effect more often than one is background", ((badly, "_more_felt", _always(True)),)),
    Off("an episode starts with its first symptom", ((episodes, "_start", lambda _s, draft, _f: draft.start),)),
    Off("onsets within 5 min are one group", ((episodes, "TOGETHER", -1),)),
    Off("clocks that run ahead are set back", ((story, "received_earlier", _always({})),)),
    Off("an application speaks of itself, not of the node", ((seen, "of_the_node", _all_spoken),)),
    Off("what two workloads name is the node's", ((traces, "naming", _each_for_itself),)),
    Off("what is said of one pod, or nearly used up, names nothing", ((traces, "naming", _any_name),)),
    Off("what was over before the node went explains nothing", ((traces, "_over", _always(False)),)),
    Off("what the node worked on after is a hint", ((traces, "_stale", _always(False)),)),
    Off("one moment that passed is a hint", ((traces, "_passed", _always(False)),)),
    Off("the ups and downs of one node are one trouble", ((facts, "_apart", len),)),
    Off("evidence before the last episode's end is dead", ((windows, "_floor", _always(0)),)),
    Off("slow burns are tied to no episode", ((align, "SLOW_BURN_S", float("inf")),)),
    Off("alerts: the episode whose node carried the service", ((align, "_carried", _always(False)),)),
    Off("alerts: five minutes after the end still count", ((align, "AFTERWARDS", 0),)),
    Off("controls: the same node at other times", ((windows, "_same", _always({})),)),
    Off("controls: other nodes at the same time", ((windows, "_others", _always({})),)),
    Off("controls, both", ((windows, "_same", _always({})), (windows, "_others", _always({})))),
    Off("controls: the weaker of the two decides", ((associate, "_tested", partial(_pooled, associate._tested)),)),
    Off("controls: none in the lead-up of a slow cause", ((windows, "_busy", _in_any_hour),)),
    Off("controls: the same hours of other days", ((windows, "_reaches_back", _always(False)),)),
    Off("controls count only where logs spoke", ((windows.Covered, "masks", _all_looked_at),)),
    Off("controls: without logs, metrics tell who was looked at", ((story, "told_of", lambda told, _: told),)),
    Off("controls: pods at a limit of their own say nothing", ((story, "without_capped", lambda *asked: asked[-1]),)),
    Off("controls: like with like", ((associate, "_like_with_like", lambda *asked: asked[-1]),)),
    Off("a signal must deviate from the controls", ((associate.Association, "deviates", True),)),
    Off("signals: Benjamini–Hochberg", ((associate, "benjamini_hochberg", _uncorrected),)),
    Off(
        "a metric at its bound is a state, not a moment",
        ((Seen, "held", _moments), (Seen, "_lasting", _always(np.empty(0, dtype="int64")))),
    ),
    Off("lines before metrics in association", ((associate, "_count", _count_all),)),
    Off("causal graph, whole: nothing is upstream of anything", ((Graph, "upstream_of", _always(False)),)),
    Off("causal graph: upstream brings on downstream", ((explain, "_brings_on", _always(False)),)),
    Off("causal graph: too late is no cause", ((explain, "_came_too_late", _always(False)),)),
    Off("what took the node down before what was merely seen", ((explain, "_strongest", lambda roots, *_: roots),)),
    Off("a crash that was the last heard of a node ended it", ((traces, "_final", _always(False)),)),
    Off("causal graph: too late is no cause, unless it explains far more", ((explain, "_outnumbers", _always(False)),)),
    Off("causal graph: seen in few episodes is no root", ((explain, "_passed_over", _always(False)),)),
    Off("causal graph: a mere metric is no root above what a line names", ((explain, "_mere_metric", _always(False)),)),
    Off("causal graph: own words are no root above what a line names", ((explain, "_mere_words", _always(False)),)),
    Off("causal graph: metrics may come five minutes late", ((explain, "TOLERANCE", MINUTE),)),
    Off("causal graph: a slow cause lies further back than an hour", ((Graph, "_reach", _always(windows.LENGTH)),)),
    Off("causal graph: what follows stays open", ((explain, "_follows", _always(False)),)),
    Off("zombies before exhausted process IDs", ((explain, "_zombies_first", _always(None)),)),
    Off("three nodes at once: what no node bears", ((traces, "_crowds", _always(None)),)),
    Off("the list of operations tells of the control plane", ((story, "with_operations", lambda seen, _: seen),)),
    Off("what acts from outside comes first", ((explain, "EXTERNAL", ()), (explain, "_ENDS_A_VM", ()))),
    Off("an act from outside may only end what it did not cause", ((explain, "_only_ended", _always(False)),)),
    Off("of equal counts the better evidenced", ((explain, "_merit", lambda signal, _t, _a: (signal,)),)),
    Off("of equal counts the first", ((explain, "_late", _always(0)),)),
    Off("direct evidence", ((causes, "name_directly", _always(attribute.NOBODY)),)),
    Off("direct evidence: wording must name the culprit", ((attribute, "_names_culprit", _always(True)),)),
    Off("direct evidence: complaints that dominate", ((attribute, "find_loudest", _always(None)),)),
    Off("direct evidence: who cannot start complains of nothing", ((complaints, "_complains", _any_complaint),)),
    Off("direct evidence: placements second who complains most", ((colocate.Located, "seconds", _always(True)),)),
    Off("direct evidence: one refusal is one tale", ((attribute, "ONE_TALE", 1),)),
    Off("direct evidence: few speak for the rest only where it ran there", ((attribute, "_ran_on", _always(True)),)),
    Off("direct evidence: who held little is a victim", ((attribute, "large_kills", lambda named, *_: named),)),
    Off("direct evidence: it must stand out", ((attribute, "_stands_out", _always(True)),)),
    Off("direct evidence: metrics tell who held most", ((causes, "holders", _always({})),)),
    Off("direct evidence: kin signals name it too", ((attribute, "_KIN", {}),)),
    Off("no workload brings this cause about", ((attribute, "NOT_BY_A_WORKLOAD", frozenset()),)),
    Off("direct evidence before co-location", ((facts, "_suspects", partial(_placed_first, facts._suspects)),)),
    Off("the two kinds of evidence may agree", ((facts, "_suspects", partial(_never_seconded, facts._suspects)),)),
    Off("co-location", ((causes, "locate", _always(_NO_SUSPECT)),)),
    Off("co-location: never a DaemonSet", ((causes, "locate", partial(_with_daemon_sets, colocate.locate)),)),
    Off("co-location: nothing that runs everywhere", ((colocate, "EVERYWHERE", 2.0),)),
    Off("co-location: a pod without a sandbox ran nothing", ((colocate, "_refused", _always({})),)),
    Off("co-location: Benjamini–Hochberg", ((colocate, "benjamini_hochberg", _uncorrected),)),
    Off("co-location: stricter where nothing is used up", ((colocate, "Q_STRICT", colocate.Q_SUSPECT),)),
    Off("co-location: it ran on (nearly) all", ((colocate, "_FORGIVEN", 1),)),
    Off("co-location: what is alike is a tie", ((colocate, "_SIMILAR", 1.0),)),
    Off("co-location: nodes fail once each", ((colocate, "_without_replacement", _with_replacement),)),
    Off("co-location: a pod that nothing moves is one draw", ((colocate, "_independent", lambda _name, draws: draws),)),
    Off("co-location: three nodes' placements at least", ((colocate, "FEWEST_PLACED", 1),)),
    *(_without_gate(index) for index in range(len(gates.RULES))),
    Off("two causes may share the episodes", ((facts.Facts, "shared_out", False),)),
    Off("nodes that serve badly do not outvote those that went down", ((facts.Facts, "half_of_the_down", True),)),
    Off("chain: both ends of a link are out of the ordinary", ((chain, "_unusual", _always(True)),)),
    Off("chain: in order", ((chain, "_in_order", lambda gaps, _within: gaps),)),
)
"""Every rule that could be taken out by itself, in the order of the flow."""
