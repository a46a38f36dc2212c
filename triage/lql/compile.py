"""What every operator means, as SQL: one walk over the tree, with an engine for what each dialect spells its own way.

An engine hands out *JSON text*: the canonical JSON of the value at a path (NULL where there is none). Its first
character tells the type, in every dialect alike, and each branch below compares only what has that type. No expression
built here is ever NULL, so NOT means the opposite.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sqlglot import exp

from triage.lql import literals
from triage.lql.search import search_patterns
from triage.lql.tree import And, Anywhere, Call, Filter, Node, Not, Operator, Or, Path, Restriction, Value
from triage.lql.types import SEVERITIES, Field, Kind, check, resolve, severity_number

Sql: TypeAlias = Any
"""A sqlglot expression; the library has no types of its own."""

Test: TypeAlias = Callable[[Sql], Sql]

TRUE = exp.true()
FALSE = exp.false()
_COMPARE = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}

_DEFAULT_TEXT = {Kind.NUMBER: "0", Kind.BOOL: "false", Kind.SEVERITY: "DEFAULT", Kind.DURATION: "0s"}


class Engine(ABC):
    """What differs between the dialects. Every boolean it gives is never NULL unless it says so."""

    @abstractmethod
    def json(self, field: Field) -> Sql:
        """The JSON text at a field, without looking into arrays; NULL where nothing is there."""

    @abstractmethod
    def nested(self, field: Field) -> Sql | None:
        """Whether the value lies in or behind an array, or is an object; None where it cannot."""

    @abstractmethod
    def any_value(self, field: Field, test: Test) -> Sql:
        """Whether a value at the field, arrays on the way and at its end opened, passes the test of its JSON text."""

    @abstractmethod
    def any_leaf(self, field: Field | None, test: Test, part: str) -> Sql:
        """Whether a string, number or bool anywhere below the field (None: the whole entry) passes the test.

        No leaf without `part` (folded text, may be empty) can pass: a hint for speed.
        """

    @abstractmethod
    def string(self, json: Sql) -> Sql:
        """The text that the JSON text of a string stands for."""

    @abstractmethod
    def fold(self, text: Sql, *, ascii_only: bool) -> Sql:
        """The text as comparisons see it. `ascii_only`: it is compared with ASCII literals alone."""

    def guarded(self, cheap: list[Sql], costly: list[Sql]) -> Sql:
        """All of both; the costly need not be looked at where the cheap do not hold."""
        return all_of(cheap + costly)

    @abstractmethod
    def contains(self, text: Sql, part: str) -> Sql:
        """Whether the text contains the part, as they are."""

    @abstractmethod
    def matches(self, text: Sql, pattern: str) -> Sql:
        """Whether RE2 finds the pattern in the text."""

    @abstractmethod
    def extract(self, text: Sql, pattern: str) -> Sql:
        """The first match's only group, NULL where there is no match."""

    @abstractmethod
    def to_number(self, text: Sql) -> Sql:
        """The text as a double, NULL where it is none."""

    @abstractmethod
    def typed(self, field: Field) -> Sql:
        """The value of a field of the LogEntry: text, double or bool by its kind, its default where it is not set.

        Severities are their names; durations are seconds.
        """

    @abstractmethod
    def present(self, field: Field) -> Sql:
        """Whether the field is explicitly set."""

    @abstractmethod
    def compare_time(self, field: Field, comparison: type[Any], ns: int) -> Sql:
        """A timestamp field against an instant. NULL where the entry's time is malformed."""

    @abstractmethod
    def time_text(self, field: Field, zone: str) -> Sql:
        """A timestamp field as `2018-06-08 13:20:05.123456` in a time zone."""

    @abstractmethod
    def to_time(self, text: Sql, comparison: type[Any], ns: int) -> Sql:
        """RFC 3339 text against an instant, NULL where it is none."""

    @abstractmethod
    def in_net(self, text: Sql, net: str) -> Sql:
        """Whether the text is an address or range within the subnet."""

    @abstractmethod
    def sampled(self, text: Sql, fraction: float) -> Sql:
        """Whether the text's hash falls below the fraction: the same in every dialect."""


