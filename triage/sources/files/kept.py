"""The entries that were kept, as the table of `triage.evidence.tables.ENTRIES`."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import duckdb
import pandas as pd

from triage.evidence.message import LONGEST, SERIAL_LOG, clean_console
from triage.evidence.tables import ENTRIES, frame
from triage.sources.files.looks import PLACE
from triage.sources.files.sql import ns_sql, quoted

_COLUMNS = (
    "t, received, insert_id, log_name, rtype, severity, node, instance_id, namespace, pod, container, message, entry"
)

LARGEST_ENTRY = 256 << 10
"""Bytes of an entry that are kept; Logging itself takes no larger ones."""

_FIELDS = {
    "stamp": "timestamp",
    "received": "receiveTimestamp",
    "insert_id": "insertId",
    "log_name": "logName",
    "severity": "severity",
    "instance_id": "resource.labels.instance_id",
    "namespace": "resource.labels.namespace_name",
    "namespace_old": "resource.labels.namespace_id",
    "pod": "resource.labels.pod_name",
    "pod_old": "resource.labels.pod_id",
    "container": "resource.labels.container_name",
    "labels": "labels",
    "text": "textPayload",
    "payload": "jsonPayload",
    "status": "protoPayload.status.message",
    "method": "protoPayload.methodName",
    "target": "protoPayload.resourceName",
    "kind": "jsonPayload.kind",
    "reason": "jsonPayload.reason",
    "event": "jsonPayload.message",
    "action": "jsonPayload.action",
    "host": "jsonPayload.source.host",
    "object_kind": "jsonPayload.involvedObject.kind",
    "object_name": "jsonPayload.involvedObject.name",
    "object_namespace": "jsonPayload.involvedObject.namespace",
    "journal": "jsonPayload.MESSAGE",
    "msg": "jsonPayload.msg",
    "log": "jsonPayload.log",
    "hostname": "jsonPayload._HOSTNAME",
    "going": "jsonPayload.decision.scaleDown.nodesToBeRemoved[0].node.name",
    "also_going": "jsonPayload.decision.scaleDown.nodesToBeRemoved[1].node.name",
}


def kept_entries(
    connection: duckdb.DuckDBPyConnection, places: pd.DataFrame, start: int, end: int
) -> tuple[pd.DataFrame, int]:
    """The kept entries of the places that belong, inside the window (nanoseconds, both ends in), in order of time.

    `places` is what `belong.attribute` returns. Returns the table (`ENTRIES`) and how many duplicates were dropped:
    same insertId, time and log.
    """
    connection.register("places", places[[*PLACE, "belongs", "name"]])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE chosen AS {_chosen_sql()}")
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM chosen WHERE turn = 1 AND t BETWEEN ? AND ? "  # noqa: S608 - our own text
        "ORDER BY t, insert_id, log_name",
        [start, end],
    ).df()
    duplicates = connection.execute("SELECT count(*) FROM chosen WHERE turn > 1").fetchall()
    connection.execute("DROP TABLE chosen; DROP TABLE kept")
    connection.unregister("places")
    return _table(rows), int(duplicates[0][0])


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    rows["log_id"] = log_ids(rows["log_name"])
    console = pd.Series([bool(log) and log.startswith(SERIAL_LOG) for log in rows["log_id"]], rows.index, dtype="bool")
    rows.loc[console, "message"] = [clean_console(text or "") for text in rows.loc[console, "message"]]
    large = pd.Series([len(entry) > LARGEST_ENTRY for entry in rows["entry"]], rows.index, dtype="bool")
    rows.loc[large, "entry"] = [shortened(entry) for entry in rows.loc[large, "entry"]]
    return frame(ENTRIES, rows.rename(columns={"t": "timestamp", "rtype": "resource_type"}))


def log_ids(names: pd.Series) -> pd.Series:
    """The decoded log ids of logs' names; None where there is no name."""
    decoded = {name: _log_id(name) for name in names.unique()}
    return pd.Series([decoded[name] for name in names], index=names.index, dtype="object")


