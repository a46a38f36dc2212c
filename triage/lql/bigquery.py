"""The filter as BigQuery SQL, over the `_AllLogs` view of Log Analytics.

Where BigQuery knows less than the Logging API: times stop at microseconds, so a bound that is finer keeps its whole
microsecond; and an ASCII literal is compared by LOWER, which leaves compatibility characters (`ＯＯＭ`) unfolded.
"""

import ipaddress
from typing import Any

from sqlglot import exp

from triage.lql.all_logs import column_of, inner_keys, is_scalar, json_at, path_to, root_of, snake, sql_of, within
from triage.lql.compile import compile_filter
from triage.lql.engine import TOKENS, Engine, Test
from triage.lql.sql import (
    FALSE,
    Sql,
    any_of,
    case,
    literal,
    sure,
)
from triage.lql.types import Field, Kind
from triage.model.filter import Filter
from triage.units import format_time, from_ns

_SEARCHED = (
    "log_name insert_id trace span_id text_payload resource labels json_payload proto_payload.audit_log operation "
    "http_request source_location split"
)


def compile_bigquery(filter: Filter) -> str:  # noqa: A002 - the language's own word
    """The filter as a boolean SQL expression, never NULL, for the WHERE of a query over `_AllLogs`.

    Raises FilterError as `check` does, and for a field that `_AllLogs` does not have.
    """
    return str(compile_filter(filter, BigQueryEngine(filter.text)).sql("bigquery"))


