"""Where the fields of a LogEntry lie in Log Analytics' `_AllLogs` view: columns as far as they go, JSON from there.

Columns are the LogEntry's fields in snake_case; `json_payload`, `labels`, `resource.labels` and the open parts of
`proto_payload.audit_log` are JSON, the rest are structs (Cloud Logging reference, "Log Analytics schema").
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from triage.errors import FilterError
from triage.lql.sql import Sql, literal
from triage.lql.types import AUDIT_LOG, LOG_ENTRY, Field, Kind, Schema

_AUDIT_TYPE = '"type.googleapis.com/google.cloud.audit.AuditLog"'
_JSON_COLUMNS = {
    ("jsonPayload",): "json_payload",
    ("labels",): "labels",
    ("resource", "labels"): "resource.labels",
}
# Audit fields that repeat: a path through them goes on in JSON.
_REPEATED = frozenset({"authorizationInfo", "currentLocations", "originalLocations"})


@cache
def _parsed(template: str) -> Any:
    return sqlglot.parse_one(template, read="bigquery")


def sql_of(template: str, **parts: Sql) -> Sql:
    """The template, with expressions in the places of its columns `_name`."""

    def filled(node: Any) -> Any:
        if isinstance(node, exp.Column) and node.name.startswith("_"):
            return parts[node.name[1:]].copy()
        return node

    return _parsed(template).copy().transform(filled)


def json_at(keys: Sequence[str]) -> Sql:
    """The JSON text at a path of the LogEntry. Raises FilterError for a field that `_AllLogs` does not have."""
    if keys[0] == "protoPayload":
        return _audit(keys[1:])
    for root, name in _JSON_COLUMNS.items():
        if tuple(keys[: len(root)]) == root:
            return _json_text(column_of(name), keys[len(root) :])
    name = snake(".".join(keys[:2]))
    if keys[0] == "errorGroups":
        return _json_text(sql_of("TO_JSON(_x)", x=column_of("error_groups")), keys[1:])
    if LOG_ENTRY[keys[0]] is None or keys[0] == "metadata":
        raise FilterError(f"Log Analytics has no column for {keys[0]}")
    return sql_of("NULLIF(TO_JSON_STRING(_x), 'null')", x=column_of(name))


def _audit(keys: Sequence[str]) -> Sql:
    """A path into the audit log: columns as far as they go, JSON from there."""
    if list(keys) == ["@type"]:
        return sql_of("IF(_x IS NULL, NULL, _y)", x=column_of("proto_payload.audit_log"), y=literal(_AUDIT_TYPE))
    schema: Schema | Kind | None = AUDIT_LOG
    column = "proto_payload.audit_log"
    for index, key in enumerate(keys):
        if not isinstance(schema, dict) or key not in schema:
            return exp.Null()
        column += "." + snake(key)
        schema = schema[key]
        if schema is None:
            return _json_text(column_of(column), keys[index + 1 :])
        if key in _REPEATED:
            return _json_text(sql_of("TO_JSON(_x)", x=column_of(column)), [snake(k) for k in keys[index + 1 :]])
    return sql_of("NULLIF(TO_JSON_STRING(_x), 'null')", x=column_of(column))


def column_of(name: str) -> Sql:
    """A column, or a field of one that is a struct."""
    first, *rest = name.split(".")
    found: Sql = exp.column(first)
    for part in rest:
        found = within(found, part)
    return found


def within(column: Sql, name: str) -> Sql:
    """A field of a struct."""
    return exp.Dot(this=column.copy(), expression=exp.to_identifier(name))


def snake(name: str) -> str:
    """A field's name as the columns have it."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def path_to(keys: Sequence[str]) -> str:
    """BigQuery's JSON path to a chain of keys, each taken as it is."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def _json_text(json: Sql, keys: Sequence[str]) -> Sql:
    """The text of a JSON value at a path. BigQuery writes NULL itself as the text null, hence the condition."""
    value = sql_of("JSON_QUERY(_x, _path)", x=json, path=literal(path_to(keys))) if keys else json
    return sql_of("IF(_x IS NULL, NULL, TO_JSON_STRING(_x))", x=value)


def root_of(field: Field) -> int:
    """How many keys lead to the struct or map below which arrays may lie."""
    return {"resource": 2, "errorGroups": 0}.get(field.keys[0], 1)


def inner_keys(field: Field, first: int) -> list[str]:
    """The keys below the column, as they stand there: the audit log's own are snake_case."""
    keys = list(field.keys[first:])
    return [snake(key) for key in keys] if field.keys[1:2] == ("authorizationInfo",) else keys


def is_scalar(field: Field) -> bool:
    """A label, or a text column of the audit log: neither array nor object."""
    if field.keys[:-1] in (("labels",), ("resource", "labels")):
        return True
    schema: Schema | Kind | None = AUDIT_LOG
    for key in field.keys[1:] if field.keys[0] == "protoPayload" else ():
        if not isinstance(schema, dict) or key in _REPEATED:
            return False
        schema = schema.get(key)
    return isinstance(schema, Kind)
