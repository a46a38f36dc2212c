"""Filter evaluation, by triage's own query language over a DuckDB table of the entries. Nothing else reads filters."""

import json
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

import duckdb
import pandas as pd

from tests.emulator.errors import invalid
from tests.emulator.evidence import Record
from triage.errors import FilterError
from triage.lql.duckdb import compile_many, prepare
from triage.lql.parse import parse
from triage.lql.types import check

MOST_CHARACTERS = 20_000
"""The API's limit on a filter, comments included."""


class EntryFilters:
    """Tells which of the entries a filter matches."""

    def __init__(self, entries: Sequence[Record]) -> None:
        self._entries = entries
        self._lock = Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._evaluate = lru_cache(maxsize=64)(self._matching)

    def matching(self, text: str) -> Sequence[int]:
        """Positions of the matching entries, ascending.

        Raises ApiError (INVALID_ARGUMENT) where the filter is too long or not in the language.
        """
        if len(text) > MOST_CHARACTERS:
            raise invalid(f"The filter is {len(text)} characters long; the limit is {MOST_CHARACTERS}.")
        if not text.strip():
            return range(len(self._entries))
        return self._evaluate(text)

    def _matching(self, text: str) -> Sequence[int]:
        try:
            tree = parse(text)
            check(tree)
            selected = compile_many({"matched": tree}, relation="entries")
        except FilterError as error:
            where = f"line {error.line}, column {error.column}"
            raise invalid(f"Unparseable filter: syntax error at {where}: {error.reason}") from error
        with self._lock:
            query = f"SELECT position FROM ({selected}) WHERE matched ORDER BY position"
            rows = self._table().execute(query).fetchall()
        return [position for (position,) in rows]

    def _table(self) -> duckdb.DuckDBPyConnection:
        """The entries as JSON, loaded when the first filter comes."""
        if self._connection is None:
            connection = duckdb.connect()
            prepare(connection)
            texts = pd.DataFrame({"entry": [json.dumps(entry) for entry in self._entries]}, dtype="object")
            texts["position"] = range(len(texts))
            connection.register("texts", texts)
            connection.execute("CREATE TABLE entries AS SELECT position, CAST(entry AS JSON) AS entry FROM texts")
            connection.unregister("texts")
            self._connection = connection
        return self._connection
