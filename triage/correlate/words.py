"""The verdict in words: a title, and two sentences as a good engineer would write them."""

from collections.abc import Mapping, Sequence

from triage.correlate.episodes import Draft
from triage.correlate.facts import Facts
from triage.correlate.times import moment
from triage.model.incident import Alignment, Confidence, Kind
from triage.units import format_duration

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_HEDGE = {
    Confidence.CONFIRMED: "the cause is",
    Confidence.LIKELY: "the cause is most likely",
    Confidence.POSSIBLE: "the cause may be",
}


def number(n: int) -> str:
    """Small numbers as words."""
    return _SMALL[n] if 0 <= n < len(_SMALL) else str(n)


def plural(n: int, one: str, many: str | None = None) -> str:
    """`two nodes`, `one node`."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(title: str) -> str:
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
        text += f", driven by {facts.workload}"
    if confidence is Confidence.POSSIBLE:
        text = f"Possibly: {_lower(text)}"
    if others:
        text += "; and " + ", ".join(_lower(f.title) for f in others[:2]) + " on other nodes"
    return text


def summary(
    facts: Facts,
    confidence: Confidence,
    drafts: Sequence[Draft],
    lead_s: float | None,
    alignment: Alignment,
    *,
    levels: str = "",
) -> str:
    """What happened and why; then what that rests on and what it cost."""
    explained = [drafts[i] for i in facts.explained]
    nodes = len({d.node for d in explained})
    failed = "served badly" if all(d.served_badly for d in explained) else "went down"
    times = f" ({plural(facts.count, 'time')} in all)" if facts.count > nodes else ""
    kind = " that were no planned work" if any(d.planned for d in drafts) else ""
    whole = "" if facts.count == facts.total else f" of {number(facts.total)} episodes{kind},"
    what = (
        f"{_sentence(plural(nodes, 'node'))}{where(explained)} {failed}{times} {span(explained)}; "
        f"{_HEDGE[confidence]} “{_lower(facts.title)}”"
    )
    if whole:
        what = f"In {number(facts.count)}{whole} {what[:1].lower()}{what[1:]}"
    first = f"{what}{_driver(facts)}."
    return f"{first} {_sentence(_ground(facts, lead_s, levels))}{_toll(alignment, drafts)}."


def where(drafts: Sequence[Draft]) -> str:
    """` of pool X`, where one pool holds them all."""
    pools = sorted({d.node_pool or "" for d in drafts})
    return f" of node pool {pools[0]}" if len(pools) == 1 and pools[0] else ""


def _driver(facts: Facts) -> str:
    if facts.workload:
        how = {
            "direct": "which the lines themselves name",
            "complaints": "whose own complaints come first",
            "co-location": "which ran on the failing nodes far more often than chance would put it there",
        }[facts.basis or "direct"]
        return f", driven by {facts.workload}, {how}"
    tied = [s.name for s in facts.suspects if s.tied]
    if len(tied) > 3:
        return f"; the evidence names {plural(len(tied), 'workload')} there and singles none out"
    return f"; the evidence cannot tell {' and '.join(tied)} apart" if len(tied) > 1 else ""


def _ground(facts: Facts, lead_s: float | None, levels: str) -> str:
    told = "named by a line or metric of the node" if facts.mechanism == facts.count else "on the node"
    shown = f"it was {told} in {facts.count} of {facts.total} episodes"
    if lead_s is not None and lead_s > 0:
        shown += f", {format_duration(lead_s)} before NotReady in the median{levels}"
    a = facts.association
    if a is not None and a.controls:
        shown += f", and in {a.same[1] + a.other[1]} of {a.controls} control hours"
    return shown


def _toll(alignment: Alignment, drafts: Sequence[Draft]) -> str:
    repairs = sum(1 for d in drafts if d.kind is Kind.REPAIR)
    parts = [plural(repairs, "repair")] if repairs else []
    if alignment.alerts:
        parts.append(f"{alignment.aligned} of {alignment.alerts} alerts")
    fall = "falls" if parts == ["one repair"] or (not repairs and alignment.aligned == 1) else "fall"
    return f"; {' and '.join(parts)} {fall} into these episodes" if parts else ""


def unexplained(drafts: Sequence[Draft], weighed: Sequence[str], titles: Mapping[str, str], lacking: str) -> str:
    """The summary where nothing is established."""
    nodes = len({d.node for d in drafts})
    repairs = sum(1 for d in drafts if d.kind is Kind.REPAIR)
    which = "it" if len(drafts) == 1 else f"{number(repairs)} of them"
    repaired = f", and GKE repaired {which}" if repairs else ""
    went = f"{_sentence(plural(nodes, 'node'))}{where(drafts)} went down {span(drafts)}{repaired}"
    first = f"{went}; nothing in the evidence says why."
    if weighed:
        names = ", ".join(_lower(titles.get(s, s)) for s in weighed[:3])
        second = (
            f"{_sentence(names)} was weighed and does not hold up: it is too rare, or as frequent on healthy nodes."
        )
    else:
        second = "No signal that could be a cause was seen on these nodes before they went down."
    return f"{first} {second}{' ' + lacking if lacking else ''}"


def nothing(alerts: int, nodes: int) -> str:
    """The summary where no node went bad."""
    seen = f" on the {plural(nodes, 'node')} that wrote logs" if nodes else ""
    rest = f" {_sentence(plural(alerts, 'alert'))} opened, none of them while a node was going down." if alerts else ""
    return f"No node turned NotReady, was repaired or served badly{seen} in this window.{rest}"


def planned(signal_title: str, drafts: Sequence[Draft]) -> str:
    """The summary where all episodes are planned work."""
    nodes = len({d.node for d in drafts})
    went = f"{_sentence(plural(nodes, 'node'))}{where(drafts)} went away {span(drafts)}: {_lower(signal_title)}."
    return f"{went} This is planned work, no fault: the entries that ordered it name each node."
