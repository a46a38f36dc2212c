"""A table of the `_AllLogs` schema in DuckDB, and BigQuery SQL run over it."""

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from triage.lql import Filter, compile_bigquery, prepare

_HTTP = {
    "request_method": "VARCHAR",
    "request_url": "VARCHAR",
    "request_size": "BIGINT",
    "status": "INTEGER",
    "response_size": "BIGINT",
    "user_agent": "VARCHAR",
    "remote_ip": "VARCHAR",
    "server_ip": "VARCHAR",
    "referer": "VARCHAR",
    "latency": {"seconds": "BIGINT", "nanos": "BIGINT"},
    "cache_lookup": "BOOLEAN",
    "cache_hit": "BOOLEAN",
    "cache_validated_with_origin_server": "BOOLEAN",
    "cache_fill_bytes": "BIGINT",
    "protocol": "VARCHAR",
}
_AUDIT = {
    "service_name": "VARCHAR",
    "method_name": "VARCHAR",
    "resource_name": "VARCHAR",
    "num_response_items": "BIGINT",
    "status": {"code": "BIGINT", "message": "VARCHAR", "details": "JSON"},
    "authentication_info": {"principal_email": "VARCHAR", "principal_subject": "VARCHAR"},
    "authorization_info": [{"resource": "VARCHAR", "permission": "VARCHAR", "granted": "BOOLEAN"}],
    "request_metadata": {"caller_ip": "VARCHAR", "caller_supplied_user_agent": "VARCHAR"},
    "request": "JSON",
    "response": "JSON",
    "metadata": "JSON",
}
_SCHEMA = {
    "log_name": "VARCHAR",
    "insert_id": "VARCHAR",
    "severity": "VARCHAR",
    "timestamp": "TIMESTAMPTZ",
    "receive_timestamp": "TIMESTAMPTZ",
    "resource": {"type": "VARCHAR", "labels": "JSON"},
    "labels": "JSON",
    "trace": "VARCHAR",
    "span_id": "VARCHAR",
    "trace_sampled": "BOOLEAN",
    "text_payload": "VARCHAR",
    "json_payload": "JSON",
    "proto_payload": {"audit_log": _AUDIT},
    "operation": {"id": "VARCHAR", "producer": "VARCHAR", "first": "BOOLEAN", "last": "BOOLEAN"},
    "http_request": _HTTP,
    "source_location": {"file": "VARCHAR", "line": "BIGINT", "function": "VARCHAR"},
    "split": {"uid": "VARCHAR", "index": "BIGINT", "total_splits": "BIGINT"},
}
_OPEN = {"labels", "jsonPayload", "request", "response", "metadata", "details"}


def match_in_bigquery(entries: Sequence[Mapping[str, Any]], filter: Filter) -> list[bool]:  # noqa: A002
    """For each entry, whether the filter's BigQuery SQL selects its row of `_AllLogs`."""
    with duckdb.connect() as connection:
        load_log_analytics(connection, entries)
        matched = selected(connection, filter)
    return [index in matched for index in range(len(entries))]


def load_log_analytics(connection: duckdb.DuckDBPyConnection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Make `_AllLogs` out of the entries, and the functions that BigQuery has and DuckDB has not."""
    _functions(connection)
    connection.execute("CREATE TABLE raw (position BIGINT, row JSON)")
    rows = [[index, json.dumps(_row(entry))] for index, entry in enumerate(entries)]
    if rows:
        connection.executemany("INSERT INTO raw VALUES (?, ?)", rows)
    columns = f"unnest(json_transform(row, '{json.dumps(_SCHEMA)}'))"
    connection.execute(f"CREATE TABLE _AllLogs AS SELECT position, {columns} FROM raw")


def selected(connection: duckdb.DuckDBPyConnection, filter: Filter) -> set[int]:  # noqa: A002
    """The positions of the rows that the filter's BigQuery SQL selects."""
    query = f"SELECT position FROM _AllLogs WHERE {compile_bigquery(filter)}"
    parsed = sqlglot.parse_one(query, read="bigquery").transform(_normalise)
    return {position for (position,) in connection.execute(parsed.sql("duckdb")).fetchall()}


def _row(entry: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = _snake(entry)
    latency = entry.get("httpRequest", {}).get("latency")
    if latency:
        seconds, _, nanos = latency.removesuffix("s").partition(".")
        row["http_request"]["latency"] = {"seconds": int(seconds), "nanos": int(nanos.ljust(9, "0") or 0)}
    if "proto_payload" in row:
        row["proto_payload"] = {"audit_log": row["proto_payload"]}
    return row


def _snake(value: Any) -> Any:
    """Names of the LogEntry and the audit log in snake_case; what lies in a struct or map keeps its keys."""
    if isinstance(value, list):
        return [_snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub("[A-Z]", lambda m: "_" + m.group().lower(), key): item if key in _OPEN else _snake(item)
        for key, item in value.items()
    }


def _normalise(node: Any) -> Any:
    """DuckDB has no NORMALIZE_AND_CASEFOLD; ours does the same."""
    if isinstance(node, exp.Normalize):
        return exp.Anonymous(this="lql_fold", expressions=[node.this])
    return node


def _functions(connection: duckdb.DuckDBPyConnection) -> None:
    """BigQuery's NET functions, on addresses as bytes."""
    prepare(connection)
    connection.create_function("ip_bytes", _ip_bytes, ["VARCHAR"], "BLOB")
    connection.create_function("ip_truncated", _ip_truncated, ["BLOB", "BIGINT"], "BLOB")
    connection.execute("CREATE SCHEMA net")
    connection.execute("CREATE MACRO net.safe_ip_from_string(x) AS ip_bytes(x)")
    connection.execute("CREATE MACRO net.ip_from_string(x) AS ip_bytes(x)")
    connection.execute("CREATE MACRO net.ip_trunc(x, n) AS ip_truncated(x, n)")


def _ip_bytes(text: str) -> bytes:
    try:
        return ipaddress.ip_address(text).packed
    except ValueError:
        return b""


def _ip_truncated(address: bytes, prefix: int) -> bytes:
    return ipaddress.ip_network((address, prefix), strict=False).network_address.packed
