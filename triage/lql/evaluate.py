"""Filters run over entries in this process, by the same SQL that runs over evidence files."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import duckdb

from triage.lql.document import parsed
from triage.lql.duckdb import compile_many, prepare
from triage.lql.literals import instant
from triage.model.filter import Filter


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
) -> Iterator[dict[str, Any]]:
    """The entries that match, as the Logging API lists them: by time, then insertId, each once.

    `relation` is a table's name, or a subquery in parentheses, with a JSON column `entry`. An entry's time is its
    `timestamp`, else its `receiveTimestamp`; entries without a time count as oldest. Entries of one parent with the
    same time and insertId are one. Raises FilterError as `check` does, at once; reads as it is iterated.
    """
    prepare(connection)
    query = compile_many({"matched": filter}, relation=relation)
    way = "DESC NULLS LAST" if descending else "ASC NULLS FIRST"
    cursor = connection.execute(
        f"SELECT CAST(entry AS VARCHAR) FROM ({query}) WHERE matched "  # noqa: S608 - built by the compiler
        f"ORDER BY {entry_time()} {way}, json_extract_string(entry, '$.insertId') {way}"
    )
    stop = None if limit is None else offset + limit
    return islice(_distinct(_rows(cursor)), offset, stop)


def entry_time(entry: str = "entry") -> str:
    """SQL for an entry's time (TIMESTAMP_NS, UTC): `timestamp`, else `receiveTimestamp`, else NULL."""
    times = (_instant(f"json_extract_string({entry}, '$.{name}')") for name in ("timestamp", "receiveTimestamp"))
    return f"coalesce({', '.join(times)})"


def _instant(text: str) -> str:
    """SQL for the time that RFC 3339 text names; a cast to TIMESTAMP_NS drops an offset, so it is taken off here."""
    sign, hours, minutes = (f"regexp_extract({text}, {_OFFSET}, {group})" for group in (1, 2, 3))
    offset = f"({hours}::BIGINT * 60 + {minutes}::BIGINT) * CASE {sign} WHEN '-' THEN -1 ELSE 1 END * 60000000000"
    cast = f"try_cast({text} AS TIMESTAMP_NS)"
    return (
        f"CASE WHEN regexp_matches({text}, {_OFFSET}) THEN make_timestamp_ns(epoch_ns({cast}) - ({offset})) "
        f"ELSE {cast} END"
    )


_OFFSET = r"'([+-])(\d\d):?(\d\d)$'"


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    while batch := cursor.fetchmany(1000):
        for (text,) in batch:
            yield parsed(text)


def _distinct(entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries without duplicates, which lie side by side: they have the same time and insertId."""
    seen: set[str] = set()
    now: int | None = -1
    for entry in entries:
        moment, insert_id = instant(str(entry.get("timestamp") or entry.get("receiveTimestamp"))), entry.get("insertId")
        if moment != now:
            seen, now = set(), moment
        key = f"{str(entry.get('logName', '')).partition('/logs/')[0]} {insert_id}"
        if not insert_id or key not in seen:
            seen.add(key)
            yield entry
