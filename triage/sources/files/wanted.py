"""The SQL of the second look: the whole entries that may be wanted."""

from triage.lql import regex_of
from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.heads import head_sql
from triage.sources.files.journal import spelled_sql
from triage.sources.files.looks import LABELS, LOG_ENTRY, PLACE, entries_sql, path_of, placed_sql, told_sql
from triage.sources.files.sql import quoted
from triage.sources.plan import Plan


def kept_sql(files: EntryFiles, plan: Plan) -> str:
    """The entries that the plan's condition lets pass: PLACE (empty texts for what is absent), and `entry`, the
    LogEntry as JSON text."""
    labels = {name: f"json_extract_string(labels, {quoted(path_of(label))})" for name, label in LABELS.items()}
    target = "json_extract_string(protoPayload, '$.resourceName'), json_extract_string(jsonPayload, '$.resource.name')"
    spelled = f"* REPLACE ({spelled_sql('jsonPayload')} AS jsonPayload)"
    placed = placed_sql(f"""
        SELECT rtype, owner, vm, {_entry_sql()} AS entry
        FROM (SELECT {spelled} FROM ({entries_sql(files, LOG_ENTRY, labels, target)}))
        WHERE whole AND {wanted_sql(plan)}
    """)  # noqa: S608 - our own text
    return f"SELECT {told_sql(*PLACE)}, entry FROM ({placed})"  # noqa: S608 - our own text


def nothing_kept_sql() -> str:
    """The same without any entry."""
    return "SELECT " + ", ".join(f"'' AS {name}" for name in PLACE) + ", NULL::JSON AS entry LIMIT 0"


def wanted_sql(plan: Plan) -> str:
    """The plan's condition over the columns of the scan: those of LOG_ENTRY, `log_name` and `rtype`."""
    necessary = plan.necessary
    if not necessary.narrows:
        return "true"
    conditions = [head_sql(head) for head in necessary.head]
    if necessary.literals:
        seen = _entry_sql() if plan.anywhere else "coalesce(textPayload, jsonPayload::VARCHAR, protoPayload::VARCHAR)"
        conditions.append(f"regexp_matches({seen}, {quoted(regex_of(necessary.literals))})")
    return "(" + " OR ".join(f"coalesce({condition}, false)" for condition in conditions) + ")"


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