class BigQueryEngine(Engine):
    """BigQuery's spelling."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables = 0

    def json(self, field: Field) -> Sql:
        """See Engine."""
        return json_at(field.keys)

    def nested(self, field: Field) -> Sql | None:
        """See Engine."""
        if is_scalar(field):
            return None
        json = self.json(field)
        return any_of([_starts(json, "["), _starts(json, "{"), self.behind_array(field)])

    def behind_array(self, field: Field) -> Sql:
        """Whether one of the keys on the way to the field holds an array."""
        first = root_of(field) + 1
        return any_of([sure(_starts(json_at(field.keys[:end]), "[")) for end in range(first, len(field.keys))])

    def any_value(self, field: Field, test: Test) -> Sql:
        """See Engine."""
        value, query = self.values(field)
        return exp.Exists(this=query.where(test(value)))

    def values(self, field: Field, *, opened: bool = True) -> tuple[Sql, Any]:
        """A query over the values at the field, all arrays opened, and what names the value in it."""
        first = root_of(field) + 1
        value, query = json_at(field.keys[:first]), exp.select("1")
        for key in inner_keys(field, first):
            for _ in range(2):
                value, query = self.opened(value, query)
            value = sql_of("SAFE_CAST(JSON_QUERY(_x, _path) AS STRING)", x=value, path=literal(path_to([key])))
        for _ in range(2 if opened else 0):
            value, query = self.opened(value, query)
        return value, query

    def opened(self, value: Sql, query: Any) -> tuple[Sql, Any]:
        """The query joined with the elements of the value where it is an array, else with the value itself."""
        items = sql_of("IF(STARTS_WITH(_x, '['), JSON_QUERY_ARRAY(_x), [_x])", x=value)
        name, unnested = self.unnest(items)
        if query.args.get(_FROM):
            query.join(unnested, join_type="cross", copy=False)
        else:
            query.from_(unnested, copy=False)
        return sql_of("SAFE_CAST(_x AS STRING)", x=name), query

    def unnest(self, items: Sql) -> tuple[Sql, Sql]:
        """A list as a table, and the name of its only column."""
        self.variables += 1
        name = exp.to_identifier(f"v{self.variables}")
        return exp.column(name.copy()), exp.Unnest(expressions=[items], alias=exp.TableAlias(columns=[name]))

    def any_leaf(self, field: Field | None, test: Test, part: str) -> Sql:  # noqa: ARG002 - a hint for other engines
        """See Engine."""
        if field is None:
            texts = [sql_of("TO_JSON_STRING(_x)", x=column_of(name)) for name in _SEARCHED.split()]
            text = sql_of("ARRAY_TO_STRING(_x, ',')", x=exp.Array(expressions=texts))
        else:
            text = self.json(field)
            behind = self.behind_array(field)
            if behind is not FALSE:
                value, query = self.values(field)
                listed = sql_of("ARRAY_TO_STRING(_x, ',')", x=exp.func("ARRAY", query.select(value, append=False)))
                text = case([(behind, listed)], text)
        found = exp.RegexpExtractAll(this=text, expression=literal(TOKENS))
        leaf, unnested = self.unnest(found)
        is_key = exp.EndsWith(this=leaf, expression=literal(":"))
        return exp.Exists(this=exp.select("1").from_(unnested).where(exp.Not(this=is_key), test(leaf)))

    def string(self, json: Sql) -> Sql:
        """See Engine."""
        return sql_of("JSON_VALUE(_x, '$')", x=json)

    def fold(self, text: Sql, *, ascii_only: bool) -> Sql:
        """See Engine."""
        return sql_of("LOWER(_x)" if ascii_only else "NORMALIZE_AND_CASEFOLD(_x, NFKC)", x=text)

    def contains(self, text: Sql, part: str) -> Sql:
        """See Engine."""
        return sql_of("STRPOS(_x, _y) > 0", x=text, y=literal(part))

    def matches(self, text: Sql, pattern: str) -> Sql:
        """See Engine."""
        return exp.RegexpLike(this=text.copy(), expression=literal(pattern))

    def extract(self, text: Sql, pattern: str) -> Sql:
        """See Engine."""
        return exp.RegexpExtract(this=text.copy(), expression=literal(pattern), group=exp.Literal.number(1))

    def to_number(self, text: Sql) -> Sql:
        """See Engine."""
        return sql_of("SAFE_CAST(_x AS FLOAT64)", x=text)

    def typed(self, field: Field) -> Sql:
        """See Engine."""
        column = column_of(snake(".".join(field.keys)))
        match field.kind:
            case Kind.BOOL:
                return sql_of("IFNULL(_x, FALSE)", x=column)
            case Kind.NUMBER:
                return sql_of("IFNULL(SAFE_CAST(_x AS FLOAT64), 0)", x=column)
            case Kind.DURATION:
                return sql_of(
                    "IFNULL(_s, 0) + IFNULL(_n, 0) / 1e9", s=within(column, "seconds"), n=within(column, "nanos")
                )
            case Kind.SEVERITY:
                return sql_of("UPPER(IFNULL(_x, 'DEFAULT'))", x=column)
            case _:
                return sql_of("IFNULL(_x, '')", x=column)

    def present(self, field: Field) -> Sql:
        """See Engine. A column cannot tell a field that is set to its default from one that is not set."""
        if field.may_be_missing:
            there = sql_of("_x IS NOT NULL", x=self.json(field))
            value, query = self.values(field, opened=False)
            if not query.args.get(_FROM):
                return there
            behind = exp.Exists(this=query.where(sql_of("_x IS NOT NULL", x=value)))
            return case([(self.behind_array(field), behind)], there)
        if field.kind is Kind.BOOL:
            return self.typed(field)
        if field.kind in (Kind.MESSAGE, Kind.TIMESTAMP, Kind.DURATION):
            return sql_of("_x IS NOT NULL", x=column_of(snake(".".join(field.keys))))
        default = {Kind.NUMBER: exp.Literal.number(0), Kind.SEVERITY: literal("DEFAULT")}.get(field.kind, literal(""))
        return exp.NEQ(this=self.typed(field), expression=default)

    def compare_time(self, field: Field, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        time = sql_of("IFNULL(_x, TIMESTAMP '1970-01-01 00:00:00+00:00')", x=column_of(snake(field.keys[0])))
        # The bare column where the row always has it: BigQuery prunes its partitions by it.
        column = column_of("timestamp") if field.keys[0] == "timestamp" else time
        return _compare(column, comparison, ns)

    def time_text(self, field: Field, zone: str) -> Sql:
        """See Engine."""
        return sql_of("CAST(DATETIME(_x, _zone) AS STRING)", x=column_of(snake(field.keys[0])), zone=literal(zone))

    def to_time(self, text: Sql, comparison: type[Any], ns: int) -> Sql:
        """See Engine."""
        return _compare(sql_of("SAFE_CAST(_x AS TIMESTAMP)", x=text), comparison, ns)

    def in_net(self, text: Sql, net: str) -> Sql:
        """See Engine."""
        subnet = ipaddress.ip_network(net, strict=False)
        return sql_of(
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
        return sql_of("SUBSTR(TO_HEX(MD5(_x)), 1, 8) < _y", x=text, y=literal(f"{int(fraction * 2**32):08x}"))


# The key under which sqlglot keeps a query's FROM differs between its releases.
_FROM = next(key for key in exp.select("1").from_("t").args if key.startswith("from"))


def _starts(json: Sql, first: str) -> Sql:
    return exp.StartsWith(this=json.copy(), expression=literal(first))


def _compare(time: Sql, comparison: type[Any], ns: int) -> Sql:
    """A column of microseconds against an instant: a bound that lies inside a microsecond takes in all of it."""
    if ns % 1000 and comparison is exp.GT:
        comparison = exp.GTE
    if ns % 1000 and comparison is exp.LT:
        comparison = exp.LTE
    moment = format_time(from_ns(ns)).replace("T", " ").replace("Z", "+00:00")
    return comparison(this=time.copy(), expression=sql_of("TIMESTAMP(_x)", x=literal(moment)))
