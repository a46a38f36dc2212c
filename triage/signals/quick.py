"""What can be said of an entry and a filter without the engine: most of what signals ask.

A signal's filter mostly compares texts at plain paths. Such comparisons are decided here, on the parsed entry, in a few
microseconds; whatever needs more (arrays on the way, numbers, functions, keys in any letter case) is answered `None`,
and the engine judges. What is said here is what the engine says: a test holds the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from triage.lql.literals import fold
from triage.lql.types import Field, Kind, resolve
from triage.model.filter import And, Call, Filter, Node, Not, Or, Path, Restriction, Value
from triage.signals.extract import compiled

Verdict: TypeAlias = bool | None
Judge: TypeAlias = Callable[[Mapping[str, Any]], Verdict]
"""Takes a parsed LogEntry; None where the engine must be asked."""
Test: TypeAlias = Callable[[str], bool]

_MISSING = object()


def quick(filter: Filter) -> Judge:  # noqa: A002 - the language's own word
    """A judge for the filter. The filter must have passed `check`."""
    return _always if filter.root is None else _node(filter.root)


def _always(_: Mapping[str, Any]) -> Verdict:
    return True


def _unknown(_: Mapping[str, Any]) -> Verdict:
    return None


def _node(node: Node) -> Judge:
    match node:
        case And(terms):
            return _all([_node(term) for term in terms])
        case Or(terms):
            return _any([_node(term) for term in terms])
        case Not(term):
            return _negated(_node(term))
        case Call("log_id", (Value() as value,)):
            return _log_id(value.text)
        case Restriction(Path() as path, operator, right):
            return _restriction(resolve(path), operator, right)
        case _:
            return _unknown


def _all(judges: Sequence[Judge]) -> Judge:
    def judge(entry: Mapping[str, Any]) -> Verdict:
        verdict: Verdict = True
        for one in judges:
            found = one(entry)
            if found is False:
                return False
            if found is None:
                verdict = None
        return verdict

    return judge


def _any(judges: Sequence[Judge]) -> Judge:
    def judge(entry: Mapping[str, Any]) -> Verdict:
        verdict: Verdict = False
        for one in judges:
            found = one(entry)
            if found:
                return True
            if found is None:
                verdict = None
        return verdict

    return judge


def _negated(inner: Judge) -> Judge:
    def judge(entry: Mapping[str, Any]) -> Verdict:
        found = inner(entry)
        return None if found is None else not found

    return judge


def _log_id(log_id: str) -> Judge:
    ending = "/logs/" + fold(log_id.replace("/", "%2F"))

    def judge(entry: Mapping[str, Any]) -> Verdict:
        name = entry.get("logName") or ""
        return fold(name).endswith(ending) if isinstance(name, str) else None

    return judge


def _restriction(field: Field, operator: str, right: Node) -> Judge:
    if field.loose != len(field.keys) or field.kind not in (Kind.DYNAMIC, Kind.STRING):
        return _unknown
    if isinstance(right, Value) and operator == ":" and _asks_presence(field, right):
        return _presence(field)
    test = _operand(operator, right)
    negates = _has_not(right)
    if test is None:
        return _unless_absent(field) if isinstance(right, Value) and not right.special else _unknown
    keys, defaulted = field.keys, field.kind is Kind.STRING

    def judge(entry: Mapping[str, Any]) -> Verdict:
        value = _at(entry, keys)
        if isinstance(value, str):
            return test(value)
        if value is not _MISSING and not (value is None and defaulted):
            return None
        if defaulted:
            return test("")
        return None if negates else False

    return judge


def _unless_absent(field: Field) -> Judge:
    """Says no where there is no such field, as with most `status.code>0`, and leaves values to the engine."""

    def judge(entry: Mapping[str, Any]) -> Verdict:
        return False if field.kind is Kind.DYNAMIC and _at(entry, field.keys) is _MISSING else None

    return judge


def _asks_presence(field: Field, value: Value) -> bool:
    return value.special == "any" or (not value.text and not value.special and field.kind is Kind.DYNAMIC)


def _presence(field: Field) -> Judge:
    def judge(entry: Mapping[str, Any]) -> Verdict:
        value = _at(entry, field.keys)
        if value is _MISSING:
            return False
        return None if value is None or isinstance(value, list) or value is _ARRAY else True

    return judge


_ARRAY = object()


def _at(entry: Any, keys: Sequence[str]) -> Any:
    """The value at a path; `_MISSING` where there is none, `_ARRAY` where an array lies on the way."""
    for key in keys:
        if isinstance(entry, dict):
            if key not in entry:
                return _MISSING
            entry = entry[key]
        else:
            return _ARRAY if isinstance(entry, list) else _MISSING
    return entry


def _has_not(right: Node) -> bool:
    match right:
        case And(terms) | Or(terms):
            return any(_has_not(term) for term in terms)
        case Not():
            return True
        case _:
            return False


def _operand(operator: str, right: Node) -> Test | None:
    """Whether a text passes a comparison with a value or a list of values; None where that is not for here to say."""
    match right:
        case And(terms) | Or(terms):
            inner = [_operand(operator, term) for term in terms]
            tests = [test for test in inner if test is not None]
            if len(tests) < len(inner):
                return None
            joined = all if isinstance(right, And) else any
            return lambda text: joined(test(text) for test in tests)
        case Not(term):
            inverted = _operand(operator, term)
            return None if inverted is None else lambda text: not inverted(text)
        case Value(text, ""):
            return _test(operator, text)
        case _:
            return None


def _test(operator: str, wanted: str) -> Test | None:
    if operator in ("=~", "!~"):
        pattern = compiled(wanted)
        if isinstance(pattern, str):
            return None
        search = pattern.search
        return (lambda text: search(text) is not None) if operator == "=~" else (lambda text: search(text) is None)
    folded = fold(wanted)
    match operator:
        case ":":
            return lambda text: folded in fold(text)
        case "=":
            return lambda text: folded == fold(text)
        case "!=":
            return lambda text: folded != fold(text)
        case _:
            return None