def literal(text: str) -> Sql:
    """A string literal."""
    return exp.Literal.string(text)


def call(name: str, *args: Sql) -> Sql:
    """A function call, spelt as it is."""
    return exp.Anonymous(this=name, expressions=list(args))


def case(branches: Sequence[tuple[Sql, Sql]], default: Sql = FALSE) -> Sql:
    """CASE WHEN … THEN … ELSE default END; branches that only repeat the default fall away."""
    kept = [(when, then) for when, then in branches if then is not default]
    if not kept:
        return default
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in kept], default=default)


def any_of(terms: Sequence[Sql]) -> Sql:
    """OR over any number of terms, as a tree of small depth."""
    if any(term is TRUE for term in terms):
        return TRUE
    return _balanced(exp.Or, [term for term in terms if term is not FALSE]) or FALSE


def all_of(terms: Sequence[Sql]) -> Sql:
    """AND over any number of terms, as a tree of small depth."""
    if any(term is FALSE for term in terms):
        return FALSE
    return _balanced(exp.And, [term for term in terms if term is not TRUE]) or TRUE


def negated(term: Sql) -> Sql:
    """NOT."""
    if term is TRUE or term is FALSE:
        return FALSE if term is TRUE else TRUE
    return exp.Not(this=exp.Paren(this=term))


def sure(term: Sql) -> Sql:
    """The boolean, false where it is NULL."""
    return term if term is TRUE or term is FALSE else exp.Coalesce(this=term, expressions=[FALSE])


def _balanced(kind: type[Any], terms: list[Sql]) -> Sql | None:
    if len(terms) < 2:
        return terms[0] if terms else None
    half = len(terms) // 2
    return exp.Paren(this=kind(this=_balanced(kind, terms[:half]), expression=_balanced(kind, terms[half:])))


def compile_filter(filter: Filter, engine: Engine) -> Sql:  # noqa: A002 - the language's own word
    """The filter as a boolean expression that is never NULL. Raises FilterError as `check` does."""
    check(filter)
    return TRUE if filter.root is None else _Compiler(engine, filter.text).node(filter.root)


