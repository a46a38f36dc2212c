"""One pass over all log entries: who spoke when, which pod ran where, and the entries that a signal may want.

DuckDB reads each entry once. What no signal wants is only counted, so memory grows with the containers and nodes that
speak, by log and five minutes, and with the entries that are kept, not with the entries that are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from triage.lql import regex_of
from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.heads import head_sql, quoted
from triage.sources.plan import Plan

BIN_NS = 300 * 1_000_000_000
"""Coverage is counted in bins of five minutes."""

LOG_ENTRY = {
    "insertId": "VARCHAR",
    "logName": "VARCHAR",
    "timestamp": "VARCHAR",
    "receiveTimestamp": "VARCHAR",
    "severity": "VARCHAR",
    "resource": 'STRUCT("type" VARCHAR, labels JSON)',
    "labels": "JSON",
    "textPayload": "VARCHAR",
    "jsonPayload": "JSON",
    "protoPayload": "JSON",
    "operation": "JSON",
    "httpRequest": "JSON",
    "sourceLocation": "JSON",
    "split": "JSON",
    "trace": "VARCHAR",
    "spanId": "VARCHAR",
    "traceSampled": "JSON",
    "errorGroups": "JSON",
    "metadata": "JSON",
    "apphub": "JSON",
    "apphubSource": "JSON",
    "apphubDestination": "JSON",
    "otel": "JSON",
}
"""The fields of a LogEntry in JSON, as DuckDB reads them."""

# What is read out of `resource.labels`; legacy Stackdriver names namespaces and pods otherwise.
_RESOURCE_LABELS = {
    "cluster": "cluster_name",
    "location": "location",
    "zone": "zone",
    "project": "project_id",
    "node": "node_name",
    "instance": "instance_id",
    "namespace": "namespace_name",
    "pod": "pod_name",
    "namespace_old": "namespace_id",
    "pod_old": "pod_id",
}
_LABELS = {
    "vm": '"compute.googleapis.com/resource_name"',
    "controller": '"logging.gke.io/top_level_controller_name"',
    "controller_type": '"logging.gke.io/top_level_controller_type"',
}
_PAYLOAD = "textPayload, jsonPayload::VARCHAR, protoPayload::VARCHAR"
PLACE = ("rtype", "cluster", "location", "zone", "project", "node", "instance", "vm")
"""What tells where an entry comes from; empty texts stand for absent ones."""
_POD = ("namespace", "pod", "controller", "controller_type")
_CONTROLLER = "any_value(controller) AS controller, any_value(controller_type) AS controller_type"


@dataclass(frozen=True)
class Scanned:
    """What one pass found; times are nanoseconds since the epoch.

    `spoke` has PLACE, log_name, bin (its number since the epoch), n, first, last. `pods` has PLACE, namespace, pod,
    controller, controller_type, first, last. `kept`, a table in the connection, has PLACE and entry: the wanted
    entries, whole.
    """

    spoke: pd.DataFrame
    pods: pd.DataFrame
    malformed: int


def connect(files: EntryFiles) -> duckdb.DuckDBPyConnection:
    """A connection that reads files and nothing else: no extension is fetched, what spills goes to our scratch."""
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    connection.execute(f"SET temp_directory = {quoted(str(files.contents.scratch / 'spill'))}")
    return connection


def wanted_sql(plan: Plan) -> str:
    """The plan's condition over the columns of the scan: those of LOG_ENTRY, `log_name` and `rtype`."""
    necessary = plan.necessary
    if not necessary.narrows:
        return "true"
    conditions = [head_sql(head) for head in necessary.head]
    if necessary.literals:
        seen = _entry_sql() if plan.anywhere else f"coalesce({_PAYLOAD})"
        conditions.append(f"regexp_matches({seen}, {quoted(regex_of(necessary.literals))})")
    return "(" + " OR ".join(f"coalesce({condition}, false)" for condition in conditions) + ")"


