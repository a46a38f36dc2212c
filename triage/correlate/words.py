"""The verdict in words: a title, and two sentences as a good engineer would write them."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from triage.correlate.episodes import Draft
from triage.correlate.facts import Facts
from triage.correlate.figures import listed, number, plural, share
from triage.correlate.planned import PREEMPTION, UPGRADE
from triage.correlate.times import moment
from triage.model.incident import Alignment, Confidence, Kind
from triage.units import format_duration

_HEDGES = {
    Confidence.CONFIRMED: (" because", "the cause"),
    Confidence.LIKELY: (", most likely because", "the most likely cause"),
    Confidence.POSSIBLE: (", possibly because", "a possible cause"),
}
"""What leads to the clause of a signal, and what to its title where it has no clause."""


_INFERRED = {
    UPGRADE: "went, and came back new, while an operation was replacing the nodes of its pool",
    PREEMPTION: "is a spot VM that was told to stop",
}
"""Planned signal → what tells of it where nothing names the node."""


@dataclass(frozen=True)
class Weighed:
    """A signal that was seen before episodes and explains none of them, with how often it was seen where."""

    title: str
    hits: int
    cases: int
    seen: int
    controls: int

    def shown(self) -> str:
        """`before 2 of 5 episodes, and in 31 of 140 control hours`."""
        before = f"before {self.hits:,} of {self.cases:,} episodes"
        return f"{before}, and in {self.seen:,} of {self.controls:,} control hours" if self.controls else before


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def lower(title: str) -> str:
    """A title inside a sentence: its first letter small, unless the word is an abbreviation."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def span(drafts: Sequence[Draft]) -> str:
    """`between 02:10 and 23:40 UTC on 2026-03-01`, or with both dates."""
    first, last = moment(min(d.onset for d in drafts)), moment(max(d.onset for d in drafts))
    if len(drafts) == 1 or first.strftime("%F %H:%M") == last.strftime("%F %H:%M"):
        return f"at {first:%H:%M} UTC on {first:%F}"
    if first.date() == last.date():
        return f"between {first:%H:%M} and {last:%H:%M} UTC on {first:%F}"
    return f"between {first:%F %H:%M} and {last:%F %H:%M} UTC"


def title(facts: Facts, confidence: Confidence, others: Sequence[Facts]) -> str:
    """The failure, and the workload that drives it."""
    text = facts.title
    if facts.workload:
        text += f", {'' if facts.basis == 'direct' else 'probably '}driven by {facts.workload}"
    if confidence is Confidence.POSSIBLE:
        text = f"Possibly: {lower(text)}"
    if others:
        text += "; and " + ", ".join(lower(f.title) for f in others[:2]) + " in other episodes"
    return text


def summary(
    ranked: Sequence[Facts],
    confidence: Confidence,
    drafts: Sequence[Draft],
    alignment: Alignment,
    *,
    because: str | None = None,
    lead_s: float | None = None,
    levels: str = "",
    streams: Set[str] = frozenset(),
) -> str:
    """What happened and why; then what that rests on and what it cost; then what it leaves aside.

    `ranked` are the causes, the first one first; `because` is its signal's clause, `levels` what a metric stood at,
    such as `process ids in use: 32,768 of 32,768`, `streams` where the cause was seen.
    """
    facts = ranked[0]
    explained = [drafts[i] for i in facts.explained]
    failed = _failed(explained)
    hedge, naming = _HEDGES[confidence]
    why = f"{hedge} {because}" if because else f"; {naming}: {lower(facts.title)}"
    bad = {d.node for d in drafts if d.planned is None}
    first = f"{_who(explained, len(bad))} {failed}{_again(explained)} {span(explained)}{why}{_driver(facts)}."
    second = f"{_ground(facts, lead_s, levels, _namer(streams))}{_toll(facts, alignment, drafts)}."
    return " ".join(filter(None, (first, second, _rest(ranked, drafts))))


def _failed(drafts: Sequence[Draft]) -> str:
    if all(d.served_badly for d in drafts):
        return "served badly"
    repaired = all(d.not_ready is None and d.kind is Kind.REPAIR for d in drafts)
    return f"{'was' if len({d.node for d in drafts}) == 1 else 'were'} repaired by GKE" if repaired else "went down"


def _who(drafts: Sequence[Draft], of: int = 0) -> str:
    """`Two nodes of node pool X`; `Two nodes of node pool X, of six that went bad,` where `of` is more."""
    nodes = len({d.node for d in drafts})
    if of > nodes:
        return f"{_sentence(plural(nodes, 'node'))}{where(drafts)}, of {number(of)} that went bad,"
    return f"{_sentence(plural(nodes, 'node'))}{where(drafts)}"


def _again(drafts: Sequence[Draft]) -> str:
    """` six times in all,` where nodes went bad more than once."""
    return f", {plural(len(drafts), 'time')} in all," if len(drafts) > len({d.node for d in drafts}) else ""


def where(drafts: Sequence[Draft]) -> str:
    """` of node pool X`, where one pool holds them all."""
    pools = sorted({d.node_pool or "" for d in drafts})
    return f" of node pool {pools[0]}" if len(pools) == 1 and pools[0] else ""


def _driver(facts: Facts) -> str:
    if facts.workload:
        how = {
            "direct": f"which {'its own metrics' if facts.measured else 'the lines themselves'} name",
            "complaints": "whose pods stand first or most often in these lines",
            "co-location": "which ran on the failing nodes far more often than chance would put it there",
        }[facts.basis or "direct"]
        return f", driven by {facts.workload}, {how}"
    tied = [s.name for s in facts.suspects if s.tied]
    if len(tied) > 3:
        return f"; the evidence names {plural(len(tied), 'workload')} there and singles none out"
    return f"; the evidence cannot tell {listed(tied)} apart" if len(tied) > 1 else ""


