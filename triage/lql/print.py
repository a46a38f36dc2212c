"""From the tree back to text: one spelling for each meaning, so that equal filters are equal strings."""

from collections.abc import Callable
from typing import assert_never

from triage.lql.tokens import is_bare, quote
from triage.model.filter import And, Anywhere, Call, Filter, Node, Not, Or, Path, Restriction, Value


def to_text(filter: Filter) -> str:  # noqa: A002 - the language's own word
    """The filter in one normal spelling: `parse(to_text(f)) == f`.

    Values stand in double quotes, AND and OR are written out, parentheses stand only where they are needed.
    """
    return "" if filter.root is None else node_text(filter.root)


def node_text(node: Node) -> str:
    """One node in the normal spelling."""
    if isinstance(node, Restriction):
        regex = node.operator in ("=~", "!~")
        return f"{_left(node.left)}{node.operator}{_operand(node.right, regex=regex)}"
    if isinstance(node, Anywhere):
        return quote(node.text)
    if isinstance(node, Call):
        return _call(node)
    return _logic(node, node_text, regex=False)


def _logic(node: And | Or | Not | Value, show: Callable[[Node], str], *, regex: bool) -> str:
    match node:
        case And(terms):
            return " AND ".join(show(term) for term in terms)
        case Or(terms):
            return " OR ".join(_grouped(term, (And,), show) for term in terms)
        case Not(term):
            return "NOT " + _grouped(term, (And, Or, Not), show)
        case Value():
            return _value(node, regex=regex)
        case _:
            assert_never(node)


def path_text(path: Path) -> str:
    """A field, each component quoted where it must be."""
    first, *rest = path.parts
    return ".".join([_component(first, first=True), *(_component(part, first=False) for part in rest)])


def _component(part: str, *, first: bool) -> str:
    bare = is_bare(part) or (not first and part in ("AND", "OR", "NOT"))
    return part if bare else quote(part)


def _grouped(node: Node, kinds: tuple[type, ...], show: Callable[[Node], str]) -> str:
    return f"({show(node)})" if isinstance(node, kinds) else show(node)


def _left(left: Path | Call) -> str:
    return path_text(left) if isinstance(left, Path) else _call(left)


def _operand(node: Node, *, regex: bool) -> str:
    def show(inner: Node) -> str:
        if isinstance(inner, Restriction | Anywhere | Call):
            raise TypeError(f"{type(inner).__name__} cannot stand in a value list")
        return _logic(inner, show, regex=regex)

    return show(node) if isinstance(node, Value) else f"({show(node)})"


def _value(value: Value, *, regex: bool) -> str:
    if value.special:
        return value.text
    # A pattern is kept as it was written: RE2 reads its escapes, the quotes know only \".
    return f'"{value.text}"' if regex else quote(value.text)


def _call(call: Call) -> str:
    args = list(call.args)
    shown = [path_text(arg) if isinstance(arg, Path) else _call(arg) if isinstance(arg, Call) else "" for arg in args]
    for index, arg in enumerate(args):
        if isinstance(arg, Value):
            bare = call.name in ("source", "sample", "cast") and all(is_bare(part) for part in arg.text.split("."))
            shown[index] = arg.text if bare else quote(arg.text)
    return f"{call.name}({', '.join(shown)})"
