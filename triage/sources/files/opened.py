"""Evidence files opened for everything that looks at entries alone: all clusters, no window.

with open_evidence(path) as opened:
    connection.execute(f"SELECT … FROM ({opened.sql()})")      every entry, as it lies there
    wanted_entries(opened, plan)                               what a plan wants, as the entries table
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from triage.errors import InputError
from triage.model.place import Gap
from triage.sources.files.belong import named_everywhere
from triage.sources.files.contents import NOTHING, Found, open_contents
from triage.sources.files.entry_files import EntryFiles, entry_files
from triage.sources.files.journal import spelled_sql
from triage.sources.files.kept import kept_entries
from triage.sources.files.scan import places_of, scan
from triage.sources.files.survey import Survey, connect
from triage.sources.plan import Plan

_ALWAYS = 2**63 - 1


@dataclass(frozen=True)
class Opened:
    """Open evidence files; they are gone when the `with` block ends, where they came out of an archive."""

    files: EntryFiles
    others: tuple[Found, ...]
    """The files of evidence that hold no log entries."""
    ignored: tuple[str, ...]

    @property
    def entries(self) -> list[Path]:
        """The files of log entries, each of which DuckDB reads with `read_json_objects`."""
        return [file.path for file in self.files.files]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read, or only in part."""
        return (*self.files.contents.gaps, *self.files.gaps)

    @property
    def malformed(self) -> int:
        """How many records were skipped."""
        return self.files.malformed

    def sql(self) -> str:
        """A SELECT of every log entry: `entry` (JSON) and `filename`."""
        entry = spelled_sql("json", "jsonPayload")
        return f"SELECT {entry} AS entry, filename FROM ({self.files.sql('json, filename')}) WHERE {_IS_ENTRY}"  # noqa: S608 - our own text


# What `clean.is_entry` says, for files that DuckDB reads as they are.
_IS_ENTRY = """json IS NOT NULL
    AND coalesce(json_extract_string(json, '$.timestamp'), json_extract_string(json, '$.receiveTimestamp')) IS NOT NULL
    AND len(list_filter(json_extract(json, ['$.logName', '$.resource', '$.textPayload', '$.jsonPayload',
        '$.protoPayload']), lambda value: value IS NOT NULL)) > 0"""


@contextmanager
def open_evidence(path: Path) -> Iterator[Opened]:
    """Open an evidence directory, archive or lone file, with entry files that DuckDB cannot read cleaned.

    Raises InputError where there are no log entries to read.
    """
    with open_contents(path) as contents:
        if not contents.of("entries"):
            raise InputError(f"{path} holds no log entries", remedy=NOTHING)
        files = entry_files(contents)
        with connect(files) as connection:
            for filename, count in files.asked(lambda: _broken(connection, files)) if files.files else ():
                files.mend(files.by_name(filename), broken=count)
        if not files.files:
            raise InputError(f"{path}: {files.gaps[0].reason if files.gaps else 'no log entries'}", remedy=NOTHING)
        others = tuple(found for found in contents.found if found.kind not in ("entries", "manifest"))
        yield Opened(files, others, tuple(contents.ignored))


def _broken(connection: duckdb.DuckDBPyConnection, files: EntryFiles) -> list[tuple[str, int]]:
    """The files that hold records which are no entries, and how many."""
    counted = connection.execute(
        f"SELECT filename, count(*) - count(*) FILTER ({_IS_ENTRY}) AS broken "  # noqa: S608 - our own text
        f"FROM ({files.sql('json, filename')}) GROUP BY filename"
    ).fetchall()
    return [(filename, count) for filename, count in counted if count]


def wanted_entries(opened: Opened, plan: Plan) -> pd.DataFrame:
    """The entries that `plan` wants, of all clusters and times, as `ENTRIES` in order of time, without duplicates."""
    with Survey(opened.files) as survey:
        scanned = scan(survey, plan)
        entries, _ = kept_entries(survey.connection, named_everywhere(places_of(scanned)), -_ALWAYS, _ALWAYS)
    return entries
