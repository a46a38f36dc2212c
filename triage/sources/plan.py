"""What is looked for in entries, and one cheap condition that every wanted entry fulfils."""

from collections.abc import Iterable
from dataclasses import dataclass

from triage.lql import Necessary, necessary, parse
from triage.lql.prefilter import any_necessary
from triage.model.filter import And, Anywhere, Call, Node, Not, Or
from triage.model.signal import Pack


@dataclass(frozen=True)
class Plan:
    """What a reader needs to know of the filters of a pack."""

    necessary: Necessary
    """What an entry must fulfil to have a chance with any of the filters."""
    anywhere: bool
    """Whether a filter looks at the whole entry, not only at fields that it names."""


def make_plan(pack: Pack) -> Plan:
    """The plan for everything that the pack wants. Raises FilterError where a filter does not parse."""
    return plan_filters(pack.wanted.values())


def plan_filters(texts: Iterable[str]) -> Plan:
    """The plan for filters in the Logging query language. Raises FilterError where one does not parse."""
    filters = tuple(parse(text) for text in dict.fromkeys(texts))
    condition = any_necessary(necessary(one) for one in filters)
    return Plan(condition, any(one.root is None or _looks_anywhere(one.root) for one in filters))


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
