"""The light look at all log entries: who spoke when and which pod ran where. It goes on aside, from the start of a run.

DuckDB reads the few fields that say where and when of every entry, on threads of its own; Python loads the rest of the
program and the signals meanwhile. Nothing heavy is imported here, so that it starts before anything else.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Self

import duckdb

from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.looks import groups_sql
from triage.sources.files.sql import quoted

_A_MOMENT_S = 0.05


def connect(files: EntryFiles) -> duckdb.DuckDBPyConnection:
    """A connection that reads files and nothing else: no extension is fetched, what spills goes to our scratch."""
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    connection.execute(f"SET temp_directory = {quoted(str(files.contents.scratch / 'spill'))}")
    return connection


class Survey:
    """The table `groups` (`looks.groups_sql`) of all entries, being filled while the `with` block goes on.

    `edges` (nanoseconds) are times that no group may reach across.
    """

    def __init__(self, files: EntryFiles, edges: Sequence[int] = ()) -> None:
        self.files = files
        self.connection = connect(files)
        self._edges = edges
        self._first: Future[None] | None = Future()
        self._thread = threading.Thread(target=self._begin, args=(self._first,), name="survey", daemon=True)

    def __enter__(self) -> Self:
        if self.files.files:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._thread.is_alive():
            self.connection.interrupt()  # which is lost on a query that is only about to start
            self._thread.join(_A_MOMENT_S)
        self.connection.close()

    def done(self) -> list[tuple[str, int]]:
        """Wait for the table. Returns the files that hold records which are no entries, and how many.

        A file that DuckDB refuses is cleaned, and all are looked at again. Records that it passes over are read
        patiently; what can be saved of them (text that is no UTF-8, say) is looked at, too.
        """
        if not self.files.files:
            return []
        self.files.asked(self._ask)
        read = set(self.files.paths)
        for filename, count in self._broken():
            self.files.mend(self.files.by_name(filename), broken=count)
        saved = [file for file in self.files.files if file.path not in read]
        if read - set(self.files.paths):
            self.files.asked(self._ask)
        elif saved:
            self.connection.execute(f"INSERT INTO groups {groups_sql(replace(self.files, files=saved), self._edges)}")
        return self._broken()

    def _begin(self, first: Future[None]) -> None:
        try:
            self._look()
        except Exception as error:
            first.set_exception(error)
        else:
            first.set_result(None)

    def _ask(self) -> None:
        first, self._first = self._first, None
        if first:
            first.result()
        else:
            self._look()

    def _look(self) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE groups AS {groups_sql(self.files, self._edges)}")

    def _broken(self) -> list[tuple[str, int]]:
        return self.connection.execute(
            "SELECT broken_file, sum(n)::BIGINT FROM groups WHERE broken_file IS NOT NULL GROUP BY broken_file"
        ).fetchall()
