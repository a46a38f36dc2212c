"""What the functions mean, as SQL."""

from sqlglot import exp

from triage.lql import literals
from triage.lql.compare import Comparisons
from triage.lql.engine import Engine
from triage.lql.search import search_patterns
from triage.lql.sql import FALSE, TRUE, Sql, all_of, any_of, begins, case, is_there, literal, sure
from triage.lql.types import Field, Kind, resolve
from triage.model.filter import Call, Operator, Path, Value

_DEFAULT_TEXT = {Kind.NUMBER: "0", Kind.BOOL: "false", Kind.SEVERITY: "DEFAULT", Kind.DURATION: "0s"}


class Calls:
    """Calls in an engine's dialect; `text` is the filter's, for error messages."""

    def __init__(self, engine: Engine, compare: Comparisons, text: str) -> None:
        self.engine = engine
        self.compare = compare
        self.text = text

    def predicate(self, node: Call) -> Sql:
        """A function that is true or false by itself."""
        functions = {
            "log_id": self._log_id,
            "source": self._source,
            "search": self._search,
            "sample": self._sample,
            "ip_in_net": self._ip_in_net,
        }
        return functions[node.name](node)

    def _source(self, node: Call) -> Sql:
        name = self.engine.typed(Field(("logName",), Kind.STRING, 1))
        return exp.StartsWith(this=name, expression=literal(f"{_argument(node, 0)}/logs/"))

    def _sample(self, node: Call) -> Sql:
        text, fraction = self._scalar_text(_path(node)), float(_argument(node, 1))
        if fraction >= 1:
            return is_there(text)
        return sure(self.engine.sampled(text, fraction))

    def _log_id(self, node: Call) -> Sql:
        """The id stands URL-encoded in the log's name; the argument may be written either way."""
        name = _argument(node, 0)
        log = self.engine.fold(self.engine.typed(Field(("logName",), Kind.STRING, 1)), ascii_only=name.isascii())
        encoded = name.replace("/", "%2F")
        return exp.EndsWith(this=log, expression=literal("/logs/" + literals.fold(encoded)))

    def _search(self, node: Call) -> Sql:
        field = resolve(_path(node), self.text) if len(node.args) > 1 else None
        patterns = search_patterns(_argument(node, -1))
        return all_of([self._found(field, pattern, literals.fold(part)) for pattern, part in patterns])

    def _found(self, field: Field | None, pattern: str, part: str) -> Sql:
        def test(json: Sql) -> Sql:
            return case([(begins(json, '"'), self.engine.matches(self.engine.string(json), pattern))])

        if field is not None and field.kind is Kind.STRING:
            return self.engine.matches(self.engine.typed(field), pattern)
        if field is not None and field.kind not in (Kind.DYNAMIC, Kind.MESSAGE):
            return FALSE
        return self.engine.any_leaf(field, test, part)

    def _ip_in_net(self, node: Call) -> Sql:
        left, net = node.args[0], _argument(node, 1)
        if isinstance(left, Call):
            return sure(self.engine.in_net(self._value_of(left)[0], net))
        path = _path(node)
        field = resolve(path, self.text)
        if field.kind is not Kind.DYNAMIC:
            return sure(self.engine.in_net(self._scalar_text(path), net))

        def test(json: Sql) -> Sql:
            return case([(begins(json, '"'), sure(self.engine.in_net(self.engine.string(json), net)))])

        return self.engine.any_value(field, test)

    def derived(self, node: Call, operator: Operator, values: list[Value]) -> Sql:
        """The value of cast() or regexp_extract(), compared; false where it could not be had."""
        value, kind = self._value_of(node)
        if any(v.special == "any" for v in values):
            return is_there(value)
        if kind is Kind.TIMESTAMP:
            return self.compare.times(
                operator, values, lambda comparison, ns: self.engine.to_time(value, comparison, ns)
            )
        return sure(self.compare.typed(value, kind, operator, values))

    def _value_of(self, node: Call) -> tuple[Sql, Kind]:
        left, how = node.args[0], _argument(node, 1)
        if isinstance(left, Call):
            text = self._value_of(left)[0]
        else:
            zone = _argument(zoned, 0) if isinstance(zoned := node.args[-1], Call) else "UTC"
            text = self._scalar_text(_path(node), zone)
        if node.name == "regexp_extract":
            return self.engine.extract(text, how), Kind.STRING
        return self._cast(text, how)

    def _cast(self, text: Sql, target: str) -> tuple[Sql, Kind]:
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

    def _scalar_text(self, path: Path, zone: str = "UTC") -> Sql:
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
        several = any_of([begins(json, "{"), begins(json, "["), exp.EQ(this=json, expression=literal("null"))])
        return case([(begins(json, '"'), self.engine.string(json)), (several, exp.Null())], json)


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
