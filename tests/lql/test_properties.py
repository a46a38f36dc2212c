"""What must hold for every filter and every entry."""

import json
import os
from typing import Any

import duckdb
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lql.log_analytics import match_in_bigquery
from tests.lql.reference import matches
from tests.lql.strategies import entries, filters
from triage.lql import (
    Filter,
    compile_duckdb,
    compile_many,
    fold,
    load_entries,
    match_entries,
    necessary,
    parse,
    regex_of,
    to_text,
)
from triage.lql.prefilter import FOLDS_TO_ASCII as COMPATIBILITY

MORE = int(os.environ.get("TRIAGE_MORE_EXAMPLES", "1"))
"""How many times the usual number of examples to try."""

_SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
some_filters = st.lists(filters, min_size=10, max_size=20)
some_entries = st.lists(entries, min_size=10, max_size=20)


@settings(max_examples=200 * MORE, **_SETTINGS)  # type: ignore[arg-type]
@given(filters)
def test_what_is_printed_reads_back_as_the_same(each: Filter) -> None:
    assert parse(to_text(each)) == each


@settings(max_examples=10 * MORE, **_SETTINGS)  # type: ignore[arg-type]
@given(some_filters, some_entries)
def test_duckdb_agrees_with_the_plain_reading(queries: list[Filter], logs: list[dict[str, Any]]) -> None:
    with duckdb.connect() as connection:
        load_entries(connection, logs)
        query = compile_many({f"f{index}": each for index, each in enumerate(queries)}, relation="entries")
        rows = connection.execute(f"SELECT * EXCLUDE (entry) FROM ({query}) ORDER BY position").fetchall()
        for entry, (_, *found) in zip(logs, rows, strict=True):
            for each, matched in zip(queries, found, strict=True):
                assert matched is matches(each, entry), (to_text(each), entry)


@settings(max_examples=8 * MORE, **_SETTINGS)  # type: ignore[arg-type]
@given(filters, some_entries)
def test_one_expression_agrees_with_many_columns(each: Filter, logs: list[dict[str, Any]]) -> None:
    with duckdb.connect() as connection:
        load_entries(connection, logs)
        rows = connection.execute(f"SELECT {compile_duckdb(each)} FROM entries ORDER BY position").fetchall()
    assert [matched for (matched,) in rows] == [matches(each, entry) for entry in logs]


@settings(max_examples=10 * MORE, **_SETTINGS)  # type: ignore[arg-type]
@given(some_filters, some_entries)
def test_what_matches_passes_its_prefilter(queries: list[Filter], logs: list[dict[str, Any]]) -> None:
    for each in queries:
        condition = necessary(each)
        if not condition.narrows:
            continue
        for entry in logs:
            if not matches(each, entry):
                continue
            for escaped in (False, True):
                raw = json.dumps(entry, ensure_ascii=escaped)
                found = condition.literals and re2.search(regex_of(condition.literals), raw)
                assert found or any(matches(head, entry) for head in condition.head), (to_text(each), condition, entry)


@settings(max_examples=10 * MORE, **_SETTINGS)  # type: ignore[arg-type]
@given(st.lists(filters, min_size=1, max_size=8), some_entries)
def test_folded_filters_match_what_any_of_them_matches(queries: list[Filter], logs: list[dict[str, Any]]) -> None:
    folded = [parse(text) for text in fold(queries, limit=2_000)]
    for entry in logs:
        together = any(matches(each, entry) for each in folded)
        assert together == any(matches(each, entry) for each in queries), [to_text(each) for each in folded]


@settings(max_examples=3 * MORE, **_SETTINGS)  # type: ignore[arg-type]
@given(st.lists(filters, min_size=2, max_size=3), some_entries)
def test_bigquery_selects_the_same_rows(queries: list[Filter], logs: list[dict[str, Any]]) -> None:
    # BigQuery's LOWER, which is enough for ASCII literals, knows nothing of compatibility characters.
    # `_AllLogs` gives each row a timestamp (its partitions are cut by it), so the SQL may count on one.
    stamped = [entry for entry in logs if "timestamp" in entry]
    plain = [entry for entry in stamped if not re2.search(COMPATIBILITY, json.dumps(entry, ensure_ascii=False))]
    for each in queries:
        assert match_in_bigquery(plain, each) == match_entries(plain, each), to_text(each)
