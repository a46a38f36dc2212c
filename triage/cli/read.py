"""`triage read`: `gcloud logging read` for files."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import duckdb

    from triage.lql import Filter

_LONGEST_MESSAGE = 2000


class Order(StrEnum):
    """By time, oldest or newest first."""

    ASC = "asc"
    DESC = "desc"


class EntryFormat(StrEnum):
    """A JSON array as gcloud prints it, or a line of text per entry."""

    JSON = "json"
    TEXT = "text"


def read(
    path: Annotated[
        Path,
        typer.Option("--from", metavar="PATH", help="An evidence directory, .tar.gz, .zip, or one file of entries."),
    ],
    filter: Annotated[  # noqa: A002 - the language's own word
        str, typer.Argument(metavar="FILTER", help="A filter in the Logging query language. (default: everything)")
    ] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many entries.")] = None,
    order: Annotated[Order, typer.Option("--order", help="Oldest or newest first.")] = Order.DESC,
    format: Annotated[  # noqa: A002 - the option's name
        EntryFormat, typer.Option("--format", "-f", help="A JSON array, or a line per entry.")
    ] = EntryFormat.JSON,
    freshness: Annotated[
        str,
        typer.Option(
            "--freshness",
            metavar="TIME",
            help="Only entries this much older than the newest one in the files. As with gcloud, it counts only with "
            "--order desc and a filter without the word timestamp.",
        ),
    ] = "1d",
) -> int:
    """Read log entries from files with a filter, as `gcloud logging read` does from Cloud Logging.

    triage read 'resource.type="k8s_node" jsonPayload.MESSAGE:"oom"' --from evidence/ --limit 10
    """
    from triage.lql import check, parse
    from triage.units import parse_duration

    wanted = parse(filter)
    check(wanted)
    fresh = parse_duration(freshness)
    limited = order is Order.DESC and "timestamp" not in filter
    entries = _entries(path, wanted, newest_first=order is Order.DESC, limit=limit, fresh=fresh if limited else None)
    if format is EntryFormat.JSON:
        _write_json(entries)
    else:
        for entry in entries:
            sys.stdout.write(_line(entry) + "\n")
    return 0


def _entries(
    path: Path, wanted: "Filter", *, newest_first: bool, limit: int | None, fresh: timedelta | None
) -> Iterator[dict[str, Any]]:
    import duckdb

    from triage.lql import matching, prepare
    from triage.sources.files.opened import open_evidence

    with open_evidence(path) as opened, duckdb.connect() as connection:
        prepare(connection)
        relation = f"(SELECT entry FROM ({opened.sql()}))"  # noqa: S608 - our own SQL
        if fresh is not None:
            relation = _fresh(connection, relation, fresh)
        yield from matching(connection, wanted, relation=relation, descending=newest_first, limit=limit)


def _fresh(connection: "duckdb.DuckDBPyConnection", relation: str, fresh: timedelta) -> str:
    """The entries that are at most so much older than the newest."""
    from triage.lql import entry_time

    newest = connection.execute(f"SELECT epoch_ns(max({entry_time()})) FROM {relation}").fetchall()[0][0]  # noqa: S608
    if newest is None:
        return relation
    oldest = newest - int(fresh / timedelta(microseconds=1)) * 1000
    return f"(SELECT entry FROM {relation} WHERE epoch_ns({entry_time()}) >= {oldest})"  # noqa: S608 - a number


def _write_json(entries: Iterator[dict[str, Any]]) -> None:
    """An array in gcloud's layout, an element at a time: there may be millions."""
    opening = "[\n"
    for entry in entries:
        shown = json.dumps(entry, ensure_ascii=False, indent=2, sort_keys=True)
        # A half of a surrogate pair is valid JSON, and no text that can be written.
        whole = shown.encode("utf-8", "replace").decode("utf-8")
        sys.stdout.write(opening + "  " + whole.replace("\n", "\n  "))
        opening = ",\n"
    sys.stdout.write("[]\n" if opening == "[\n" else "\n]\n")


def _line(entry: dict[str, Any]) -> str:
    """Time, severity, log and message; safe for a terminal."""
    time = entry.get("timestamp") or entry.get("receiveTimestamp") or "-"
    log = str(entry.get("logName", "-")).rpartition("/logs/")[2].replace("%2F", "/")
    fields = (time, entry.get("severity", "DEFAULT"), log, _message(entry))
    return "\t".join(_printable(str(field)) for field in fields)


def _message(entry: dict[str, Any]) -> str:
    if "textPayload" in entry:
        return str(entry["textPayload"]).rstrip("\n")
    payload = entry.get("jsonPayload") or entry.get("protoPayload") or {}
    for key in ("message", "MESSAGE", "methodName"):
        if isinstance(payload, dict) and isinstance(payload.get(key), str):
            return str(payload[key])
    return json.dumps(payload, ensure_ascii=False)


def _printable(text: str) -> str:
    cut = text[:_LONGEST_MESSAGE]
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in cut)
