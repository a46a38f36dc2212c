"""From the tree to SQL: one walk for all dialects. No expression built here is ever NULL, so NOT means the opposite."""

from triage.lql.calls import Calls
from triage.lql.compare import Comparisons, needed
from triage.lql.engine import Engine
from triage.lql.sql import FALSE, TRUE, Sql, all_of, any_of, case, negated
from triage.lql.types import Field, Kind, check, resolve
from triage.model.filter import And, Anywhere, Call, Filter, Node, Not, Operator, Or, Path, Restriction, Value


def compile_filter(filter: Filter, engine: Engine) -> Sql:  # noqa: A002 - the language's own word
    """The filter as a boolean expression that is never NULL. Raises FilterError as `check` does."""
    check(filter)
    return TRUE if filter.root is None else _Compiler(engine, filter.text).node(filter.root)


class _Compiler:
    def __init__(self, engine: Engine, text: str) -> None:
        self.engine = engine
        self.text = text
        self.compare = Comparisons(engine)
        self.calls = Calls(engine, self.compare, text)

    def node(self, node: Node) -> Sql:
        """A part of the filter as a boolean expression that is never NULL."""
        match node:
            case And(terms):
                different = dict.fromkeys(terms)
                cheap = [self.node(term) for term in different if _is_cheap(term)]
                return self.engine.guarded(cheap, [self.node(term) for term in different if not _is_cheap(term)])
            case Or(terms):
                return any_of([self.node(term) for term in dict.fromkeys(terms)])
            case Not(term):
                return negated(self.node(term))
            case Anywhere(text):
                return self._anywhere(text)
            case Call() | Value():
                return self._call(node)
            case Restriction(left, operator, right):
                return self._operand(left, operator, right)

    def _call(self, node: Call | Value) -> Sql:
        """A function; nothing else can stand there."""
        if isinstance(node, Value):
            raise TypeError("a value stands outside a restriction")
        return self.calls.predicate(node)

    def _anywhere(self, text: str) -> Sql:
        """A global restriction; an empty text stands in every entry."""
        if not text:
            return TRUE
        return self.engine.any_leaf(None, lambda v: self.compare.scalar(v, ":", [Value(text)]), needed([Value(text)]))

    def _operand(self, left: Path | Call, operator: Operator, right: Node) -> Sql:
        """A value list: the field and the operator apply to each leaf. Alternatives are compared in one go."""
        match right:
            case And(terms):
                return all_of([self._operand(left, operator, term) for term in terms])
            case Or(terms):
                plain = [term for term in terms if isinstance(term, Value)]
                rest = [self._operand(left, operator, term) for term in terms if not isinstance(term, Value)]
                return any_of([*([self._restriction(left, operator, plain)] if plain else []), *rest])
            case Not(term):
                return negated(self._operand(left, operator, term))
            case Value():
                return self._restriction(left, operator, [right])
            case _:
                raise TypeError(f"{type(right).__name__} cannot stand in a value list")

    def _restriction(self, left: Path | Call, operator: Operator, values: list[Value]) -> Sql:
        """Whether the comparison holds with any of the values."""
        if isinstance(left, Call):
            return self.calls.derived(left, operator, values)
        field = resolve(left, self.text)
        everything = operator == ":" and any(
            v.special == "any" or (not v.text and field.may_be_missing) for v in values
        )
        if everything:
            return self.engine.present(field)
        match field.kind:
            case Kind.DYNAMIC:
                return self._dynamic(field, operator, values)
            case Kind.MESSAGE:
                return self._inside(field, values) if operator == ":" else FALSE
            case Kind.TIMESTAMP:
                return self.compare.times(operator, values, lambda kind, ns: self.engine.compare_time(field, kind, ns))
            case kind:
                return self.compare.typed(self.engine.typed(field), kind, operator, values)

    def _dynamic(self, field: Field, operator: Operator, values: list[Value]) -> Sql:
        """A comparison with a field whose kind each entry decides; arrays and objects are looked into."""

        def test(json: Sql) -> Sql:
            return self.compare.scalar(json, operator, values)

        nested = self.engine.nested(field)
        flat = test(self.engine.json(field))
        if nested is None:
            return flat
        deep = self._inside(field, values) if operator == ":" else self.engine.any_value(field, test)
        return case([(nested, deep)], flat)

    def _inside(self, field: Field, values: list[Value]) -> Sql:
        """Whether one of the values is in a leaf below the field."""
        return self.engine.any_leaf(field, lambda json: self.compare.scalar(json, ":", values), needed(values))


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