class _Compiler:
    def __init__(self, engine: Engine, text: str) -> None:
        self.engine = engine
        self.text = text

    def node(self, node: Node) -> Sql:
        match node:
            case And(terms):
                cheap = [self.node(term) for term in terms if _is_cheap(term)]
                return self.engine.guarded(cheap, [self.node(term) for term in terms if not _is_cheap(term)])
            case Or(terms):
                return any_of([self.node(term) for term in terms])
            case Not(term):
                return negated(self.node(term))
            case Anywhere() | Call():
                return self.predicate(node)
            case Restriction(left, operator, right):
                return self.operand(left, operator, right)
            case Value():
                raise TypeError("a value stands outside a restriction")

    def anywhere(self, text: str) -> Sql:
        """A global restriction; an empty text stands in every entry."""
        if not text:
            return TRUE
        return self.engine.any_leaf(None, lambda v: self.scalar(v, ":", [Value(text)]), _part([Value(text)]))

    def operand(self, left: Path | Call, operator: Operator, right: Node) -> Sql:
        """A value list: the field and the operator apply to each leaf. Alternatives are compared in one go."""
        match right:
            case And(terms):
                return all_of([self.operand(left, operator, term) for term in terms])
            case Or(terms):
                plain = [term for term in terms if isinstance(term, Value)]
                rest = [self.operand(left, operator, term) for term in terms if not isinstance(term, Value)]
                return any_of([*([self.compare(left, operator, plain)] if plain else []), *rest])
            case Not(term):
                return negated(self.operand(left, operator, term))
            case Value():
                return self.compare(left, operator, [right])
            case _:
                raise TypeError(f"{type(right).__name__} cannot stand in a value list")

    def compare(self, left: Path | Call, operator: Operator, values: list[Value]) -> Sql:
        """Whether the comparison holds with any of the values."""
        if isinstance(left, Call):
            return self.derived(left, operator, values)
        field = resolve(left, self.text)
        everything = operator == ":" and any(
            v.special == "any" or (not v.text and field.may_be_missing) for v in values
        )
        if everything:
            return self.engine.present(field)
        match field.kind:
            case Kind.DYNAMIC:
                return self.dynamic(field, operator, values)
            case Kind.MESSAGE:
                return self.inside(field, values) if operator == ":" else FALSE
            case Kind.TIMESTAMP:
                return self.times(operator, values, lambda kind, ns: self.engine.compare_time(field, kind, ns))
            case kind:
                return self.typed(self.engine.typed(field), kind, operator, values)

    # A value of one known type.

    def typed(self, value: Sql, kind: Kind, operator: Operator, values: list[Value]) -> Sql:
        values = [v for v in values if v.special != "null"] if operator != "!=" else values
        if operator == "!=" and any(v.special == "null" for v in values):
            return TRUE
        texts = [v.text for v in values]
        if kind is Kind.STRING or (kind is Kind.SEVERITY and operator in ("=~", "!~")):
            return self.strings(value, operator, texts)
        if kind is Kind.BOOL:
            return self.booleans(value, operator, [literals.boolean(text) for text in texts])
        if kind is Kind.SEVERITY:
            ranks = [(exp.EQ(this=value, expression=literal(name)), _number(rank)) for name, rank in SEVERITIES.items()]
            return self.numbers(case(ranks, _number(0)), operator, [severity_number(text) for text in texts])
        if kind is Kind.DURATION:
            return self.numbers(value, operator, [_seconds(literals.duration(text)) for text in texts])
        return self.numbers(value, operator, [literals.number(text) for text in texts])

    def strings(self, text: Sql, operator: Operator, values: list[str]) -> Sql:
        if operator in ("=~", "!~"):
            found = [self.engine.matches(text, pattern) for pattern in values]
            return any_of(found if operator == "=~" else [negated(term) for term in found])
        wanted_texts = [literals.fold(value) for value in dict.fromkeys(values)]
        folded = self.engine.fold(text, ascii_only=all(value.isascii() for value in values))
        if operator == ":":
            return any_of([self.engine.contains(folded, value) if value else TRUE for value in wanted_texts])
        wanted = [literal(value) for value in wanted_texts]
        if operator == "=" and len(wanted) > 1:
            return exp.In(this=folded, expressions=wanted)
        return any_of([_COMPARE[operator](this=folded, expression=value) for value in wanted])

    def numbers(self, value: Sql, operator: Operator, wanted: Sequence[float | None]) -> Sql:
        comparison = _COMPARE.get("=" if operator == ":" else operator)
        if comparison is None:
            return FALSE
        return any_of([comparison(this=value, expression=_number(n)) for n in wanted if n is not None])

    def booleans(self, value: Sql, operator: Operator, wanted: Sequence[bool | None]) -> Sql:
        comparison = _COMPARE.get("=" if operator == ":" else operator)
        if comparison is None:
            return FALSE
        return any_of([comparison(this=value, expression=exp.Boolean(this=b)) for b in wanted if b is not None])

    def times(self, operator: Operator, values: list[Value], compare: Callable[[type[Any], int], Sql]) -> Sql:
        comparison = _COMPARE.get("=" if operator == ":" else operator)
        if comparison is None:
            return FALSE
        if operator == "!=" and any(v.special == "null" for v in values):
            return TRUE
        instants = [literals.instant(v.text) for v in values if not v.special]
        return any_of([sure(compare(comparison, ns)) for ns in instants if ns is not None])

    # A value whose type only the entry knows.

    def dynamic(self, field: Field, operator: Operator, values: list[Value]) -> Sql:
        def test(json: Sql) -> Sql:
            return self.scalar(json, operator, values)

        nested = self.engine.nested(field)
        flat = test(self.engine.json(field))
        if nested is None:
            return flat
        deep = self.inside(field, values) if operator == ":" else self.engine.any_value(field, test)
        return case([(nested, deep)], flat) if deep is not flat else flat

    def inside(self, field: Field, values: list[Value]) -> Sql:
        return self.engine.any_leaf(field, lambda json: self.scalar(json, ":", values), _part(values))

    def scalar(self, json: Sql, operator: Operator, values: list[Value]) -> Sql:
        """One JSON value against literals: compared as its own type, false where a literal cannot be of that type."""
        if operator == "!=" and any(v.special == "null" for v in values):
            return case([(exp.NEQ(this=json, expression=literal("null")), TRUE)])
        plain = [v for v in values if not v.special]
        text = self.strings(self.engine.string(json), operator, [v.text for v in plain])
        numbers = self.numbers(self.engine.to_number(json), operator, [literals.number(v.text) for v in plain])
        truth = exp.EQ(this=json, expression=literal("true"))
        booleans = self.booleans(exp.Paren(this=truth), operator, [literals.boolean(v.text) for v in plain])
        null = TRUE if len(plain) < len(values) and operator in ("=", ":") else FALSE
        return case(
            [
                (_begins(json, '"'), text),
                (exp.EQ(this=json, expression=literal("null")), null),
                (exp.In(this=json, expressions=[literal("true"), literal("false")]), booleans),
                (negated(any_of([_begins(json, "{"), _begins(json, "[")])), sure(numbers)),
            ]
        )

    # Functions.

    def predicate(self, node: Call | Anywhere) -> Sql:
        if isinstance(node, Anywhere):
            return self.anywhere(node.text)
        functions = {
            "log_id": self.log_id,
            "source": self.source,
            "search": self.search,
            "sample": self.sample,
            "ip_in_net": self.ip_in_net,
        }
        return functions[node.name](node)

    def source(self, node: Call) -> Sql:
        name = self.engine.typed(Field(("logName",), Kind.STRING, 1))
        return exp.StartsWith(this=name, expression=literal(f"{_argument(node, 0)}/logs/"))

    def sample(self, node: Call) -> Sql:
        text, fraction = self.scalar_text(_path(node)), float(_argument(node, 1))
        if fraction >= 1:
            return exp.Not(this=exp.Is(this=text, expression=exp.Null()))
        return sure(self.engine.sampled(text, fraction))

    def log_id(self, node: Call) -> Sql:
        """The id stands URL-encoded in the log's name; the argument may be written either way."""
        name = _argument(node, 0)
        log = self.engine.fold(self.engine.typed(Field(("logName",), Kind.STRING, 1)), ascii_only=name.isascii())
        encoded = name.replace("/", "%2F")
        return exp.EndsWith(this=log, expression=literal("/logs/" + literals.fold(encoded)))

    def search(self, node: Call) -> Sql:
        field = resolve(_path(node), self.text) if len(node.args) > 1 else None
        patterns = search_patterns(_argument(node, -1))
        return all_of([self.found(field, pattern, literals.fold(part)) for pattern, part in patterns])

    def found(self, field: Field | None, pattern: str, part: str) -> Sql:
        def test(json: Sql) -> Sql:
            return case([(_begins(json, '"'), self.engine.matches(self.engine.string(json), pattern))])

        if field is not None and field.kind is Kind.STRING:
            return self.engine.matches(self.engine.typed(field), pattern)
        if field is not None and field.kind not in (Kind.DYNAMIC, Kind.MESSAGE):
            return FALSE
        return self.engine.any_leaf(field, test, part)

    def ip_in_net(self, node: Call) -> Sql:
        left, net = node.args[0], _argument(node, 1)
        if isinstance(left, Call):
            return sure(self.engine.in_net(self.value_of(left)[0], net))
        path = _path(node)
        field = resolve(path, self.text)
        if field.kind is not Kind.DYNAMIC:
            return sure(self.engine.in_net(self.scalar_text(path), net))

        def test(json: Sql) -> Sql:
            return case([(_begins(json, '"'), sure(self.engine.in_net(self.engine.string(json), net)))])

        return self.engine.any_value(field, test)

    def derived(self, node: Call, operator: Operator, values: list[Value]) -> Sql:
        """The value of cast() or regexp_extract(), compared; false where it could not be had."""
        value, kind = self.value_of(node)
        if any(v.special == "any" for v in values):
            return exp.Not(this=exp.Is(this=value, expression=exp.Null()))
        if kind is Kind.TIMESTAMP:
            return self.times(operator, values, lambda comparison, ns: self.engine.to_time(value, comparison, ns))
        return sure(self.typed(value, kind, operator, values))

    def value_of(self, node: Call) -> tuple[Sql, Kind]:
        left, how = node.args[0], _argument(node, 1)
        if isinstance(left, Call):
            text = self.value_of(left)[0]
        else:
            zone = _argument(zoned, 0) if isinstance(zoned := node.args[-1], Call) else "UTC"
            text = self.scalar_text(_path(node), zone)
        if node.name == "regexp_extract":
            return self.engine.extract(text, how), Kind.STRING
        return self.cast(text, how)

    def cast(self, text: Sql, target: str) -> tuple[Sql, Kind]:
        if target == "STRING":
            return text, Kind.STRING
        if target == "TIMESTAMP":
            return text, Kind.TIMESTAMP
        if target == "BOOL":
            known = {"true": TRUE, "false": FALSE}
            lower = self.engine.fold(text, ascii_only=True)
            branches = [(exp.EQ(this=lower, expression=literal(name)), value) for name, value in known.items()]
            return case(branches, exp.Null()), Kind.BOOL
        if target == "DURATION":
            seconds = self.engine.to_number(self.engine.extract(text, r"^(-?[0-9.]+)s$"))
            return seconds, Kind.DURATION
        pattern = r"^([+-]?[0-9]+)$" if target == "INT64" else r"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)$"
        return self.engine.to_number(self.engine.extract(text, pattern)), Kind.NUMBER

    def scalar_text(self, path: Path, zone: str = "UTC") -> Sql:
        """The text of a field that holds one value; NULL where it is missing, or holds several."""
        field = resolve(path, self.text)
        if field.kind is Kind.TIMESTAMP:
            return self.engine.time_text(field, zone)
        if field.kind is Kind.STRING:
            return self.engine.typed(field)
        json = self.engine.json(field)
        if not field.may_be_missing:
            default = _DEFAULT_TEXT.get(field.kind)
            json = exp.Coalesce(this=json, expressions=[literal(default)]) if default else json
        several = any_of([_begins(json, "{"), _begins(json, "["), exp.EQ(this=json, expression=literal("null"))])
        return case([(_begins(json, '"'), self.engine.string(json)), (several, exp.Null())], json)