def scan(connection: duckdb.DuckDBPyConnection, files: EntryFiles, plan: Plan, *, edges: Sequence[int] = ()) -> Scanned:
    """Read every entry once. `edges` (nanoseconds) are times that no row of `spoke` may reach across.

    A file with records that are no entries is looked at line by line, to say where; where that saves broken lines
    (text that is no UTF-8, say), everything is read again with the saved ones.
    """
    if not files.files:
        nothing = ", ".join(f"'' AS {name}" for name in PLACE)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS SELECT {nothing}, NULL::JSON AS entry LIMIT 0")
        return Scanned(_nowhere("log_name", "bin", "n", "first", "last"), _nowhere(*_POD, "first", "last"), 0)
    files.asked(lambda: _pass(connection, files, plan, edges))
    if _mended(connection, files):
        files.asked(lambda: _pass(connection, files, plan, edges))
    told = ", ".join(f"coalesce({name}, '') AS {name}" for name in PLACE)
    spoke = _part(
        connection, "whole", f"{told}, coalesce(log_name, '') AS log_name, bin, era, sum(n)::BIGINT AS n"
    ).drop(columns="era")
    pods = _part(connection, "whole AND pod IS NOT NULL", f"{told}, namespace, pod, {_CONTROLLER}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE kept AS SELECT {told}, unnest(entries)::JSON AS entry FROM groups "  # noqa: S608
        "WHERE entries IS NOT NULL"
    )
    left = sum(count for _, count in _broken(connection))
    connection.execute("DROP TABLE groups")
    noted = sum(file.skipped for file in files.files if not file.cleaned)
    return Scanned(spoke, pods, files.malformed - noted + left)


def _part(connection: duckdb.DuckDBPyConnection, which: str, columns: str) -> pd.DataFrame:
    """Some of the groups, brought together by those of the columns that are no aggregates."""
    return connection.execute(
        f"SELECT {columns}, min(first) AS first, max(last) AS last FROM groups WHERE {which} GROUP BY ALL"  # noqa: S608 - our own text
    ).df()


def _broken(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """The files that hold records which are no entries, and how many."""
    return connection.execute(
        "SELECT broken_file, sum(n)::BIGINT FROM groups WHERE broken_file IS NOT NULL GROUP BY broken_file"
    ).fetchall()


def places_of(scanned: Scanned) -> pd.DataFrame:
    """Every place that an entry came from, once: the columns of PLACE."""
    return pd.concat([scanned.spoke, scanned.pods])[list(PLACE)].drop_duplicates(ignore_index=True)


def _nowhere(*columns: str) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype="object") for column in (*PLACE, *columns)})


def _mended(connection: duckdb.DuckDBPyConnection, files: EntryFiles) -> bool:
    again = False
    for filename, count in _broken(connection):
        file = files.by_name(filename)
        again = (not file.cleaned and files.mend(file, unless_skipped=count)) or again
    return again


