"""From a wording to the whole filter: the stream's condition, and the text sought in all fields that may hold it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from triage.model.filter import And, Call, Filter, Node, Not, Or, Path, Restriction, Value
from triage.model.signal import Alternative, Signal, Stream

Texts: TypeAlias = tuple[tuple[str, ...], ...]
"""The fields that may hold a text, as path components."""
Scope: TypeAlias = Mapping[Texts, Node]
"""Where a wording is looked for: for each way to hold a text, the condition of the streams that hold it so."""
CLEARS = "clears"
"""The name under which a signal's way back to healthy stands among its alternatives."""


def searched(alternative: Alternative, streams: Sequence[Stream]) -> tuple[Stream, ...]:
    """The streams where an alternative is looked for: its own, and those that carry their lines, in pack order."""
    own = set(alternative.stream)
    return tuple(stream for stream in streams if stream.id in own or own.intersection(stream.carries))


def cleared_in(signal: Signal, streams: Sequence[Stream]) -> tuple[Stream, ...]:
    """The streams where a signal's `clears` is looked for: those of its alternatives, and the events."""
    own = {stream.id for alternative in signal.detect for stream in searched(alternative, streams)} | {"events"}
    return tuple(stream for stream in streams if stream.id in own)


def first_texts(names: Iterable[str], streams: Sequence[Stream]) -> frozenset[tuple[str, ...]]:
    """The fields that stand for the text in filters written for these streams."""
    wanted = set(names)
    return frozenset(text_paths(stream)[0] for stream in streams if stream.id in wanted)


def text_paths(stream: Stream) -> Texts:
    """The fields that may hold a stream's text."""
    return tuple(tuple(path.split(".")) for path in stream.text)


def widen(node: Node, firsts: frozenset[tuple[str, ...]], texts: Sequence[tuple[str, ...]]) -> Node:
    """The node with each restriction on one of `firsts` asked of all `texts` instead.

    A positive restriction holds when it holds for one of the fields; `!=` and `!~` hold when at least one of the
    fields is there and the thing itself is found in none.
    """
    match node:
        case And(terms):
            return And(tuple(widen(term, firsts, texts) for term in terms))
        case Or(terms):
            return Or(tuple(widen(term, firsts, texts) for term in terms))
        case Not(term):
            return Not(widen(term, firsts, texts))
        case Restriction() if _text_of(node.left, firsts):
            return _asked_of_all(node, texts)
        case Call() if _text_of(node, firsts):
            return _any([_moved_call(node, text) for text in texts])
        case _:
            return node


def _asked_of_all(node: Restriction, texts: Sequence[tuple[str, ...]]) -> Node:
    if node.operator not in ("!=", "!~"):
        return _any([replace(node, left=_moved(node.left, text)) for text in texts])
    positive = replace(node, operator="=" if node.operator == "!=" else "=~")
    present = [Restriction(_moved(node.left, text), ":", Value("*", "any")) for text in texts]
    found = _any([replace(positive, left=_moved(node.left, text)) for text in texts])
    return And((_any(present), Not(found)))


def _any(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))


def _text_of(left: Path | Call, firsts: frozenset[tuple[str, ...]]) -> bool:
    if isinstance(left, Path):
        return left.parts in firsts
    return any(isinstance(arg, Path | Call) and _text_of(arg, firsts) for arg in left.args)


def _moved(left: Path | Call, text: tuple[str, ...]) -> Path | Call:
    return Path(text) if isinstance(left, Path) else _moved_call(left, text)


def _moved_call(call: Call, text: tuple[str, ...]) -> Call:
    """A function of the text, asked of another field; its other arguments stay."""
    first, *rest = call.args
    moved = _moved(first, text) if isinstance(first, Path | Call) else first
    return replace(call, args=(moved, *rest))


def scope_of(streams: Sequence[Stream], where: Mapping[str, Filter]) -> Scope:
    """What tells the entries of some streams, by the fields in which they hold their text."""
    groups: dict[Texts, list[Node]] = {}
    for stream in streams:
        condition = where[stream.id].root
        if condition is not None:
            groups.setdefault(text_paths(stream), []).append(condition)
    return {texts: _any(_broadest(_flat(conditions, Or))) for texts, conditions in groups.items()}


def whole_filter(written: Filter, firsts: frozenset[tuple[str, ...]], scope: Scope) -> Filter:
    """The filter that finds a wording in all of a scope: the streams' conditions and the widened wording.

    Streams that hold their text in the same fields share one copy of the wording.
    """
    branches: list[Node] = []
    for texts, condition in scope.items():
        terms = [condition]
        if written.root is not None:
            terms.append(widen(written.root, firsts, texts))
        branches.append(And(tuple(_flat(terms, And))) if len(terms) > 1 else terms[0])
    return Filter(_any(_flat(branches, Or)))


def _broadest(conditions: Sequence[Node]) -> list[Node]:
    """The conditions without those that another one holds already: all logs of a resource hold each one log of it."""
    whole = frozenset().union(*(_types(condition) for condition in conditions))
    kept: list[Node] = []
    for condition in conditions:
        terms = condition.terms if isinstance(condition, And) else ()
        if not any(types and types <= whole for types in map(_types, terms)):
            kept.append(condition)
    return kept


def _types(condition: Node) -> frozenset[str]:
    """The resource types that a condition `resource.type=…` lets pass; empty for any other condition."""
    match condition:
        case Restriction(Path(("resource", "type")), "=", Value(text, "")):
            return frozenset({text})
        case Restriction(Path(("resource", "type")), "=", Or(terms)):
            texts = [term.text for term in terms if isinstance(term, Value) and not term.special]
            return frozenset(texts) if len(texts) == len(terms) else frozenset()
        case _:
            return frozenset()


def _flat(nodes: Sequence[Node], kind: type[And] | type[Or]) -> list[Node]:
    """Terms of the same kind laid side by side instead of nested."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.terms if isinstance(node, kind) else [node])
    return flat
