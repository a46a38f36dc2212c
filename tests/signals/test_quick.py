"""What is decided at once is what the engine decides."""

import json

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.lql.document import parsed
from triage.lql.duckdb import compile_duckdb, prepare
from triage.lql.parse import parse
from triage.signals.quick import quick

ENTRIES = [
    {"logName": "projects/p/logs/events", "jsonPayload": {"reason": "SystemOOM", "message": "System OOM encountered"}},
    {"logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "protoPayload": {"methodName": "a.b.Delete"}},
    {"logName": "projects/p/logs/stdout", "textPayload": "ＯＯＭ Killed process 12 (Straße)", "labels": {"k": ""}},
    {"jsonPayload": {"message": ["a", "Killed"], "reason": None, "n": 7, "deep": {"er": {"x": "Kelvin K"}}}},
    {"jsonPayload": {"message": {"inner": "killed"}, "reason": "", "list": [{"x": "one"}, {"x": "two"}]}},
    {"textPayload": "", "resource": {"type": "k8s_node", "labels": {"node_name": "N-1"}}},
    {},
]
FILTERS = [
    'jsonPayload.reason="systemoom"',
    'jsonPayload.reason=("SystemOOM" OR "Other")',
    'jsonPayload.reason!="x"',
    'NOT jsonPayload.reason="x"',
    'jsonPayload.message:("system" AND NOT "nope")',
    'jsonPayload.message:(NOT "killed")',
    'jsonPayload.message=~"^System O+M"',
    'jsonPayload.message!~"Killed"',
    'jsonPayload.reason:*',
    'jsonPayload.reason:""',
    'jsonPayload.n=7',
    'jsonPayload.deep.er.x:"kelvin k"',
    'jsonPayload.list.x="two"',
    'jsonPayload.reason.below="x"',
    'textPayload:"oom killed"',
    'textPayload:"strasse"',
    'textPayload!="x"',
    'textPayload=~"^$"',
    'labels.k=""',
    'labels.none!="x"',
    'resource.type="K8S_NODE" AND resource.labels.node_name:"n-"',
    'log_id("events") OR log_id("cloudaudit.googleapis.com/activity")',
    'NOT log_id("EVENTS")',
    'protoPayload.methodName=~"\\.Delete$"',
    'protoPayload.methodname="a.b.delete"',
    'protoPayload.methodName:"a.b" AND NOT protoPayload.status.code>0',
    'jsonPayload.n>"6"',
    'jsonPayload.list.x<"u"',
    'labels.k>="" OR labels.none<="x"',
    'textPayload<"x"',
    '"oom"',
    "severity>=ERROR",
    "",
]  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as connection:
        prepare(connection)
        yield connection


def asked(engine, text, entry):
    sql = compile_duckdb(parse(text))
    return engine.execute(f"SELECT {sql} FROM (SELECT ?::JSON AS entry)", [json.dumps(entry)]).fetchone()[0]


@pytest.mark.parametrize("text", FILTERS)
def test_it_agrees_with_the_engine(text, engine):
    judge = quick(parse(text))
    for entry in ENTRIES:
        verdict = judge(entry)
        assert verdict is None or verdict == asked(engine, text, entry), entry


texts = st.text(alphabet='aA bKſßé\u00ad\n"0', max_size=6)
values = st.one_of(texts, st.none(), st.booleans(), st.integers(-2, 2), st.lists(texts, max_size=2))
payloads = st.dictionaries(st.sampled_from(["reason", "message"]), values, max_size=2)
fields = st.sampled_from(
    ["jsonPayload.reason", "jsonPayload.message", "textPayload", "labels.a", "jsonPayload.reason.b"]
)


@st.composite
def restrictions(draw):
    operator = draw(st.sampled_from([":", "=", "!=", "<", ">="]))
    value = json.dumps(draw(texts), ensure_ascii=True)
    return f"{draw(st.sampled_from(['', 'NOT ']))}{draw(fields)}{operator}{value}"


@settings(max_examples=150, deadline=None)
@given(
    terms=st.lists(restrictions(), min_size=1, max_size=3),
    joint=st.sampled_from([" AND ", " OR "]),
    payload=payloads,
    text=st.one_of(st.none(), texts),
)
def test_it_agrees_on_anything(engine, terms, joint, payload, text):
    entry = {"jsonPayload": payload} if text is None else {"textPayload": text, "labels": {"a": text}}
    whole = joint.join(terms)
    verdict = quick(parse(whole))(entry)
    assert verdict is None or verdict == asked(engine, whole, entry)


def test_what_signals_ask_is_decided_at_once():
    for text in (
        'jsonPayload.reason="A"',
        'textPayload=~"x"',
        'log_id("events") AND NOT jsonPayload.message:"y"',
        'protoPayload.methodName=~"insert$" AND NOT protoPayload.status.code>0',
    ):
        assert None not in [quick(parse(text))(entry) for entry in ENTRIES[:3]]


@pytest.mark.parametrize(
    "text",
    [
        '{"textPayload": "first", "textPayload": "second"}',
        '{"jsonPayload": {"reason": "first", "message": "m", "reason": "second"}}',
        '{"jsonPayload": {"reason": "first"}, "jsonPayload": {"reason": "second"}}',
    ],
)
def test_of_a_key_that_stands_twice_both_take_the_first(text, engine):
    for wanted, expected in (("first", True), ("second", False)):
        whole = f'textPayload="{wanted}" OR jsonPayload.reason="{wanted}"'
        sql = compile_duckdb(parse(whole))
        assert engine.execute(f"SELECT {sql} FROM (SELECT ?::JSON AS entry)", [text]).fetchone()[0] is expected
        assert quick(parse(whole))(parsed(text)) is expected
