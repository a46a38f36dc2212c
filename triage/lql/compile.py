"""What every operator means, as SQL: one walk over the tree, with an engine for what each dialect spells its own way.

An engine hands out *JSON text*: the canonical JSON of the value at a path (NULL where there is none). Its first character
tells the type, in every dialect alike, and each branch below compares only what has that type. No expression built
here is ever NULL, so NOT means the opposite.
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
    def fold(self, text: Sql) -> Sql:
        """The text as comparisons see it."""

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
                return all_of([self.node(term) for term in terms])
            case Or(terms):
                return any_of([self.node(term) for term in terms])
            case Not(term):
                return negated(self.node(term))
            case Anywhere(""):
                return TRUE
            case Anywhere(text):
                return self.engine.any_leaf(None, lambda v: self.scalar(v, ":", [Value(text)]), literals.fold(text))
            case Call():
                return self.predicate(node)
            case Restriction(left, operator, right):
                return self.operand(left, operator, right)
            case Value():
                raise TypeError("a value stands outside a restriction")

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
        match kind:
            case Kind.STRING:
                return self.strings(value, operator, [v.text for v in values])
            case Kind.SEVERITY if operator in ("=~", "!~"):
                return self.strings(value, operator, [v.text for v in values])
            case Kind.SEVERITY:
                rank = case(
                    [(exp.EQ(this=value, expression=literal(n)), _number(r)) for n, r in SEVERITIES.items()], _number(0)
                )
                return self.numbers(rank, operator, [severity_number(v.text) for v in values])
            case Kind.BOOL:
                return self.booleans(value, operator, [literals.boolean(v.text) for v in values])
            case Kind.DURATION:
                lengths = [literals.duration(v.text) for v in values]
                return self.numbers(value, operator, [None if ns is None else ns / 1e9 for ns in lengths])
            case _:
                return self.numbers(value, operator, [literals.number(v.text) for v in values])

    def strings(self, text: Sql, operator: Operator, values: list[str]) -> Sql:
        if operator in ("=~", "!~"):
            found = [self.engine.matches(text, pattern) for pattern in values]
            return any_of(found if operator == "=~" else [negated(term) for term in found])
        folded = self.engine.fold(text)
        if operator == ":":
            return any_of([self.engine.contains(folded, literals.fold(v)) if v else TRUE for v in values])
        wanted = [literal(literals.fold(v)) for v in dict.fromkeys(values)]
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
        part = literals.fold(values[0].text) if len(values) == 1 and not values[0].special else ""
        return self.engine.any_leaf(field, lambda json: self.scalar(json, ":", values), part)

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

    def predicate(self, node: Call) -> Sql:
        first = node.args[0]
        match node.name:
            case "log_id" if isinstance(first, Value):
                return self.log_id(first.text)
            case "source" if isinstance(first, Value):
                name = self.engine.typed(Field(("logName",), Kind.STRING, 1))
                return exp.StartsWith(this=name, expression=literal(f"{first.text}/logs/"))
            case "search":
                return self.search(node)
            case "sample" if isinstance(first, Path) and isinstance(node.args[1], Value):
                text, fraction = self.scalar_text(first), float(node.args[1].text)
                if fraction >= 1:
                    return exp.Not(this=exp.Is(this=text, expression=exp.Null()))
                return sure(self.engine.sampled(text, fraction))
            case _:
                return self.ip_in_net(node)

    def log_id(self, name: str) -> Sql:
        """The id stands URL-encoded in the log's name; the argument may be written either way."""
        log = self.engine.fold(self.engine.typed(Field(("logName",), Kind.STRING, 1)))
        encoded = name.replace("/", "%2F")
        return exp.EndsWith(this=log, expression=literal("/logs/" + literals.fold(encoded)))

    def search(self, node: Call) -> Sql:
        query = node.args[-1]
        field = resolve(node.args[0], self.text) if isinstance(node.args[0], Path) else None
        patterns = search_patterns(query.text) if isinstance(query, Value) else []
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
        left, net = node.args
        assert isinstance(net, Value)  # noqa: S101 - the parser has checked the arguments
        if isinstance(left, Call):
            return sure(self.engine.in_net(self.value_of(left)[0], net.text))
        if not isinstance(left, Path):
            return FALSE
        field = resolve(left, self.text)
        if field.kind is not Kind.DYNAMIC:
            return sure(self.engine.in_net(self.scalar_text(left), net.text))

        def test(json: Sql) -> Sql:
            return case([(_begins(json, '"'), sure(self.engine.in_net(self.engine.string(json), net.text)))])

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
        left, how = node.args[0], node.args[1]
        assert isinstance(how, Value)  # noqa: S101 - the parser has checked the arguments
        zone = "UTC"
        if len(node.args) > 2 and isinstance(node.args[2], Call) and isinstance(node.args[2].args[0], Value):
            zone = node.args[2].args[0].text
        if isinstance(left, Call):
            text = self.value_of(left)[0]
        elif isinstance(left, Path):
            text = self.scalar_text(left, zone if len(node.args) > 2 else "")
        else:
            return exp.Null(), Kind.STRING
        if node.name == "regexp_extract":
            return self.engine.extract(text, how.text), Kind.STRING
        return self.cast(text, how.text)

    def cast(self, text: Sql, target: str) -> tuple[Sql, Kind]:
        if target == "STRING":
            return text, Kind.STRING
        if target == "TIMESTAMP":
            return text, Kind.TIMESTAMP
        if target == "BOOL":
            known = {"true": TRUE, "false": FALSE}
            lower = self.engine.fold(text)
            branches = [(exp.EQ(this=lower, expression=literal(name)), value) for name, value in known.items()]
            return case(branches, exp.Null()), Kind.BOOL
        if target == "DURATION":
            seconds = self.engine.to_number(self.engine.extract(text, r"^(-?[0-9.]+)s$"))
            return seconds, Kind.DURATION
        pattern = r"^([+-]?[0-9]+)$" if target == "INT64" else r"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)$"
        return self.engine.to_number(self.engine.extract(text, pattern)), Kind.NUMBER

    def scalar_text(self, path: Path, zone: str = "") -> Sql:
        """The text of a field that holds one value; NULL where it is missing, or holds several."""
        field = resolve(path, self.text)
        if field.kind is Kind.TIMESTAMP:
            return self.engine.time_text(field, zone or "UTC")
        if field.kind is Kind.STRING:
            return self.engine.typed(field)
        json = self.engine.json(field)
        if not field.may_be_missing:
            default = _DEFAULT_TEXT.get(field.kind)
            json = exp.Coalesce(this=json, expressions=[literal(default)]) if default else json
        several = any_of([_begins(json, "{"), _begins(json, "["), exp.EQ(this=json, expression=literal("null"))])
        return case([(_begins(json, '"'), self.engine.string(json)), (several, exp.Null())], json)


def _begins(json: Sql, first: str) -> Sql:
    return exp.StartsWith(this=json, expression=literal(first))


def _number(value: float) -> Sql:
    text = repr(float(value)) if value != int(value) or abs(value) > 2**53 else str(int(value))
    return exp.Literal.number(text)
