"""The SQL of the light look: where and when each entry was.

DuckDB reads no field that a query does not name, and takes a value of another shape than a column's for NULL inside.
"""

from collections.abc import Mapping, Sequence

from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.sql import ns_sql, quoted

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

LABELS = {
    "vm": "compute.googleapis.com/resource_name",
    "controller": "logging.gke.io/top_level_controller_name",
    "controller_type": "logging.gke.io/top_level_controller_type",
}
_HEAD = {
    "logName": "VARCHAR",
    "timestamp": "VARCHAR",
    "receiveTimestamp": "VARCHAR",
    "resource": LOG_ENTRY["resource"],
    "labels": "STRUCT(" + ", ".join(f'"{label}" VARCHAR' for label in LABELS.values()) + ")",
    "jsonPayload": 'STRUCT(resource STRUCT("name" VARCHAR))',
    "textPayload": "VARCHAR",
    "protoPayload": 'STRUCT("resourceName" VARCHAR)',
}
"""No more of them than tells where and when an entry was: a fraction of the work."""

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
PLACE = ("rtype", "cluster", "location", "zone", "project", "node", "instance", "vm")
"""What tells where an entry comes from; empty texts stand for absent ones."""

_PLACE = ", ".join(PLACE)
_SPAN = "min(first) AS first, max(last) AS last"
_TOLD = ("rtype", "owner", "vm", "log_name", "controller", "controller_type")
"""What a group of entries has in common, before `owner` is read; controllers where any of them names one."""


def groups_sql(files: EntryFiles, edges: Sequence[int] = ()) -> str:
    """Groups of entries by resource, VM, log and bin: who, bin, era, n, first, last, and what they have in common.

    `who` stands for the resource, VM and log, as a hash: numbers are quicker to group by than texts. `era` counts the
    edges (nanoseconds) that have passed. What is no entry is in a group of its own for each file (`whole` is false,
    `broken_file` its name).
    """
    passed = " + ".join(f"(t >= {edge})::INT" for edge in edges) or "0"
    labels = {name: f'labels."{label}"' for name, label in LABELS.items()}
    target = 'protoPayload."resourceName", jsonPayload.resource."name"'
    common = ", ".join(f"any_value({name}) AS {name}" for name in (*_TOLD, "whole", "broken_file"))
    return f"""
        SELECT hash(rtype, owner, vm, log_name, whole, broken_file) AS who, t // {BIN_NS} AS bin, {passed} AS era,
            {common}, count(*) AS n, min(t) AS first, max(t) AS last
        FROM (
            SELECT *, CASE WHEN NOT whole THEN filename END AS broken_file
            FROM ({entries_sql(files, _HEAD, labels, target)})
        )
        GROUP BY who, bin, era
    """  # noqa: S608 - our own text


def speakers_sql() -> str:
    """Who speaks in the table `groups`, once each: who, PLACE (empty texts for what is absent), log_name, namespace,
    pod, controller, controller_type, first, last."""
    common = ", ".join(f"any_value({name}) AS {name}" for name in _TOLD)
    placed = placed_sql(f"SELECT who, {common}, {_SPAN} FROM groups WHERE whole GROUP BY who")  # noqa: S608 - our own text
    return f"SELECT * REPLACE ({told_sql(*PLACE, 'log_name')}) FROM ({placed})"  # noqa: S608 - our own text


def logs_sql() -> str:
    """Each log of each place in the table `speakers`, numbered from 0 on: log, PLACE, log_name."""
    distinct = f"SELECT DISTINCT {_PLACE}, log_name FROM speakers"  # noqa: S608 - our own text
    return f"SELECT row_number() OVER () - 1 AS log, * FROM ({distinct})"  # noqa: S608 - our own text


def spoke_sql() -> str:
    """Which of the table `logs` spoke when: log, bin, n, first, last."""
    numbered = f"SELECT who, log FROM speakers JOIN logs USING ({_PLACE}, log_name)"  # noqa: S608 - our own text
    return f"""
        SELECT log, bin, sum(n)::BIGINT AS n, {_SPAN}
        FROM groups JOIN ({numbered}) USING (who) GROUP BY log, bin, era
    """  # noqa: S608 - our own text


def pods_sql() -> str:
    """The pods among the table `speakers`: PLACE, namespace, pod, controller, controller_type, first, last."""
    controller = ", ".join(f"any_value({name}) AS {name}" for name in ("controller", "controller_type"))
    keys = f"{_PLACE}, namespace, pod"
    return f"SELECT {keys}, {controller}, {_SPAN} FROM speakers WHERE pod IS NOT NULL GROUP BY {keys}"  # noqa: S608 - our own text


def told_sql(*names: str) -> str:
    """Columns, with empty texts for what is absent."""
    return ", ".join(f"coalesce({name}, '') AS {name}" for name in names)


def entries_sql(files: EntryFiles, columns: Mapping[str, str], labels: Mapping[str, str], target: str) -> str:
    """The columns, and rtype, owner (the text of the resource's labels), log_name, vm, controller, controller_type,
    t (nanoseconds) and whole (whether it is an entry)."""
    fields = "{" + ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items()) + "}"
    told = ", ".join(f"{value} AS {name}" for name, value in labels.items())
    time = f"""coalesce({ns_sql('"timestamp"')}, {ns_sql("receiveTimestamp")})"""
    # Where no label names it: the VM (or instance group) that an audit or activity entry of Compute Engine is about.
    vm = f"CASE WHEN vm IS NULL AND starts_with(rtype, 'gce_') THEN regexp_extract(coalesce({target}), '[^/]+$')"
    return f"""
        SELECT * REPLACE ({vm} ELSE vm END AS vm), {time} AS t, t IS NOT NULL AND (log_name IS NOT NULL
            OR rtype IS NOT NULL OR textPayload IS NOT NULL OR jsonPayload IS NOT NULL OR protoPayload IS NOT NULL
        ) AS whole
        FROM (
            SELECT *, resource."type" AS rtype, resource.labels AS owner, logName AS log_name, {told}
            FROM ({files.sql("*", fields=fields)})
        )
    """  # noqa: S608 - our own text


def placed_sql(query: str) -> str:
    """The rows of a query with what their column `owner` tells: the rest of PLACE, namespace and pod."""
    paths = ", ".join(quoted(path_of(label)) for label in _RESOURCE_LABELS.values())
    read = {name: f"r[{number}]" for number, name in enumerate(_RESOURCE_LABELS, 1)}
    own = ", ".join(f"{read[name]} AS {name}" for name in PLACE if name in read)
    return f"""
        SELECT *, {own}, coalesce({read["namespace"]}, {read["namespace_old"]}) AS namespace,
            coalesce({read["pod"]}, {read["pod_old"]}) AS pod
        FROM (SELECT *, json_extract_string(owner, [{paths}]) AS r FROM ({query}))
    """  # noqa: S608 - our own text


def path_of(key: str) -> str:
    """The path of a key, whatever characters it has."""
    return f'$."{key}"'
