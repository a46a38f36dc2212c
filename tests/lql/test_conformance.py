"""The language's worked examples, each on every engine."""

import pytest

from tests.lql.conformance import CASES, ENTRIES
from tests.lql.log_analytics import match_in_bigquery
from triage.errors import FilterError
from triage.lql import check, compile_duckdb, match_entries, parse

_IDS = [f"{number}" for number, *_ in CASES]


@pytest.mark.parametrize(("number", "text", "entry", "outcome"), CASES, ids=_IDS)
def test_duckdb(number: int, text: str, entry: str, outcome: str) -> None:
    if outcome == "error":
        with pytest.raises(FilterError):
            check(parse(text))
    elif outcome == "parses":
        parse(text)
    else:
        entries = list(ENTRIES.values()) if entry == "any" else [ENTRIES[entry]]
        assert match_entries(entries, parse(text)) == [outcome == "Y"] * len(entries)


@pytest.mark.parametrize("text", [text for _, text, _, outcome in CASES if outcome == "error"])
def test_no_sql_comes_of_a_wrong_filter(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_duckdb(parse(text))
    assert caught.value.line >= 1
    assert "^" in caught.value.excerpt


@pytest.mark.parametrize(
    ("number", "text", "entry", "outcome"), [case for case in CASES if case[3] in "YN"], ids=lambda v: str(v)[:40]
)
def test_bigquery(number: int, text: str, entry: str, outcome: str) -> None:
    entries = list(ENTRIES.values()) if entry == "any" else [ENTRIES[entry]]
    assert match_in_bigquery(entries, parse(text)) == [outcome == "Y"] * len(entries)
