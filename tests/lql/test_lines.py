"""What a raw line of JSON must hold for its entry to have a chance."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lql.reference import matches
from tests.lql.strategies import entries, filters
from triage.lql import Filter, necessary, parse, to_text
from triage.lql.lines import line_patterns


def spelt(entry: Any, way: str) -> str:
    """The entry as a JSON text, spelt in one of the ways that readers of JSON take for the same."""
    if way == "spaced":
        return json.dumps(entry, ensure_ascii=False, separators=(" , ", " : "))
    text = json.dumps(entry, ensure_ascii=way in ("plain", "html"), separators=(",", ":"))
    if way == "html":  # as Go's encoder writes it
        return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026").replace("/", r"\/")
    if way == "letters":
        return re.sub(r"(?<!\\)[a-z]", lambda found: f"\\u{ord(found.group()):04X}", text)
    return text


def passes(patterns: tuple[str, ...], line: str) -> bool:
    return any(re.search(pattern.encode(), line.encode(), re.IGNORECASE) for pattern in patterns)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(filters, min_size=10, max_size=20),
    st.lists(entries, min_size=10, max_size=20),
    st.sampled_from(["plain", "utf-8", "spaced", "html", "letters"]),
)
def test_lines_of_entries_that_match_pass(queries: list[Filter], logs: list[dict[str, Any]], way: str) -> None:
    for each in queries:
        patterns = line_patterns(necessary(each))
        for entry in logs:
            if patterns is not None and matches(each, entry):
                assert passes(patterns, spelt(entry, way)), (to_text(each), patterns[:-3], entry)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('jsonPayload.MESSAGE:"out of memory"', r'{"jsonPayload":{"MESSAGE":"\u006fut of memory"}}'),
        ('jsonPayload.MESSAGE:"out of memory"', '{"jsonPayload":{"MESSAGE":"ＯＵＴ of memory"}}'),
        ('jsonPayload.MESSAGE:"out of memory"', r'{"jsonPayload":{"MESSAGE":"\uff2fut of memory"}}'),
        ('jsonPayload.MESSAGE:"out of memory"', r'{"jsonPayload":{"MESSAGE":"out of m\u00AdEMORY"}}'),
        ("textPayload:zombie", '{"textPayload":"a zombie"}'),
        ("textPayload:zombie", r'{"textPayload":"{\"zombie\":1}"}'),
        ('jsonPayload.to="api.example.com"', '{"jsonPayload":{"to": "API.example.com" }}'),
        ('log_id("a.example.com/activity")', '{"logName":"projects/p/logs/A.example.com%2Factivity"}'),
        ('log_id("events") severity>=ERROR', r'{"logName":"projects\/p\/logs\/events" , "severity" : "critical"}'),
        ("severity=(ERROR OR INFO)", '{"severity":"info"}'),
        ('resource.type=("k8s_node" OR "gke_cluster")', '{"resource":{"type":"gke_cluster"}}'),
        ('jsonPayload.MESSAGE:"out of memory"', '{"jsonPayload":{"MESSAGE": [79, 117, 116]}}'),
    ],
)
def test_lines_that_pass(text: str, line: str) -> None:
    patterns = line_patterns(necessary(parse(text)))
    assert patterns is not None
    assert passes(patterns, line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("textPayload:zombie", '{"textPayload":"all is well – “quoted”, déjà vu, 漢字 \U0001f600"}'),
        (
            "textPayload:zombie",
            r'{"textPayload":"\u003cnil\u003e \u0026 \u0027\u00e9\u4e2d\u2019 C:\\u\/x \ud83d\ude00"}',
        ),
        ("jsonPayload.m:thread", '{"jsonPayload":{"thread":"main","m":"started"}}'),
        ("jsonPayload.m:compute.example.com", '{"labels":{"compute.example.com/resource_name":"n"}}'),
        ('log_id("events")', '{"logName":"projects/p/logs/events.example.com%2Fx","textPayload":"events came"}'),
        ("severity>=ERROR", '{"severity":"INFO","textPayload":"error"}'),
    ],
)
def test_lines_that_do_not(text: str, line: str) -> None:
    patterns = line_patterns(necessary(parse(text)))
    assert patterns is not None
    assert not passes(patterns, line)


@pytest.mark.parametrize(
    "text",
    ["", "jsonPayload.n>5", 'jsonPayload.code=~"^500"', "severity>=DEFAULT", 'logName="a/b"', "zombie OR severity>=0"],
)
def test_what_a_line_cannot_tell(text: str) -> None:
    assert line_patterns(necessary(parse(text))) is None
