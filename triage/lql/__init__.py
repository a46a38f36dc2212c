"""The Logging query language: one parser, one tree, three engines (Logging API, DuckDB, BigQuery).

parse(text) ── Filter ──► to_text(filter)            the normal spelling, for the Logging API
                    ├──► check(filter)               fields exist, literals fit
                    ├──► fold(filters)               few requests out of many filters
                    ├──► necessary(filter)           a cheap condition on the raw text, for a prefilter
                    ├──► compile_duckdb(filter)      SQL over one JSON column; `prepare(connection)` first
                    ├──► compile_many({name: filter}, relation=…)   a pack of filters in one pass
                    ├──► compile_bigquery(filter)    SQL over `_AllLogs`
                    └──► match_entries(entries, filter), matching(connection, filter)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from triage.lql.fold import WINDOW_ROOM, and_window, fold
from triage.lql.parse import parse
from triage.lql.prefilter import Necessary, necessary, regex_of
from triage.lql.print import to_text
from triage.lql.types import check
from triage.model.filter import Filter

if TYPE_CHECKING:
    from triage.lql.bigquery import compile_bigquery
    from triage.lql.duckdb import compile_duckdb, compile_many, prepare
    from triage.lql.evaluate import entry_time, load_entries, match_entries, matching

__all__ = [
    "WINDOW_ROOM",
    "Filter",
    "Necessary",
    "and_window",
    "check",
    "compile_bigquery",
    "compile_duckdb",
    "compile_many",
    "entry_time",
    "fold",
    "load_entries",
    "match_entries",
    "matching",
    "necessary",
    "parse",
    "prepare",
    "regex_of",
    "to_text",
]

_LATE = {
    "compile_bigquery": "bigquery",
    "compile_duckdb": "duckdb",
    "compile_many": "duckdb",
    "prepare": "duckdb",
    "entry_time": "evaluate",
    "load_entries": "evaluate",
    "match_entries": "evaluate",
    "matching": "evaluate",
}


def __getattr__(name: str) -> Any:
    """What needs the SQL builder is imported when it is asked for: most runs never build any."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
