"""The language's worked examples, each on every engine."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.lql.conformance import CASES, ENTRIES
from tests.lql.log_analytics import load_log_analytics, selected
from tests.lql.reference import matches
from triage.errors import FilterError
from triage.lql import check, compile_bigquery, compile_duckdb, load_entries, match_entries, parse

ANSWERED = [case for case in CASES if case[3] in "YN"]
REFUSED = [text for _, text, _, outcome in CASES if outcome == "error"]
PLACES = list(ENTRIES)


def expected(entry: str, outcome: str) -> dict[str, bool]:
    """What each entry that the example speaks of must answer."""
    return dict.fromkeys(PLACES if entry == "any" else [entry], outcome == "Y")


def answers(matched: set[int], entry: str) -> dict[str, bool]:
    return {name: PLACES.index(name) in matched for name in (PLACES if entry == "any" else [entry])}


@pytest.fixture(scope="module")
def entries() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_entries(connection, list(ENTRIES.values()))
        yield connection


@pytest.fixture(scope="module")
def all_logs() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_log_analytics(connection, list(ENTRIES.values()))
        yield connection


@pytest.mark.parametrize(("number", "text", "entry", "outcome"), ANSWERED, ids=lambda value: str(value)[:40])
def test_duckdb(entries: duckdb.DuckDBPyConnection, number: int, text: str, entry: str, outcome: str) -> None:
    rows = entries.execute(f"SELECT position FROM entries WHERE {compile_duckdb(parse(text))}").fetchall()
    assert answers({position for (position,) in rows}, entry) == expected(entry, outcome)


@pytest.mark.parametrize(("number", "text", "entry", "outcome"), ANSWERED, ids=lambda value: str(value)[:40])
def test_bigquery(all_logs: duckdb.DuckDBPyConnection, number: int, text: str, entry: str, outcome: str) -> None:
    assert answers(selected(all_logs, parse(text)), entry) == expected(entry, outcome)


def test_the_plain_reading_that_properties_are_held_against() -> None:
    for _, text, entry, outcome in ANSWERED:
        found = {name: matches(parse(text), ENTRIES[name]) for name in expected(entry, outcome)}
        assert found == expected(entry, outcome), text


@pytest.mark.parametrize("text", REFUSED)
def test_a_wrong_filter_is_refused_before_anything_runs(text: str) -> None:
    for use in (check, compile_duckdb, compile_bigquery, lambda tree: match_entries([], tree)):
        with pytest.raises(FilterError) as caught:
            use(parse(text))
        assert caught.value.line >= 1
        assert "^" in caught.value.excerpt


def test_what_merely_parses() -> None:
    assert [parse(text) for _, text, _, outcome in CASES if outcome == "parses"]