def _part(values: list[Value]) -> str:
    """What every text contains that one of the values is found in; a number has many spellings."""
    if len(values) > 1 or values[0].special or literals.number(values[0].text) is not None:
        return ""
    return literals.fold(values[0].text)


def _argument(node: Call, index: int) -> str:
    """The text of an argument that the parser has seen to be a value."""
    arg = node.args[index]
    if not isinstance(arg, Value):
        raise TypeError(f"{node.name}() takes a value there")
    return arg.text


def _path(node: Call) -> Path:
    """The first argument, which the parser has seen to be a field."""
    if not isinstance(node.args[0], Path):
        raise TypeError(f"{node.name}() takes a field there")
    return node.args[0]


def _is_cheap(term: Node) -> bool:
    """A short field of the LogEntry itself, or a key of a struct compared whole."""
    match term:
        case Not(inner):
            return _is_cheap(inner)
        case Call(name):
            return name in ("log_id", "source")
        case Restriction(Path(parts), operator, _):
            return len(parts) <= 2 and (operator in ("=", "!=") or parts[0] in ("severity", "timestamp"))
        case _:
            return False


def _begins(json: Sql, first: str) -> Sql:
    return exp.StartsWith(this=json, expression=literal(first))


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9


def _number(value: float) -> Sql:
    text = repr(float(value)) if value != int(value) or abs(value) > 2**53 else str(int(value))
    return exp.Literal.number(text)
