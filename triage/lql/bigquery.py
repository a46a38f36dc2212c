"""The filter as BigQuery SQL, over the `_AllLogs` view of Log Analytics.

Columns are the LogEntry's fields in snake_case; `json_payload`, `labels`, `resource.labels` and the open parts of
`proto_payload.audit_log` are JSON, the rest are structs (Cloud Logging reference, "Log Analytics schema").

Where BigQuery knows less than the Logging API: times stop at microseconds, so a bound that is finer keeps its whole
microsecond; and an ASCII literal is compared by LOWER, which leaves compatibility characters (`ＯＯＭ`) unfolded.
"""

import ipaddress
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from triage.errors import FilterError
from triage.lql.compile import compile_filter
from triage.lql.duckdb_engine import TOKENS
from triage.lql.engine import Engine, Test
from triage.lql.sql import (
    FALSE,
    Sql,
    any_of,
    case,
    literal,
    sure,
)
from triage.lql.types import AUDIT_LOG, LOG_ENTRY, Field, Kind, Schema
from triage.model.filter import Filter
from triage.units import format_time, from_ns

_AUDIT_TYPE = '"type.googleapis.com/google.cloud.audit.AuditLog"'
_JSON_COLUMNS = {
    ("jsonPayload",): "json_payload",
    ("labels",): "labels",
    ("resource", "labels"): "resource.labels",
}
_SEARCHED = (
    "log_name insert_id trace span_id text_payload resource labels json_payload proto_payload.audit_log operation "
    "http_request source_location split"
)
# Audit fields that repeat: a path through them goes on in JSON.
_REPEATED = frozenset({"authorizationInfo", "currentLocations", "originalLocations"})


def compile_bigquery(filter: Filter) -> str:  # noqa: A002 - the language's own word
    """The filter as a boolean SQL expression, never NULL, for the WHERE of a query over `_AllLogs`.

    Raises FilterError as `check` does, and for a field that `_AllLogs` does not have.
    """
    return str(compile_filter(filter, BigQueryEngine(filter.text)).sql("bigquery"))


@cache
def _parsed(template: str) -> Any:
    return sqlglot.parse_one(template, read="bigquery")


def _sql(template: str, **parts: Sql) -> Sql:
    """The template, with expressions in the places of its columns `_name`."""

    def filled(node: Any) -> Any:
        if isinstance(node, exp.Column) and node.name.startswith("_"):
            return parts[node.name[1:]].copy()
        return node

    return _parsed(template).copy().transform(filled)


