"""What a filter's matches cannot do without."""

import pytest
import re2

from triage.lql import necessary, parse, regex_of, to_text
from triage.lql.required import required


@pytest.mark.parametrize(
    ("text", "literals"),
    [
        ("jsonPayload.MESSAGE:\"Out Of Memory\"", {"out of memory"}),
        ("resource.type=\"k8s_node\" (\"oom-kill\" OR textPayload:panic)", {"oom-kill", "panic"}),
        ("\"one two three\" \"much longer than that\"", {"much longer than that"}),
        ("jsonPayload.MESSAGE=~\"^Killed process [0-9]+ \\\\((java|node)\\\\)\"", {"killed process "}),
        ("jsonPayload.MESSAGE=~\"(?i)xid.*(fallen off|GSP timeout)\"", {"fallen off", "gsp timeout"}),
        ("\"a \\\"quoted\\\" path/name <x>\"", {"quoted"}),
        ("SEARCH(\"oom killer\")", {"killer"}),
        ("protoPayload.methodName=\"a.RepairNodePool\"", {"a.repairnodepool"}),
        ("NOT jsonPayload.a=\"x\" jsonPayload.b=\"wanted\"", {"wanted"}),
    ],
)  # fmt: skip
def test_literals(text: str, literals: set[str]) -> None:
    condition = necessary(parse(text))
    assert condition.literals == frozenset(literals)
    assert condition.head == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jsonPayload.a:*",
        "jsonPayload.a!=wanted",
        "NOT wanted",
        "wanted OR jsonPayload.n>5",
        "jsonPayload.n=12345",
        "12345",
        "labels.app=wanted",
        'jsonPayload.a=~"[a-z]+"',
        "ab",
        '"/\\"<"',
    ],
)
def test_what_cannot_be_narrowed(text: str) -> None:
    assert not necessary(parse(text)).narrows


def test_heads() -> None:
    condition = necessary(parse('log_id("events") severity>=WARNING OR resource.type="gce_instance"'))
    assert condition.literals is None
    condition = necessary(parse('(log_id("events") severity>=WARNING) OR resource.type=("a" OR "b") OR wanted'))
    assert condition.literals == frozenset({"wanted"})
    assert [to_text(head) for head in condition.head] == [
        'log_id("events") AND severity>="WARNING"',
        'resource.type=("a" OR "b")',
    ]


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"pid \d+ (?:foo|bar)", ["pid "]),
        (r"[Oo]ut of [Mm]emory: (Kill(ed)?|x) process", ["Out of Memory: "]),
        (r"a{2,3}bc+d?e", ["bc"]),
        (r"(foo)?bar", ["bar"]),
        (r"(foo|ba|)x*", None),
        (r"\Qa.b\E+c", ["a.b"]),
        (r"[[:alpha:]]+xyz[^]]", ["xyz"]),
        (r"\bPLEG is not healthy\b", ["PLEG is not healthy"]),
        (r"nf_conntrack: table full[.]", ["nf_conntrack: table full."]),
        (r"\x41\x{42}\103", ["ABC"]),
        (r"\pLab\p{Greek}cde", ["cde"]),
        (r"(?i)(?P<who>abc)def", ["abc"]),
        (r"x*", None),
        ("", None),
        ("(" * 60 + "a" + ")" * 60, None),
    ],
)
def test_what_a_pattern_needs(pattern: str, texts: list[str] | None) -> None:
    assert required(pattern) == texts


@pytest.mark.parametrize(
    "line", ["an OOM-Kill", "ｏｏｍ-ｋｉｌｌ", "oom\u00ad-kill", r"oo\uff4d-kill", "oom-\u212aill"]
)
def test_the_pattern_lets_pass_whatever_folds_to_its_words(line: str) -> None:
    assert re2.search(regex_of(["oom-kill"]), line)


def test_the_pattern_keeps_ordinary_lines_out() -> None:
    pattern = regex_of(["oom-kill", "panic"])
    assert not re2.search(pattern, '{"MESSAGE":"all is well – “quoted”, déjà vu, \\u003cnil\\u003e"}')
