"""DuckDB's spelling of what filters need, over one column that holds whole log entries as JSON."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlglot import exp

from triage.lql.columns import Columns, is_shared
from triage.lql.duckdb_json import extracted, folded, json_path, member_any_case, text_of
from triage.lql.engine import TOKENS, Engine, Test
from triage.lql.sql import (
    FALSE,
    TRUE,
    Sql,
    all_of,
    any_of,
    begins,
    call,
    case,
    cast,
    is_null,
    is_there,
    literal,
    negated,
    sure,
    try_cast,
)
from triage.lql.types import Field, Kind

# What a global restriction does not look at.
_UNSEARCHED = '{"timestamp":null,"receiveTimestamp":null,"severity":null}'

# Where most of what is searched for stands.
_MESSAGES = (("jsonPayload", "MESSAGE"), ("jsonPayload", "message"), ("textPayload",))


class DuckDBEngine(Engine):
    """DuckDB's spelling. With `columns`, what is costly becomes a shared column instead of an expression."""

    def __init__(self, entry: str, columns: Columns | None = None) -> None:
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
        # A list of one, because a lambda names the value that each step looks at several times.
        loose: Sql = exp.Array(expressions=[self.at(field.keys[: field.loose])])
        for key in field.keys[field.loose :]:
            loose = self.mapped(loose, partial(member_any_case, key=key))
        found = exp.Bracket(this=loose, expressions=[exp.Literal.number(1)], offset=1)
        return exp.Coalesce(this=exact, expressions=[found])

    def at(self, keys: Sequence[str]) -> Sql:
        """The JSON text at a path."""
        path = json_path(keys)
        return self.columns.path(path) if self.columns else extracted(self.column(), path)

    def nested(self, field: Field) -> Sql | None:
        """See Engine."""
        if _is_label(field):
            return None
        json = self.json(field)
        return any_of([begins(json, "["), begins(json, "{"), self.behind_array(field)])

    def behind_array(self, field: Field) -> Sql:
        """Whether one of the keys on the way to the field holds an array."""
        first = _root(field) + 1
        ways = [self.at(field.keys[:end]) for end in range(first, len(field.keys))]
        return any_of([sure(begins(way, "[")) for way in ways])

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
                return member_any_case(json, key) if loose else extracted(json, json_path([key]))

            values = self.kept(self.mapped(self.open(values), step), is_there)
        return self.open(values) if opened else values

    def open(self, values: Sql) -> Sql:
        """Each array replaced by its elements, and those that are arrays by theirs."""

        def elements(json: Sql) -> Sql:
            inner = cast(call("json_extract", json, literal("$[*]")), "VARCHAR[]")
            is_array = begins(json, "[")
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
            text: Sql = cast(patched, "VARCHAR")
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
        absent = [(negated(self.contains(self.whole(), run)), FALSE)] if run else []
        return case([*absent, *((test(self.at(keys)), TRUE) for keys in self.likely(field))], found)

    def likely(self, field: Field | None) -> Sequence[tuple[str, ...]]:
        """Where to look first, in columns that other filters look at, too."""
        if self.columns is None:
            return ()
        return [keys for keys in _MESSAGES if field is None or keys[:-1] == field.keys]

    def whole(self) -> Sql:
        """The entry's folded canonical text, in which every folded leaf without escapes occurs as it is."""
        text = cast(call("json_extract", self.column(), literal("$")), "VARCHAR")
        if self.columns is None:
            return self.fold(text)
        return self.columns.share(2, "", folded(self.columns.share(0, "", text)))

    def string(self, json: Sql) -> Sql:
        """See Engine."""
        if self.columns is None or not is_shared(json):
            return call("json_extract_string", json, literal("$"))
        return self.columns.share(2, json.name, text_of(json))

    def fold(self, text: Sql, *, ascii_only: bool = False) -> Sql:  # noqa: ARG002 - one column serves all literals
        """See Engine."""
        if self.columns is None or not is_shared(text):
            return folded(text)
        return self.columns.share(3, text.name, folded(text))

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
        return try_cast(text, "DOUBLE")

    def typed(self, field: Field) -> Sql:
        """See Engine."""
        json = self.json(field)
        text = text_of(json)
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
        if self.columns is None or not is_shared(json):
            return _or(text, literal(""))
        return self.columns.share(2, json.name + "?", _or(text, literal("")))

    def present(self, field: Field) -> Sql:
        """See Engine."""
        there = is_there(self.json(field))
        if field.may_be_missing:
            behind = self.behind_array(field)
            found = self.any_item(self.values(field, opened=False), lambda _: TRUE)
            return there if behind is FALSE else case([(behind, found)], there)
        return all_of([there, exp.NEQ(this=self.json(field), expression=literal("null"))])

    def compare_time(self, field: Field, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        time = self.nanoseconds(self.string(self.json(field)))
        return comparison(this=_or_epoch(time, self.json(field)), expression=exp.Literal.number(ns))

    def nanoseconds(self, text: Sql) -> Sql:
        """RFC 3339 text as nanoseconds since the epoch, NULL where it is none."""
        # TIMESTAMP_NS keeps all nine digits, but takes no notice of an offset other than Z.
        utc = call("epoch_ns", try_cast(text, "TIMESTAMP_NS"))
        zoned = call("epoch_us", try_cast(text, "TIMESTAMPTZ"))
        offset = self.matches(text, r"[+-][0-9]{2}:?[0-9]{2}$")
        is_utc = exp.EndsWith(this=text, expression=literal("Z"))
        thousand = exp.Literal.number(1000)
        return case([(is_utc, utc), (offset, exp.Mul(this=zoned, expression=thousand))], utc)

    def time_text(self, field: Field, zone: str) -> Sql:
        """See Engine."""
        time = try_cast(self.string(self.json(field)), "TIMESTAMPTZ")
        return cast(call("timezone", literal(zone), time), "VARCHAR")

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


def _or(value: Sql, default: Sql) -> Sql:
    return exp.Coalesce(this=value, expressions=[default])


def _or_epoch(time: Sql, json: Sql) -> Sql:
    """A time that is not set is the zero time."""
    return case([(is_null(json), exp.Literal.number(0))], time)


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
    if field.keys[0] == "errorGroups":
        return 0
    return 2 if field.keys[0] in ("resource", "metadata") and len(field.keys) > 1 else 1


def _plain_run(folded: str) -> str:
    """The longest part of a folded text that stands unescaped, and not composed with its neighbours, in folded JSON."""
    runs = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "\0" for c in folded).split("\0")
    return max(runs, key=len)