def _namer(streams: Set[str]) -> str:
    """Who names the cause: of what was done from outside the node itself has nothing to say."""
    if streams and streams <= {"audit"}:
        return "Audit entries name it"
    if streams and streams <= {"audit", "operation"}:
        return "GKE’s list of operations names it"
    if streams and streams <= {"audit", "system-event"}:
        return "Compute Engine’s own events name it"
    return "The node’s own lines or metrics name it"


def _ground(facts: Facts, lead_s: float | None, levels: str, named: str) -> str:
    told = named if facts.mechanism == facts.count else "It was seen on the node"
    told = told if facts.mechanism else "Hints of it were seen on the node"
    told = told if facts.spoken else "Only an application’s own lines speak of it"
    told += f" in {share(facts.count, facts.total, 'episode')}" if facts.total > 1 else ""
    told += f" ({levels})" if levels else ""
    if lead_s is not None and lead_s > 0:
        told += f", {format_duration(lead_s)} before NotReady{' in the median' if facts.count > 1 else ''}"
    a = facts.association
    if a is not None and a.controls:
        seen = a.same[1] + a.other[1]
        told += f", and {share(seen, a.controls, 'control hour')} {'show it as well' if seen else 'shows it'}"
    return told


def _toll(facts: Facts, alignment: Alignment, drafts: Sequence[Draft]) -> str:
    repairs = sum(1 for d in drafts if d.kind is Kind.REPAIR)
    parts = [plural(repairs, "repair")] if repairs else []
    if alignment.aligned:
        parts.append(share(alignment.aligned, alignment.alerts, "alert"))
    if not parts:
        return ""
    if facts.count < len(drafts):
        these = f"the {number(len(drafts))} episodes of this report"
    else:
        these = "this episode" if len(drafts) == 1 else "these episodes"
    verb = "falls" if parts in (["one repair"], ["the one alert"]) else "fall"
    return f"; {listed(parts)} {verb} into {these}"


def _rest(ranked: Sequence[Facts], drafts: Sequence[Draft]) -> str:
    """The episodes that the first cause leaves aside: those of another cause or of none, and planned work."""
    left, told = ranked[0].total - ranked[0].count, []
    for other in ranked[1:3]:
        told.append(f"{plural(min(other.count, left), 'other episode')}: {lower(other.title)}")
        left -= min(other.count, left)
    if left > 0:
        told.append(f"{plural(left, 'other episode')} without an established cause")
    away = sum(1 for d in drafts if d.planned is not None)
    if away:
        told.append(f"{plural(away, 'node')} went away by planned work")
    return f"{_sentence('; '.join(told))}." if told else ""


def unexplained(drafts: Sequence[Draft], weighed: Sequence[Weighed], lacking: str) -> str:
    """The summary where nothing is established."""
    repairs = sum(1 for d in drafts if d.kind is Kind.REPAIR)
    which = "it" if len(drafts) == 1 else "all of them" if repairs == len(drafts) > 2 else f"{number(repairs)} of them"
    which = "both" if repairs == len(drafts) == 2 else which
    repaired = f", and GKE repaired {which}" if repairs else ""
    first = f"{_who(drafts)} went down{_again(drafts)} {span(drafts)}{repaired}; nothing in the evidence says why."
    if weighed:
        names = "; ".join(f"{lower(one.title)} ({one.shown()})" for one in weighed[:3])
        more = f"; and {number(len(weighed) - 3)} more" if len(weighed) > 3 else ""
        second = f"Weighed and not borne out: {names}{more}."
    else:
        where_before = "this node before it" if len({d.node for d in drafts}) == 1 else "these nodes before they"
        second = f"No signal that could be a cause was seen on {where_before} went down."
    return f"{first} {second}{' ' + lacking if lacking else ''}"


def nothing(alerts: int, nodes: int) -> str:
    """The summary where no node went bad."""
    seen = f" on the {plural(nodes, 'node')} that wrote logs" if nodes else ""
    which = "not" if alerts == 1 else "none of them"
    rest = f" {_sentence(plural(alerts, 'alert'))} opened, {which} while a node was going down." if alerts else ""
    return f"No node turned NotReady, was repaired or served badly{seen} in this window.{rest}"


def planned(signal_title: str, because: str | None, drafts: Sequence[Draft], signal: str) -> str:
    """The summary where all episodes are planned work, of which `signal` is the most frequent kind."""
    why = f" because {because}" if because else f": {lower(signal_title)}"
    own = [d for d in drafts if d.planned == signal]
    went = f"{_who(own)} went away{_again(own)} {span(own)}{why}."
    others = len(drafts) - len(own)
    rest = f" {_sentence(plural(others, 'other episode'))}: planned work of another kind." if others else ""
    each = "the node" if len(drafts) == 1 else "each node"
    inferred = sum(1 for d in drafts if not d.planned_named)
    how = _INFERRED[next((d.planned for d in drafts if not d.planned_named), None) or UPGRADE]
    if not inferred:
        told = f"the entries that ordered it name {each}"
    elif inferred == len(drafts):
        told = f"{each} {how}"
    else:
        rest_of_them = "the other" if inferred == 1 else f"each of the other {number(inferred)}"
        told = f"entries name {number(len(drafts) - inferred)}; {rest_of_them} {how}"
    return f"{went}{rest} This is planned work, no fault: {told}."
