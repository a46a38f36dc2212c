"""The filter as DuckDB SQL, over one column that holds whole log entries as JSON.

Speed comes from two things. Texts are folded by `lower` as long as they are ASCII; only others call `lql_fold`, a
Python function that `prepare` registers. And `compile_many` parses each entry once for all the paths of all filters.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
from sqlglot import exp

from triage.lql import literals
from triage.lql.compile import (
    FALSE,
    TRUE,
    Engine,
    Sql,
    Test,
    all_of,
    any_of,
    call,
    case,
    compile_filter,
    literal,
    negated,
    sure,
)
from triage.lql.tree import Filter
from triage.lql.types import Field, Kind

# Strings (with a `:` behind them where they are keys), numbers and bools of canonical JSON; a string is taken whole, so
# nothing inside it is mistaken for a token.
TOKENS = r'(?s)"(?:[^"\\]|\\.)*":?|-?[0-9][^,}\]]*|true|false'

# What a global restriction does not look at.
_UNSEARCHED = '{"timestamp":null,"receiveTimestamp":null,"severity":null}'


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Register the functions that compiled filters call, once per connection.

    `lql_fold(text)` for text beyond ASCII, `lql_in_net(text, net)` for ip_in_net.
    """
    known = connection.execute(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name IN ('lql_fold', 'lql_in_net')"
    ).fetchall()
    if known == [(0,)]:
        connection.create_function("lql_fold", literals.fold, ["VARCHAR"], "VARCHAR")
        connection.create_function("lql_in_net", _in_net, ["VARCHAR", "VARCHAR"], "BOOLEAN")


def _in_net(text: str, net: str) -> bool:
    try:
        subnet, inner = ipaddress.ip_network(net, strict=False), ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    if isinstance(subnet, ipaddress.IPv4Network):
        return isinstance(inner, ipaddress.IPv4Network) and inner.subnet_of(subnet)
    return isinstance(inner, ipaddress.IPv6Network) and inner.subnet_of(subnet)


def compile_duckdb(filter: Filter, *, entry: str = "entry") -> str:  # noqa: A002 - the language's own word
    """One filter as a boolean SQL expression, never NULL, over the JSON column `entry`.

    The connection that runs it must be `prepare`d. Raises FilterError as `check` does.
    """
    return str(compile_filter(filter, DuckDBEngine(entry)).sql("duckdb"))


def compile_many(filters: Mapping[str, Filter], *, relation: str, entry: str = "entry") -> str:
    """Many filters as one SELECT: the relation's columns, and for each filter a boolean column of its name.

    `relation` is a table's name or a subquery in parentheses; each entry is parsed once, each text folded once, however
    many filters look at it. The connection that runs it must be `prepare`d. Raises FilterError as `check` does.
    """
    columns = _Columns(entry)
    engine = DuckDBEngine(entry, columns)
    wanted = [(name, compile_filter(each, engine)) for name, each in filters.items()]
    source = relation if relation.startswith("(") else exp.to_table(relation, dialect="duckdb").sql("duckdb")
    return columns.select(wanted, source)


class _Columns:
    """Expressions that several filters share, in layers: a layer sees the columns of those below."""

    def __init__(self, entry: str) -> None:
        self.entry = entry
        self.paths: dict[str, int] = {}
        self.layers: list[dict[str, tuple[str, Sql]]] = [{}, {}, {}, {}]

    def path(self, path: str) -> Sql:
        """A path of the entry, out of the one list of them all."""
        index = self.paths.setdefault(path, len(self.paths) + 1)
        listed = exp.Bracket(this=exp.column("_lql"), expressions=[exp.Literal.number(index)], offset=1)
        return self.share(1, path, listed)

    def share(self, layer: int, key: str, value: Sql) -> Sql:
        """A column for the expression, the same for the same key."""
        name, _ = self.layers[layer].setdefault(key, (f"_lql_{layer}_{len(self.layers[layer])}", value))
        return exp.column(name)

    def select(self, wanted: Sequence[tuple[str, Sql]], source: str) -> str:
        query = source
        hidden: list[str] = []
        if self.paths:
            listed = exp.Array(expressions=[literal(path) for path in self.paths])
            extracted = call("json_extract", exp.column(self.entry, quoted=True), listed)
            query = _with_columns(query, [("_lql", exp.cast(extracted, "VARCHAR[]", dialect="duckdb"))])
            hidden.append("_lql")
        for layer in self.layers:
            if layer:
                query = _with_columns(query, list(layer.values()))
                hidden.extend(name for name, _ in layer.values())
        exclude = f" EXCLUDE ({', '.join(hidden)})" if hidden else ""
        return _selected(query, f"*{exclude}", wanted)