def _pass(connection: duckdb.DuckDBPyConnection, files: EntryFiles, plan: Plan, edges: Sequence[int]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE groups AS {_pass_sql(files, wanted_sql(plan), edges)}")


def _pass_sql(files: EntryFiles, wanted: str, edges: Sequence[int] = ()) -> str:
    """Groups of entries by resource, VM, log and bin: PLACE, _POD, log_name, bin, n, first, last, and `entries`.

    Resources are told apart by the text of their labels, which is read once a group, not once an entry. What is no
    entry is in a group of its own for each file (`whole` is false, `broken_file` its name).
    """
    fields = "{" + ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in LOG_ENTRY.items()) + "}"
    source = files.sql(f"*, {_listed('labels', _LABELS)} AS l", fields=fields)
    told = [f"l[{number}] AS {name}" for number, name in enumerate(_LABELS, 1)]
    passed = " + ".join(f"(t >= {edge})::INT" for edge in edges) or "0"
    read = {name: f"r[{number}]" for number, name in enumerate(_RESOURCE_LABELS, 1)}
    own = ", ".join(f"{read[name]} AS {name}" for name in PLACE if name in read)
    return f"""
        WITH lines AS ({source}),
        fields AS (
            SELECT *, resource."type" AS rtype, resource.labels AS owner, logName AS log_name, {", ".join(told)}
            FROM lines
        ),
        entries AS (
            SELECT * REPLACE (
                CASE WHEN vm IS NULL AND starts_with(rtype, 'gce_') THEN {_TARGET} ELSE vm END AS vm
            ),
            coalesce({ns_sql('"timestamp"')}, {ns_sql("receiveTimestamp")}) AS t,
            t IS NOT NULL AND coalesce(log_name, rtype, {_PAYLOAD}) IS NOT NULL AS whole,
            CASE WHEN NOT whole THEN filename END AS broken_file,
            t // {BIN_NS} AS bin,
            {passed} AS era,
            CASE WHEN {wanted} AND whole THEN {_entry_sql()} END AS entry
            FROM fields
        ),
        groups AS (
            SELECT rtype, owner, vm, log_name, bin, era, whole, broken_file, {_CONTROLLER},
                count(*) AS n, min(t) AS first, max(t) AS last,
                list(entry) FILTER (entry IS NOT NULL) AS entries
            FROM entries GROUP BY rtype, owner, vm, log_name, bin, era, whole, broken_file
        )
        SELECT *, {own}, coalesce({read["namespace"]}, {read["namespace_old"]}) AS namespace,
            coalesce({read["pod"]}, {read["pod_old"]}) AS pod
        FROM (SELECT *, {_listed("owner", _RESOURCE_LABELS)} AS r FROM groups)
    """  # noqa: S608 - our own text


def _listed(column: str, names: Mapping[str, str]) -> str:
    """One look into a JSON object for several keys."""
    return f"json_extract_string({column}, [{', '.join(quoted('$.' + path) for path in names.values())}])"


def _entry_sql() -> str:
    """The LogEntry as JSON text again, out of its columns."""
    parts = [f"""'"{name}":' || {_json_sql(f'"{name}"', kind)}""" for name, kind in LOG_ENTRY.items()]
    return f"('{{' || concat_ws(',', {', '.join(parts)}) || '}}')"


def _json_sql(value: str, kind: str) -> str:
    if kind == "JSON":
        return f"{value}::VARCHAR"
    if kind == "VARCHAR":
        return f"to_json({value})::VARCHAR"
    kind_of, labels = f"to_json({value}.type)::VARCHAR", f"{value}.labels::VARCHAR"
    return f"""('{{' || concat_ws(',', '"type":' || {kind_of}, '"labels":' || {labels}) || '}}')"""


# The VM (or instance group) that an audit or activity entry of Compute Engine is about.
_TARGET = """regexp_extract(coalesce(
    json_extract_string(protoPayload, '$.resourceName'), json_extract_string(jsonPayload, '$.resource.name')
), '[^/]+$')"""


def ns_sql(column: str) -> str:
    """A text column's RFC 3339 time as nanoseconds since the epoch; NULL where it is none."""
    # DuckDB drops the offset of a text that it casts; nearly all times are in UTC, so the others may cost more.
    sign, hours, minutes = (f"regexp_extract({column}, {_OFFSET}, {group})" for group in (1, 2, 3))
    seconds = f"({hours}::BIGINT * 3600 + {minutes}::BIGINT * 60) * CASE {sign} WHEN '-' THEN -1 ELSE 1 END"
    local = f"epoch_ns(TRY_CAST(regexp_replace({column}, {_OFFSET}, '') AS TIMESTAMP_NS))"
    # `infinity` and the like are times to DuckDB, too
    return f"""CASE
        WHEN {column} NOT BETWEEN '0' AND ':' THEN NULL
        WHEN ends_with({column}, 'Z') OR NOT regexp_matches({column}, {_OFFSET}) THEN
            epoch_ns(TRY_CAST({column} AS TIMESTAMP_NS))
        ELSE {local} - ({seconds}) * 1000000000
    END"""


_OFFSET = r"'([+-])(\d\d):?(\d\d)$'"
