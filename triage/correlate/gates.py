"""The rules of confidence, written once: what each level asks for. The report prints them with met or unmet.

A level is reached where all of its gates, and those of the levels below it, are met.
"""

from collections.abc import Callable
from dataclasses import dataclass

from triage.correlate.associate import Association
from triage.correlate.facts import Facts
from triage.correlate.figures import chance, listed, number, plural, share
from triage.model.incident import Confidence, Gate

MOST = 0.8
HALF = 0.5
FEW = 1 / 3

Check = Callable[[Facts], tuple[bool, str]]


@dataclass(frozen=True)
class Rule:
    """One gate: the level that needs it, its wording, and the check with what it found."""

    level: Confidence
    rule: str
    check: Check


def _episodes(part: int, f: Facts) -> str:
    return share(part, f.count, "episode")


def _some(f: Facts) -> tuple[bool, str]:
    gated = bool(f.association and f.association.gated)
    return f.share >= FEW or (gated and f.count >= 2), _explains(f)


def _looked(f: Facts) -> tuple[bool, str]:
    return (
        f.mechanism > 0 or f.covered >= HALF * f.count,
        f"logs covered {share(f.covered, f.count, 'lead-up hour')}; named in {_episodes(f.mechanism, f)}",
    )


def _followed(f: Facts) -> tuple[bool, str]:
    followed = "what follows was seen" if f.chain.complete else "nothing that follows was seen"
    return f.mechanism > 0 or f.chain.complete, f"named in {_episodes(f.mechanism, f)}; {followed}"


def _more_than_an_echo(f: Facts) -> tuple[bool, str]:
    return 2 * f.told >= f.count, f"so in {_episodes(f.told, f)}"


def _named_or_associated(f: Facts) -> tuple[bool, str]:
    a = f.association
    associated = bool(a and a.gated and f.groups >= 3 and f.chain.complete and 2 * f.spoken >= f.count)
    named = f.mechanism >= 1
    numbers = (
        ""
        if a is None or a.q is None
        else f"; {chance('q', a.q)} over {plural(a.tests, 'signal')}, {plural(f.groups, 'independent group')}"
    )
    own = "; only applications’ own words speak of it" if not f.spoken else ""
    return named or associated, f"named in {_episodes(f.mechanism, f)}{own}{numbers}"


def _ordered(f: Facts) -> tuple[bool, str]:
    return (
        f.before >= MOST * f.count and f.count > 0,
        f"first evidence before NotReady in {_episodes(f.before, f)}",
    )


def _able(f: Facts) -> tuple[bool, str]:
    return 2 * f.able >= f.count, f"so in {_episodes(f.able, f)}"


def _not_denied(f: Facts) -> tuple[bool, str]:
    denied = f"a metric stayed far from its bound in {_episodes(f.denied, f)}, and no line names it there"
    return 2 * f.denied <= f.count, denied if f.denied else "no metric speaks against it"


def _half(f: Facts) -> tuple[bool, str]:
    enough = f.share >= HALF or f.shared_out
    served = f.down < f.total
    down = f", but only {f.down_explained:,} of {f.down:,} that went down" if served and not f.half_of_the_down else ""
    return enough and (f.half_of_the_down or f.shared_out), _explains(f) + down


def _explains(f: Facts) -> str:
    text = f"it explains {share(f.count, f.total, 'unplanned episode')}"
    return text + (
        f" ({f.count} of {f.in_its_pools} in its node pools; all causes together {f.by_any_cause})"
        if f.shared_out
        else ""
    )


def _no_rival(f: Facts) -> tuple[bool, str]:
    return (not f.rivals, "no other cause has equal claims" if not f.rivals else f"equal claims: {listed(f.rivals)}")


def _shown(a: Association) -> str:
    seen = a.same[1] + a.other[1]
    return f"{share(seen, a.controls, 'control window')} {'show it' if seen > 1 else 'shows it'}"


def _rare_in_controls(f: Facts) -> tuple[bool, str]:
    a = f.association
    if a is None or not a.controls:
        return False, "there is no control window to compare with"
    return a.specific, _shown(a)


def _not_common(f: Facts) -> tuple[bool, str]:
    a = f.association
    if a is None or not a.controls:
        return f.mechanism > 0, "there is no control window to compare with"
    passes = a.specific or a.gated
    return passes, _shown(a)