def _with_columns(query: str, columns: Sequence[tuple[str, Sql]]) -> str:
    return f"({_selected(query, '*', columns)})"


def _selected(query: str, star: str, columns: Sequence[tuple[str, Sql]]) -> str:
    shown = [star, *(exp.alias_(value, name, quoted=True).sql("duckdb") for name, value in columns)]
    return f"SELECT {', '.join(shown)} FROM {query}"  # noqa: S608 - every part comes from the SQL builder


class DuckDBEngine(Engine):
    """DuckDB's spelling. With `columns`, what is costly becomes a shared column instead of an expression."""

    def __init__(self, entry: str, columns: _Columns | None = None) -> None:
        self.entry = entry
        self.columns = columns
        self.variables = 0

    def column(self) -> Sql:
        """The column that holds the entry."""
        return exp.column(self.entry, quoted=True)

    def json(self, field: Field) -> Sql:
        """See Engine."""
        exact = self.at(field.keys)
        if field.loose == len(field.keys):
            return exact
        loose = self.at(field.keys[: field.loose])
        for key in field.keys[field.loose :]:
            loose = _member_any_case(loose, key)
        return exp.Coalesce(this=exact, expressions=[loose])

    def at(self, keys: Sequence[str]) -> Sql:
        """The JSON text at a path."""
        path = json_path(keys)
        return self.columns.path(path) if self.columns else _extract(self.column(), path)

    def nested(self, field: Field) -> Sql | None:
        """See Engine."""
        if _is_label(field):
            return None
        json = self.json(field)
        inner = [exp.StartsWith(this=json, expression=literal(opening)) for opening in "[{"]
        return any_of([*inner, self.behind_array(field)])

    def behind_array(self, field: Field) -> Sql:
        """Whether one of the keys on the way to the field holds an array."""
        first = _root(field) + 1
        ways = [self.at(field.keys[:end]) for end in range(first, len(field.keys))]
        return any_of([sure(exp.StartsWith(this=way, expression=literal("["))) for way in ways])

    def any_value(self, field: Field, test: Test) -> Sql:
        """See Engine."""
        return self.any_item(self.values(field), test)

    def any_item(self, items: Sql, test: Test) -> Sql:
        """Whether an element of a list passes."""
        return exp.GT(this=call("len", self.kept(items, test)), expression=exp.Literal.number(0))

    def values(self, field: Field, *, opened: bool = True) -> Sql:
        """The values at a field as a list of JSON texts, arrays on the way opened (and at its end, if told)."""
        start = _root(field) + 1
        values: Sql = exp.Array(expressions=[self.at(field.keys[:start])])
        for index, key in enumerate(field.keys[start:], start):
            loose = index >= field.loose

            def step(json: Sql, key: str = key, loose: bool = loose) -> Sql:
                return _member_any_case(json, key) if loose else _extract(json, json_path([key]))

            values = self.kept(
                self.mapped(self.open(values), step), lambda v: negated(exp.Is(this=v, expression=exp.Null()))
            )
        return self.open(values) if opened else values

    def open(self, values: Sql) -> Sql:
        """Each array replaced by its elements, and those that are arrays by theirs."""

        def elements(json: Sql) -> Sql:
            inner = exp.cast(call("json_extract", json, literal("$[*]")), "VARCHAR[]", dialect="duckdb")
            is_array = exp.StartsWith(this=json, expression=literal("["))
            return case([(is_array, inner)], exp.Array(expressions=[json]))

        for _ in range(2):
            values = call("flatten", self.mapped(values, elements))
        return values

    def mapped(self, items: Sql, function: Callable[[Sql], Sql]) -> Sql:
        """list_transform."""
        return call("list_transform", items, self.function(function))

    def kept(self, items: Sql, test: Test) -> Sql:
        """list_filter."""
        return call("list_filter", items, self.function(test))

    def function(self, body: Callable[[Sql], Sql]) -> Sql:
        """A lambda; each has a variable of its own, so that none hides another."""
        self.variables += 1
        name = exp.to_identifier(f"v{self.variables}")
        return exp.Lambda(this=body(exp.column(name.copy())), expressions=[name])

    def any_leaf(self, field: Field | None, test: Test, part: str) -> Sql:
        """See Engine."""
        if field is None:
            patched = call("json_merge_patch", self.column(), literal(_UNSEARCHED))
            text: Sql = exp.cast(patched, "VARCHAR")
        else:
            text = self.json(field)
            behind = self.behind_array(field)
            if behind is not FALSE:
                text = case([(behind, call("array_to_string", self.values(field), literal(",")))], text)
        tokens = call("regexp_extract_all", text, literal(TOKENS))
        leaves = self.kept(tokens, lambda v: exp.Not(this=exp.EndsWith(this=v, expression=literal(":"))))
        found = sure(self.any_item(leaves, test))
        if field is not None and len(field.keys) > 1:
            return found
        run = _plain_run(part)
        return case([(self.contains(self.whole(), run), found)]) if run else found

    def whole(self) -> Sql:
        """The entry's folded canonical text, in which every folded leaf without escapes occurs as it is."""
        text = exp.cast(call("json_extract", self.column(), literal("$")), "VARCHAR")
        if self.columns is None:
            return self.fold(text)
        return self.columns.share(2, "", _fold(self.columns.share(0, "", text)))

    def string(self, json: Sql) -> Sql:
        """See Engine."""
        if self.columns is None or not _is_shared(json):
            return call("json_extract_string", json, literal("$"))
        return self.columns.share(2, json.name, _text(json))

    def fold(self, text: Sql, *, ascii_only: bool = False) -> Sql:  # noqa: ARG002 - one column serves all literals
        """See Engine."""
        if self.columns is None or not _is_shared(text):
            return _fold(text)
        return self.columns.share(3, text.name, _fold(text))

    def guarded(self, cheap: list[Sql], costly: list[Sql]) -> Sql:
        """See Engine. A projection computes both sides of an AND; a CASE, the second only where the first holds."""
        return case([(all_of(cheap), all_of(costly))]) if cheap and costly else all_of(cheap + costly)

    def contains(self, text: Sql, part: str) -> Sql:
        """See Engine."""
        return call("contains", text, literal(part))

    def matches(self, text: Sql, pattern: str) -> Sql:
        """See Engine."""
        return call("regexp_matches", text, literal(pattern))

    def extract(self, text: Sql, pattern: str) -> Sql:
        """See Engine."""
        group = call("regexp_extract", text, literal(pattern), exp.Literal.number(1))
        return case([(self.matches(text, pattern), group)], exp.Null())

    def to_number(self, text: Sql) -> Sql:
        """See Engine."""
        return exp.TryCast(this=text, to=exp.DataType.build("DOUBLE"))

    def typed(self, field: Field) -> Sql:
        """See Engine."""
        json = self.json(field)
        text = _text(json)
        match field.kind:
            case Kind.BOOL:
                return sure(exp.EQ(this=json, expression=literal("true")))
            case Kind.NUMBER:
                return _or(self.to_number(call("trim", json, literal('"'))), exp.Literal.number(0))
            case Kind.DURATION:
                return _or(self.to_number(call("rtrim", text, literal("s"))), exp.Literal.number(0))
            case Kind.SEVERITY:
                return call("upper", _or(text, literal("DEFAULT")))
            case _:
                return self.text_or_empty(json, text)

    def text_or_empty(self, json: Sql, text: Sql) -> Sql:
        """The text, empty where the field is not set."""
        if self.columns is None or not _is_shared(json):
            return _or(text, literal(""))
        return self.columns.share(2, json.name + "?", _or(text, literal("")))

    def present(self, field: Field) -> Sql:
        """See Engine."""
        there = negated(exp.Is(this=self.json(field), expression=exp.Null()))
        if field.may_be_missing:
            found = self.any_item(self.values(field, opened=False), lambda _: TRUE)
            return case([(self.behind_array(field), found)], there) if len(field.keys) > 2 else there
        return all_of([there, exp.NEQ(this=self.json(field), expression=literal("null"))])

    def compare_time(self, field: Field, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        time = self.nanoseconds(self.string(self.json(field)))
        return comparison(this=_or_epoch(time, self.json(field)), expression=exp.Literal.number(ns))

    def nanoseconds(self, text: Sql) -> Sql:
        """RFC 3339 text as nanoseconds since the epoch, NULL where it is none."""
        # TIMESTAMP_NS keeps all nine digits, but takes no notice of an offset other than Z.
        utc = call("epoch_ns", exp.TryCast(this=text, to=exp.DataType.build("TIMESTAMP_NS", dialect="duckdb")))
        zoned = call("epoch_us", exp.TryCast(this=text, to=exp.DataType.build("TIMESTAMPTZ", dialect="duckdb")))
        offset = self.matches(text, r"[+-][0-9]{2}:?[0-9]{2}$")
        is_utc = exp.EndsWith(this=text, expression=literal("Z"))
        thousand = exp.Literal.number(1000)
        return case([(is_utc, utc), (offset, exp.Mul(this=zoned, expression=thousand))], utc)

    def time_text(self, field: Field, zone: str) -> Sql:
        """See Engine."""
        time = exp.TryCast(this=self.string(self.json(field)), to=exp.DataType.build("TIMESTAMPTZ", dialect="duckdb"))
        return exp.cast(call("timezone", literal(zone), time), "VARCHAR")

    def to_time(self, text: Sql, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        return comparison(this=self.nanoseconds(text), expression=exp.Literal.number(ns))

    def in_net(self, text: Sql, net: str) -> Sql:
        """See Engine."""
        return call("lql_in_net", text, literal(net))

    def sampled(self, text: Sql, fraction: float) -> Sql:
        """See Engine."""
        digits = call("substr", call("md5", text), exp.Literal.number(1), exp.Literal.number(8))
        return exp.LT(this=digits, expression=literal(f"{int(fraction * 2**32):08x}"))


def json_path(keys: Sequence[str]) -> str:
    """DuckDB's JSON path to a chain of keys, each taken as it is."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def _extract(json: Sql, path: str) -> Sql:
    return exp.cast(call("json_extract", json, literal(path)), "VARCHAR")


def _text(json: Sql) -> Sql:
    """The text of a string, NULL of anything else."""
    is_string = exp.StartsWith(this=json, expression=literal('"'))
    return case([(is_string, call("json_extract_string", json, literal("$")))], exp.Null())


def _member_any_case(json: Sql, key: str) -> Sql:
    """A key in any letter case: only such names are looked for as could be a protocol buffer's."""
    name = key.replace("_", "").lower()
    if not (name.isascii() and name.replace("@", "").isalnum()):
        return _extract(json, json_path([key]))
    wanted = exp.to_identifier("k")
    same = exp.EQ(this=call("lower", exp.column(wanted.copy())), expression=literal(name))
    keys = call("json_keys", json)
    found = call("list_filter", keys, exp.Lambda(this=same, expressions=[wanted]))
    first = exp.Bracket(this=found, expressions=[exp.Literal.number(1)], offset=1)
    path = exp.DPipe(this=exp.DPipe(this=literal('$."'), expression=first), expression=literal('"'))
    is_object = exp.StartsWith(this=json, expression=literal("{"))
    return case([(is_object, exp.cast(call("json_extract", json, path), "VARCHAR"))], exp.Null())


def _fold(text: Sql) -> Sql:
    is_ascii = exp.EQ(this=call("strlen", text), expression=call("length", text))
    return case([(is_ascii, call("lower", text))], call("lql_fold", text))


def _or(value: Sql, default: Sql) -> Sql:
    return exp.Coalesce(this=value, expressions=[default])


def _or_epoch(time: Sql, json: Sql) -> Sql:
    """A time that is not set is the zero time."""
    return case([(exp.Is(this=json, expression=exp.Null()), exp.Literal.number(0))], time)


def _is_shared(value: Sql) -> bool:
    return isinstance(value, exp.Column) and value.name.startswith("_lql_")


def _is_label(field: Field) -> bool:
    """A value of a map of strings: neither array nor object."""
    return (
        field.kind is Kind.DYNAMIC
        and len(field.keys) == _root(field) + 1
        and field.keys[_root(field) - 1]
        in (
            "labels",
            "userLabels",
        )
        and field.keys[0] != "jsonPayload"
    )


def _root(field: Field) -> int:
    """How many keys lead to the struct or map below which arrays may lie."""
    return 2 if field.keys[0] in ("resource", "metadata") and len(field.keys) > 1 else 1


def _plain_run(folded: str) -> str:
    """The longest part of a folded text that stands unescaped, and not composed with its neighbours, in folded JSON."""
    runs = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "\0" for c in folded).split("\0")
    return max(runs, key=len)
