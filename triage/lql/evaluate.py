"""Filters run over entries in this process, by the same SQL that runs over evidence files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from triage.lql.duckdb import compile_many, prepare
from triage.lql.tree import Filter

_TIME = """
    coalesce(
        try_cast(json_extract_string(entry, '$.timestamp') AS TIMESTAMP_NS),
        try_cast(json_extract_string(entry, '$.receiveTimestamp') AS TIMESTAMP_NS)
    )
"""


def match_entries(entries: Sequence[Mapping[str, Any]], filter: Filter) -> list[bool]:  # noqa: A002 - the language's own word
    """For each entry (a LogEntry as JSON), whether the filter matches it. Raises FilterError as `check` does."""
    with duckdb.connect() as connection:
        load_entries(connection, entries)
        query = compile_many({"matched": filter}, relation="entries")
        rows = connection.execute(f"SELECT matched FROM ({query}) ORDER BY position").fetchall()  # noqa: S608 - built
    return [bool(matched) for (matched,) in rows]


def load_entries(
    connection: duckdb.DuckDBPyConnection, entries: Iterable[Mapping[str, Any]], *, table: str = "entries"
) -> None:
    """Fill a new table (position BIGINT, entry JSON) with the entries, ready for `matching`."""
    prepare(connection)
    quoted = '"' + table.replace('"', '""') + '"'
    connection.execute(f"CREATE TABLE {quoted} (position BIGINT, entry JSON)")
    rows = [[position, json.dumps(entry, ensure_ascii=False)] for position, entry in enumerate(entries)]
    for start in range(0, len(rows), 1000):
        batch = rows[start : start + 1000]
        marks = ", ".join(["(?, ?)"] * len(batch))
        connection.execute(
            f"INSERT INTO {quoted} VALUES {marks}",  # noqa: S608 - question marks only
            [value for row in batch for value in row],
        )


def matching(
    connection: duckdb.DuckDBPyConnection,
    filter: Filter,  # noqa: A002 - the language's own word
    *,
    relation: str = "entries",
    descending: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """The entries that match, as the Logging API lists them: by time, ties by insertId.

    `relation` is a table's name, or a subquery in parentheses, with a JSON column `entry`. An entry's time is its
    `timestamp`, else its `receiveTimestamp`; entries without a time come first. Raises FilterError as `check` does.
    """
    prepare(connection)
    query = compile_many({"matched": filter}, relation=relation)
    way = "DESC NULLS LAST" if descending else "ASC NULLS FIRST"
    bound = "" if limit is None else f"LIMIT {int(limit)}"
    rows = connection.execute(
        f"SELECT CAST(entry AS VARCHAR) FROM ({query}) WHERE matched "  # noqa: S608 - built by the compiler
        f"ORDER BY {_TIME} {way}, json_extract_string(entry, '$.insertId') {way} {bound} OFFSET {int(offset)}"
    ).fetchall()
    return [json.loads(text) for (text,) in rows]
