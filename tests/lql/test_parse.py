"""Reading and printing filters, and what is said of those that are none."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import FilterError
from triage.lql import check, parse, to_text

QUIET = re2.Options()
QUIET.log_errors = False
PIECES = [*"ab(|)*+?.^$[]-", "(?:", "(?i)", "(?=", "(?P<x>", "[^a]", "[[:alpha:]]", r"\d", r"\pL", r"\Q", r"\E"]
PIECES += [r"\x41", r"\x{41}", r"\C", r"\8", "é", "{2}", "{2,1}", "{1000}", "{1001}", r"\b", r"\z"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        ("-- nothing\n  -- at all", ""),
        ("a b OR c", '"a" AND "b" OR "c"'),
        ("a AND (b AND c)", '"a" AND "b" AND "c"'),
        ("(a AND b) OR c", '("a" AND "b") OR "c"'),
        ("-(a OR b)", 'NOT ("a" OR "b")'),
        ("f:(a NOT b)", 'f:("a" AND NOT "b")'),
        ("severity!=ERROR", 'severity!="ERROR"'),
        ("jsonPayload.NOT=AND", 'jsonPayload.NOT="AND"'),
        ('"jsonPayload"."a b"=1.5', 'jsonPayload."a b"="1.5"'),
        ("logName=projects/p/logs/a.b%2Fc", 'logName="projects/p/logs/a.b%2Fc"'),
        (r'a="tab\there \"x\" \u00e9 \101"', r'a="tab\x09here \"x\" é A"'),
        (r'a=~"\.(pods|nodes)\."', r'a=~"\.(pods|nodes)\."'),
        ("a:* b=NULL_VALUE c=*", 'a:* AND b=NULL_VALUE AND c="*"'),
        ("LOG_ID(kubelet) search(`a b`)".replace("`a b`", '"`a b`"'), 'log_id("kubelet") AND search("`a b`")'),
        ("Cast(a, int64)>3", 'cast(a, INT64)>"3"'),
        ("a\u00a0b -- c\n-d", '"a" AND "b" AND NOT "d"'),
        ("foo--bar", '"foo--bar"'),
        ('jsonPayload."a!"=b', 'jsonPayload."a!"="b"'),
    ],
)
def test_the_normal_spelling(text: str, normal: str) -> None:
    assert to_text(parse(text)) == normal
    assert parse(normal) == parse(text)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a AND\n(b OR", 2, 6, "the filter ends here"),
        ("a AND\n(b OR c", 2, 1, "never closed"),
        ("a)", 1, 2, "closes nothing"),
        ("insertId = abc:def", 1, 15, "double quotes"),
        ("a = ", 1, 5, "a value after `=`"),
        ('a =~ "x("', 1, 6, "not an RE2 pattern: missing )"),
        ('a =~ "(?=x)"', 1, 6, "not an RE2 pattern"),
        ("a =~ x", 1, 6, "in double quotes"),
        ("severity='ERROR'", 1, 10, "single quote"),
        ("- a", 1, 1, "right after `-`"),
        ("nope(a)", 1, 1, "there is no function nope()"),
        ("sample(insertId, 2)", 1, 18, "a fraction"),
        ('ip_in_net(trace, "10.0.0.0/33")', 1, 18, "a subnet"),
        ('regexp_extract(trace, "a")="a"', 1, 23, "exactly one (group)"),
        ("cast(trace, NUMBER)=1", 1, 13, "one of STRING, INT64"),
        ("cast(trace, STRING)", 1, 20, "a comparison"),
        ('log_id("a")="b"', 1, 12, "true or false by itself"),
        ("source(project/p)", 1, 8, "projects/ID"),
        ('SEARCH("--")', 1, 8, "at least one word"),
        ("\x01", 1, 1, "U+0001"),
        ('a="b', 1, 3, "never closed"),
    ],
)
def test_an_error_says_where_and_what(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert words in error.reason
    shown, underline = error.excerpt.split("\n")
    assert set(underline.strip()) == {"^"}
    assert underline.index("^") <= len(shown)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sevrity=ERROR", "did you mean severity?"),
        ("message:oom", "jsonPayload.message"),
        ("resource.lables.x=1", "did you mean resource.labels?"),
        ("logName.x=1", "logName has no fields"),
        ("severity=WARN", "there is no severity 'WARN'"),
        ('jsonPayload."".a=1', "cannot be empty"),
        ("SEARCH(thud, a)", "no field 'thud'"),
        ("jsonPayload" + ".a" * 40 + ":x", "at most 32 components, this one 41"),
    ],
)
def test_a_field_or_severity_that_no_entry_has(text: str, words: str) -> None:
    tree = parse(text)
    with pytest.raises(FilterError, match=r"line 1, column \d+: ") as caught:
        check(tree)
    assert words in caught.value.reason


@pytest.mark.parametrize(
    "text", ["log_name:a", "text_payload:a", "http_request.request_method=GET", "protopayload.a=1"]
)
def test_names_of_the_log_entry_are_taken_as_the_api_takes_them(text: str) -> None:
    check(parse(text))


def test_the_excerpt_of_a_long_line_shows_the_place() -> None:
    with pytest.raises(FilterError) as caught:
        parse("a " * 5_000 + "= = " + "b " * 1_000)
    shown, underline = caught.value.excerpt.split("\n")
    assert len(shown) <= 100
    assert shown[underline.index("^")] == "="


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_pattern_is_one_that_re2_takes(pattern: str) -> None:
    try:
        re2.compile(pattern, QUIET)
    except re2.error:
        with pytest.raises(FilterError, match="not an RE2 pattern"):
            parse(f'textPayload=~"{pattern}"')
    else:
        parse(f'textPayload=~"{pattern}"')