class BigQueryEngine(Engine):
    """BigQuery's spelling."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables = 0

    def json(self, field: Field) -> Sql:
        """See Engine."""
        return self.at(field.keys)

    def at(self, keys: Sequence[str]) -> Sql:
        """The JSON text at a path."""
        if keys[0] == "protoPayload":
            return self.audit(keys[1:])
        for root, name in _JSON_COLUMNS.items():
            if tuple(keys[: len(root)]) == root:
                return _json_text(_column(name), keys[len(root) :])
        name = _snake(".".join(keys[:2]))
        if keys[0] == "errorGroups":
            return _json_text(_sql("TO_JSON(_x)", x=_column("error_groups")), keys[1:])
        if LOG_ENTRY[keys[0]] is None or keys[0] == "metadata":
            raise FilterError(f"Log Analytics has no column for {keys[0]}")
        return _sql("NULLIF(TO_JSON_STRING(_x), 'null')", x=_column(name))

    def audit(self, keys: Sequence[str]) -> Sql:
        """A path into the audit log: columns as far as they go, JSON from there."""
        if list(keys) == ["@type"]:
            return _sql("IF(_x IS NULL, NULL, _y)", x=_column("proto_payload.audit_log"), y=literal(_AUDIT_TYPE))
        schema: Schema | Kind | None = AUDIT_LOG
        column = "proto_payload.audit_log"
        for index, key in enumerate(keys):
            if not isinstance(schema, dict) or key not in schema:
                return exp.Null()
            column += "." + _snake(key)
            schema = schema[key]
            if schema is None:
                return _json_text(_column(column), keys[index + 1 :])
            if key in _REPEATED:
                return _json_text(_sql("TO_JSON(_x)", x=_column(column)), [_snake(k) for k in keys[index + 1 :]])
        return _sql("NULLIF(TO_JSON_STRING(_x), 'null')", x=_column(column))

    def nested(self, field: Field) -> Sql | None:
        """See Engine."""
        if _is_scalar(field):
            return None
        json = self.json(field)
        return any_of([_starts(json, "["), _starts(json, "{"), self.behind_array(field)])

    def behind_array(self, field: Field) -> Sql:
        """Whether one of the keys on the way to the field holds an array."""
        first = _root(field) + 1
        return any_of([sure(_starts(self.at(field.keys[:end]), "[")) for end in range(first, len(field.keys))])

    def any_value(self, field: Field, test: Test) -> Sql:
        """See Engine."""
        value, query = self.values(field)
        return exp.Exists(this=query.where(test(value)))

    def values(self, field: Field, *, opened: bool = True) -> tuple[Sql, Any]:
        """A query over the values at the field, all arrays opened, and what names the value in it."""
        first = _root(field) + 1
        value, query = self.at(field.keys[:first]), exp.select("1")
        for key in _inner_keys(field, first):
            for _ in range(2):
                value, query = self.opened(value, query)
            value = _sql("SAFE_CAST(JSON_QUERY(_x, _path) AS STRING)", x=value, path=literal(_path([key])))
        for _ in range(2 if opened else 0):
            value, query = self.opened(value, query)
        return value, query

    def opened(self, value: Sql, query: Any) -> tuple[Sql, Any]:
        """The query joined with the elements of the value where it is an array, else with the value itself."""
        items = _sql("IF(STARTS_WITH(_x, '['), JSON_QUERY_ARRAY(_x), [_x])", x=value)
        name, unnested = self.unnest(items)
        if query.args.get(_FROM):
            query.join(unnested, join_type="cross", copy=False)
        else:
            query.from_(unnested, copy=False)
        return _sql("SAFE_CAST(_x AS STRING)", x=name), query

    def unnest(self, items: Sql) -> tuple[Sql, Sql]:
        """A list as a table, and the name of its only column."""
        self.variables += 1
        name = exp.to_identifier(f"v{self.variables}")
        return exp.column(name.copy()), exp.Unnest(expressions=[items], alias=exp.TableAlias(columns=[name]))

    def any_leaf(self, field: Field | None, test: Test, part: str) -> Sql:  # noqa: ARG002 - a hint for other engines
        """See Engine."""
        if field is None:
            texts = [_sql("TO_JSON_STRING(_x)", x=_column(name)) for name in _SEARCHED.split()]
            text = _sql("ARRAY_TO_STRING(_x, ',')", x=exp.Array(expressions=texts))
        else:
            text = self.json(field)
            behind = self.behind_array(field)
            if behind is not FALSE:
                value, query = self.values(field)
                listed = _sql("ARRAY_TO_STRING(_x, ',')", x=exp.func("ARRAY", query.select(value, append=False)))
                text = case([(behind, listed)], text)
        found = exp.RegexpExtractAll(this=text, expression=literal(TOKENS))
        leaf, unnested = self.unnest(found)
        is_key = exp.EndsWith(this=leaf, expression=literal(":"))
        return exp.Exists(this=exp.select("1").from_(unnested).where(exp.Not(this=is_key), test(leaf)))

    def string(self, json: Sql) -> Sql:
        """See Engine."""
        return _sql("JSON_VALUE(_x, '$')", x=json)

    def fold(self, text: Sql, *, ascii_only: bool) -> Sql:
        """See Engine."""
        return _sql("LOWER(_x)" if ascii_only else "NORMALIZE_AND_CASEFOLD(_x, NFKC)", x=text)

    def contains(self, text: Sql, part: str) -> Sql:
        """See Engine."""
        return _sql("STRPOS(_x, _y) > 0", x=text, y=literal(part))

    def matches(self, text: Sql, pattern: str) -> Sql:
        """See Engine."""
        return exp.RegexpLike(this=text.copy(), expression=literal(pattern))

    def extract(self, text: Sql, pattern: str) -> Sql:
        """See Engine."""
        return exp.RegexpExtract(this=text.copy(), expression=literal(pattern), group=exp.Literal.number(1))

    def to_number(self, text: Sql) -> Sql:
        """See Engine."""
        return _sql("SAFE_CAST(_x AS FLOAT64)", x=text)

    def typed(self, field: Field) -> Sql:
        """See Engine."""
        column = _column(_snake(".".join(field.keys)))
        match field.kind:
            case Kind.BOOL:
                return _sql("IFNULL(_x, FALSE)", x=column)
            case Kind.NUMBER:
                return _sql("IFNULL(SAFE_CAST(_x AS FLOAT64), 0)", x=column)
            case Kind.DURATION:
                return _sql(
                    "IFNULL(_s, 0) + IFNULL(_n, 0) / 1e9", s=_within(column, "seconds"), n=_within(column, "nanos")
                )
            case Kind.SEVERITY:
                return _sql("UPPER(IFNULL(_x, 'DEFAULT'))", x=column)
            case _:
                return _sql("IFNULL(_x, '')", x=column)

    def present(self, field: Field) -> Sql:
        """See Engine. A column cannot tell a field that is set to its default from one that is not set."""
        if field.may_be_missing:
            there = _sql("_x IS NOT NULL", x=self.json(field))
            value, query = self.values(field, opened=False)
            if not query.args.get(_FROM):
                return there
            behind = exp.Exists(this=query.where(_sql("_x IS NOT NULL", x=value)))
            return case([(self.behind_array(field), behind)], there)
        if field.kind is Kind.BOOL:
            return self.typed(field)
        if field.kind in (Kind.MESSAGE, Kind.TIMESTAMP, Kind.DURATION):
            return _sql("_x IS NOT NULL", x=_column(_snake(".".join(field.keys))))
        default = {Kind.NUMBER: exp.Literal.number(0), Kind.SEVERITY: literal("DEFAULT")}.get(field.kind, literal(""))
        return exp.NEQ(this=self.typed(field), expression=default)

    def compare_time(self, field: Field, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        time = _sql("IFNULL(_x, TIMESTAMP '1970-01-01 00:00:00+00:00')", x=_column(_snake(field.keys[0])))
        # The bare column where the row always has it: BigQuery prunes its partitions by it.
        column = _column("timestamp") if field.keys[0] == "timestamp" else time
        return _compare(column, comparison, ns)

    def time_text(self, field: Field, zone: str) -> Sql:
        """See Engine."""
        return _sql("CAST(DATETIME(_x, _zone) AS STRING)", x=_column(_snake(field.keys[0])), zone=literal(zone))

    def to_time(self, text: Sql, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        return _compare(_sql("SAFE_CAST(_x AS TIMESTAMP)", x=text), comparison, ns)

    def in_net(self, text: Sql, net: str) -> Sql:
        """See Engine."""
        subnet = ipaddress.ip_network(net, strict=False)
        return _sql(
            """
            CASE WHEN BYTE_LENGTH(NET.SAFE_IP_FROM_STRING(REGEXP_EXTRACT(_x, '^([^/]+)'))) = _size
                  AND IFNULL(SAFE_CAST(REGEXP_EXTRACT(_x, '/([0-9]+)$') AS INT64), 128) >= _prefix
            THEN NET.IP_TRUNC(NET.SAFE_IP_FROM_STRING(REGEXP_EXTRACT(_x, '^([^/]+)')), _prefix)
                 = NET.IP_FROM_STRING(_net)
            ELSE FALSE END
            """,
            x=text,
            size=exp.Literal.number(subnet.max_prefixlen // 8),
            prefix=exp.Literal.number(subnet.prefixlen),
            net=literal(str(subnet.network_address)),
        )

    def sampled(self, text: Sql, fraction: float) -> Sql:
        """See Engine."""
        return _sql("SUBSTR(TO_HEX(MD5(_x)), 1, 8) < _y", x=text, y=literal(f"{int(fraction * 2**32):08x}"))


# The key under which sqlglot keeps a query's FROM differs between its releases.
_FROM = next(key for key in exp.select("1").from_("t").args if key.startswith("from"))


def _column(name: str) -> Sql:
    first, *rest = name.split(".")
    column: Sql = exp.column(first)
    for part in rest:
        column = _within(column, part)
    return column


def _within(column: Sql, name: str) -> Sql:
    return exp.Dot(this=column.copy(), expression=exp.to_identifier(name))


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def _path(keys: Sequence[str]) -> str:
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def _json_text(json: Sql, keys: Sequence[str]) -> Sql:
    """The text of a JSON value at a path. BigQuery writes NULL itself as the text null, hence the condition."""
    value = _sql("JSON_QUERY(_x, _path)", x=json, path=literal(_path(keys))) if keys else json
    return _sql("IF(_x IS NULL, NULL, TO_JSON_STRING(_x))", x=value)


def _root(field: Field) -> int:
    """How many keys lead to the struct or map below which arrays may lie."""
    return {"resource": 2, "errorGroups": 0}.get(field.keys[0], 1)


def _inner_keys(field: Field, first: int) -> list[str]:
    """The keys below the column, as they stand there: the audit log's own are snake_case."""
    keys = list(field.keys[first:])
    return [_snake(key) for key in keys] if field.keys[1:2] == ("authorizationInfo",) else keys


def _is_scalar(field: Field) -> bool:
    """A label, or a text column of the audit log: neither array nor object."""
    if field.keys[:-1] in (("labels",), ("resource", "labels")):
        return True
    schema: Schema | Kind | None = AUDIT_LOG
    for key in field.keys[1:] if field.keys[0] == "protoPayload" else ():
        if not isinstance(schema, dict) or key in _REPEATED:
            return False
        schema = schema.get(key)
    return isinstance(schema, Kind)


def _starts(json: Sql, first: str) -> Sql:
    return exp.StartsWith(this=json.copy(), expression=literal(first))


def _compare(time: Sql, comparison: type[Any], ns: int) -> Sql:
    """A column of microseconds against an instant: a bound that lies inside a microsecond takes in all of it."""
    if ns % 1000 and comparison is exp.GT:
        comparison = exp.GTE
    if ns % 1000 and comparison is exp.LT:
        comparison = exp.LTE
    moment = format_time(from_ns(ns)).replace("T", " ").replace("Z", "+00:00")
    return comparison(this=time.copy(), expression=_sql("TIMESTAMP(_x)", x=literal(moment)))
