"""Which lines of a file are no sound entries: DuckDB judges them by the block, far quicker than Python line by line."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from triage.sources.files.decoded import opened
from triage.sources.files.sql import ns_sql

_BLOCK = 8 << 20
_MOST = 10_000
_MOST_BYTES = 64 << 20
_FIELDS = ("timestamp", "receiveTimestamp", "logName", "resource.type", "textPayload", "jsonPayload", "protoPayload")
_PATHS = ", ".join(f"'$.{field}'" for field in _FIELDS)
_LINES = """(
    SELECT generate_subscripts(lines, 1) AS place, unnest(lines) AS line FROM (SELECT $lines::VARCHAR[] AS lines)
)"""
_BROKEN = f"SELECT place FROM {_LINES} WHERE line IS NULL OR NOT json_valid(line) ORDER BY place"  # noqa: S608 - our own text
_NO_ENTRY = f"""
    SELECT place FROM (
        SELECT place, CASE WHEN json_valid(line) THEN json_extract_string(line, [{_PATHS}]) END AS x FROM {_LINES}
    )
    WHERE x IS NULL OR coalesce({ns_sql("x[1]")}, {ns_sql("x[2]")}) IS NULL
        OR coalesce(x[3], x[4], x[5], x[6], x[7]) IS NULL
    ORDER BY place
"""  # noqa: S608 - our own text


def unsound_lines(path: Path, count: int) -> list[tuple[int, bytes]] | None:
    """The `count` lines of a file that are no sound entries, each with its number (from one), blank ones left out.

    None where they are more or fewer, or too many to be held. Usually all are broken JSON, which is quick to see.
    """
    if count > _MOST:
        return None
    for query in (_BROKEN, _NO_ENTRY):
        found, held = [], 0
        for number, line in islice(_found(path, query), count + 1):
            found.append((number, line))
            held += len(line)
            if held > _MOST_BYTES:
                return None
        if len(found) == count:
            return found
    return None


def _found(path: Path, query: str) -> Iterator[tuple[int, bytes]]:
    with opened(path) as file, duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        before = 0
        while lines := file.readlines(_BLOCK):
            for (place,) in connection.execute(query, {"lines": [_text(line) for line in lines]}).fetchall():
                if lines[place - 1].strip():
                    yield before + place, lines[place - 1]
            before += len(lines)


def _text(line: bytes) -> str | None:
    try:
        return line.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError:
        return None
