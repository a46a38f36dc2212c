"""What is looked for in entries, and one cheap condition that every wanted entry fulfils."""

from collections.abc import Iterable
from dataclasses import dataclass

from triage.lql import Necessary, necessary
from triage.lql.prefilter import any_necessary
from triage.model.filter import And, Anywhere, Call, Filter, Node, Not, Or
from triage.model.signal import Pack


@dataclass(frozen=True)
class Plan:
    """What a reader needs to know of the filters of a pack."""

    necessary: Necessary
    """What an entry must fulfil to have a chance with any of the filters."""
    anywhere: bool
    """Whether a filter looks at the whole entry, not only at fields that it names."""


def make_plan(pack: Pack) -> Plan:
    """The plan for everything that the pack wants."""
    return plan_filters(pack.wanted.values())


def plan_filters(filters: Iterable[Filter]) -> Plan:
    """The plan for filters in the Logging query language; they must have passed `check`."""
    looked_for = tuple(filters)
    condition = any_necessary(map(necessary, looked_for))
    return Plan(condition, any(one.root is None or _looks_anywhere(one.root) for one in looked_for))


def _looks_anywhere(node: Node) -> bool:
    match node:
        case And(terms) | Or(terms):
            return any(_looks_anywhere(term) for term in terms)
        case Not(term):
            return _looks_anywhere(term)
        case Anywhere():
            return True
        case Call("search", args):
            return len(args) == 1
        case _:
            return False