def _read_to_the_end(f: Facts) -> tuple[bool, str]:
    return not f.broken_off, f.broken_off or "all that was begun was read"


def _two_named(f: Facts) -> tuple[bool, str]:
    late = f", but before NotReady in {number(f.before)} alone" if 0 < f.mechanism > f.before else ""
    flaps = f"; one node’s ups and downs count once, which leaves {number(f.apart)}" if f.apart < f.count else ""
    enough = f.mechanism >= 2 and f.before >= f.mechanism and f.apart >= 2
    return enough, f"named in {_episodes(f.mechanism, f)}{late}{flaps}"


def _most(f: Facts) -> tuple[bool, str]:
    return f.share >= MOST or f.shared_out, _explains(f)


def _covered(f: Facts) -> tuple[bool, str]:
    return (
        f.looked >= MOST * f.count,
        f"so in {_episodes(f.looked, f)}"
        + (f", of which logs covered {number(f.covered)}" if f.covered < f.looked else ""),
    )


def _direct_or_none(f: Facts) -> tuple[bool, str]:
    if f.workload is None:
        return True, "no workload is blamed"
    return f.basis == "direct", {
        "direct": f"{'metrics of its containers' if f.measured else 'lines that name the culprit'} name {f.workload}",
        "complaints": f"{f.workload}’s pods stand first or most often in the lines, and none says that they hold it",
        "co-location": f"only where its pods ran points to {f.workload}",
    }.get(f.basis or "", "")


RULES = (
    Rule(
        Confidence.POSSIBLE,
        "Seen more often than on healthy nodes, before a third of the unplanned episodes, or standing out in two",
        _some,
    ),
    Rule(Confidence.POSSIBLE, "Half of the lead-up hours were covered by logs, or a line names what broke", _looked),
    Rule(Confidence.POSSIBLE, "A line names what broke, or what a hint is declared to bring on was seen", _followed),
    Rule(
        Confidence.POSSIBLE,
        "It can take a node down, or the node’s own programs name it: pods complain of much on a node that dies",
        _more_than_an_echo,
    ),
    Rule(
        Confidence.LIKELY,
        "A line or metric names what is exhausted or broken on the node; or q ≤ 0.05, ratio over 1.5, three groups, "
        "whole chain, and half of it from more than an application’s own words",
        _named_or_associated,
    ),
    Rule(Confidence.LIKELY, "It came before NotReady in at least 80 % of the episodes it explains", _ordered),
    Rule(Confidence.LIKELY, "It can take a node down, or a step on its way that can was seen on the node", _able),
    Rule(
        Confidence.LIKELY,
        "No metric that would show it stayed far from its bound, unless a line names it",
        _not_denied,
    ),
    Rule(Confidence.LIKELY, "It explains at least half of the unplanned episodes", _half),
    Rule(
        Confidence.LIKELY,
        "Rare in control windows (≤ 5 %), or far more frequent before episodes (q ≤ 0.05)",
        _not_common,
    ),
    Rule(Confidence.LIKELY, "No other cause has equal claims", _no_rival),
    Rule(Confidence.LIKELY, "No read of the logs broke off: what is unread may name another cause", _read_to_the_end),
    Rule(Confidence.CONFIRMED, "Named in at least two episodes, before NotReady in each", _two_named),
    Rule(Confidence.CONFIRMED, "It explains at least 80 % of the unplanned episodes", _most),
    Rule(Confidence.CONFIRMED, "80 % of the lead-ups were looked at: covered by logs, or named by a line", _covered),
    Rule(Confidence.CONFIRMED, "In at most 5 % of the control windows", _rare_in_controls),
    Rule(Confidence.CONFIRMED, "The suspect, if one is named, by direct evidence", _direct_or_none),
)
_LEVELS = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CONFIRMED)


def pass_gates(facts: Facts) -> tuple[Confidence, tuple[Gate, ...]]:
    """The confidence that the facts reach, and every gate with whether it is met."""
    gates = []
    for rule in RULES:
        met, detail = rule.check(facts)
        gates.append(Gate(level=rule.level, rule=rule.rule, met=bool(met), detail=detail))
    reached = Confidence.INSUFFICIENT
    for level in _LEVELS:
        if not all(gate.met for gate in gates if gate.level is level):
            break
        reached = level
    return reached, tuple(gates)
