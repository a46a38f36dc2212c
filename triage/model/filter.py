"""The syntax tree of a filter: frozen, comparable, and without positions in its equality.

    Filter ── And | Or | Not | Restriction | Anywhere | Call
    Restriction ── Path or Call, operator, operand
    operand ── Value, or And | Or | Not over Values (a value list)

`span` is where a node stood in the text, for error messages; two trees are equal whatever their spans.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Operator = Literal["=", "!=", "<", "<=", ">", ">=", ":", "=~", "!~"]
Span: TypeAlias = tuple[int, int]
"""Start and end (exclusive), counted in characters of the filter's text."""

MAX_LENGTH = 20_000
"""The Logging API refuses longer filters; comments count (entries.list reference)."""

MAX_DEPTH = 100
"""How deep parentheses may nest. The API names no bound; this one keeps every engine's stack safe."""

MAX_PARTS = 32
"""How many components a field may have. A LogEntry is a protocol buffer, whose values nest about as deep at most."""


@dataclass(frozen=True, slots=True)
class Value:
    """One literal. For `=~` and `!~` the text is the pattern as written between the quotes."""

    text: str
    special: Literal["", "null", "any"] = ""
    """`null` is a bare NULL_VALUE; `any` is the bare `*` of a presence test."""
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Path:
    """A field: its components, unquoted and unescaped."""

    parts: tuple[str, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; the name is in lower case."""

    name: str
    args: "tuple[Path | Value | Call, ...]"
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    """Two or more terms that must all hold."""

    terms: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more terms of which one must hold."""

    terms: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """A term that must not hold."""

    term: "Node"


@dataclass(frozen=True, slots=True)
class Anywhere:
    """A global restriction: some field or payload value contains the text."""

    text: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A field or function, compared with a value or with a list of values."""

    left: Path | Call
    operator: Operator
    right: "Node"


Node: TypeAlias = And | Or | Not | Restriction | Anywhere | Call | Value


@dataclass(frozen=True, slots=True)
class Filter:
    """A whole filter. `root` is None where the text is empty or only comments: everything matches."""

    root: Node | None
    text: str = field(default="", compare=False, repr=False)