def _log_id(name: Any) -> str | None:
    return unquote(name.partition("/logs/")[2] or name) if isinstance(name, str) and name else None


def shortened(entry: str) -> str:
    """An entry that is too large, as one that is not: its longest texts are cut until it fits."""
    try:
        value = json.loads(entry)
    except (ValueError, RecursionError):
        return "{}"
    for longest in (LARGEST_ENTRY // 2, 16 << 10, 1 << 10, 64):
        text = json.dumps(_cut(value, longest), ensure_ascii=False, separators=(",", ":"))
        if len(text) <= LARGEST_ENTRY:
            return text
    slim = {
        key: value[key] for key in ("insertId", "logName", "timestamp", "receiveTimestamp", "severity") if key in value
    }
    return json.dumps(_cut(slim, 1024), ensure_ascii=False, separators=(",", ":"))


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, Mapping):
        return {key[:512]: _cut(inner, longest) for key, inner in value.items()}
    return [_cut(inner, longest) for inner in value] if isinstance(value, list) else value


def _chosen_sql() -> str:
    paths = ", ".join(quoted(f"$.{path}") for path in _FIELDS.values())
    fields = ", ".join(f"x[{number}] AS {name}" for number, name in enumerate(_FIELDS, 1) if name != "received")
    received = list(_FIELDS).index("received") + 1
    return f"""
        WITH ours AS (
            SELECT kept.entry, rtype, places.name, json_extract_string(kept.entry, [{paths}]) AS x
            FROM kept JOIN places USING ({", ".join(PLACE)}) WHERE places.belongs
        ),
        fields AS (
            SELECT entry, nullif(rtype, '') AS rtype, name, {fields}, {ns_sql(f"x[{received}]")} AS received FROM ours
        )
        SELECT coalesce({ns_sql("stamp")}, received) AS t, received, insert_id, log_name, rtype,
            coalesce(nullif(severity, ''), 'DEFAULT') AS severity,
            coalesce(name, {_NODE}) AS node, instance_id,
            coalesce(namespace, namespace_old, CASE WHEN object_kind = 'Pod' THEN object_namespace END) AS namespace,
            coalesce(pod, pod_old, CASE WHEN object_kind = 'Pod' THEN object_name END) AS pod,
            container, left({_MESSAGE}, {LONGEST}) AS message, json(entry)::VARCHAR AS entry,
            row_number() OVER (
                PARTITION BY coalesce(insert_id, entry::VARCHAR), coalesce({ns_sql("stamp")}, received), log_name
                ORDER BY received, entry::VARCHAR
            ) AS turn
        FROM fields
    """  # noqa: S608 - our own text


# Where the place does not tell the node, the payload may: events name their kubelet's host, audit entries of the
# Kubernetes API their node; a scale-down names what it removes, which is a node only where it is one.
_NODE = """nullif(coalesce(
    CASE WHEN object_kind = 'Node' THEN object_name END,
    host,
    nullif(regexp_extract(target, '^core/v1/nodes/([^/]+)', 1), ''),
    CASE WHEN also_going IS NULL THEN going END,
    CASE WHEN rtype IN ('gce_instance', 'k8s_node') THEN hostname END
), '')"""

# Events say what happened in `reason`; journald writes MESSAGE, other agents message, msg or log.
_MESSAGE = """CASE
    WHEN method IS NOT NULL OR status IS NOT NULL THEN coalesce(nullif(status, ''), concat_ws(' ', method, target))
    WHEN text IS NOT NULL THEN text
    WHEN kind = 'Event' THEN concat_ws(': ', reason, coalesce(event, action))
    WHEN payload IS NOT NULL THEN coalesce(journal, event, msg, log, payload)
    ELSE labels
END"""
