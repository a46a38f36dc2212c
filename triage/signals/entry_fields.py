"""Some fields of many log entries, read by DuckDB without building the rest of their documents."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import duckdb
import pandas as pd

from triage.signals.text import valid_json


def fields_of(entries: pd.DataFrame, paths: Mapping[str, str]) -> list[dict[str, Any]]:
    """Some fields of each entry as text (a list of texts for a path with `[*]`), read without building the rest."""
    with _database().cursor() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("given", pd.DataFrame({"entry": [valid_json(entry) for entry in entries["entry"]]}))
        columns = ", ".join(f"json_extract_string(json, '{path}') AS \"{name}\"" for name, path in paths.items())
        rows = connection.execute(
            f"SELECT {columns} FROM (SELECT TRY_CAST(entry AS JSON) AS json FROM given)"  # noqa: S608 - paths are constants
        ).fetchall()
    return [dict(zip(paths, row, strict=True)) for row in rows]


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all questions: making it takes longer than most of them."""
    return duckdb.connect(":memory:")
