"""What filters mean where the worked examples are silent."""

from typing import Any

import duckdb
import pytest

from triage.lql import check, compile_many, load_entries, match_entries, matching, parse

ENTRY: dict[str, Any] = {
    "logName": "projects/p/logs/app%2Fsub",
    "timestamp": "2024-05-01T10:00:00.5Z",
    "severity": "ERROR",
    "labels": {"k8s-pod/app": "ＣＡＲＴ", "dotted.key": "v"},
    "resource": {"type": "k8s_container", "labels": {"pod_name": "straße-1"}},
    "errorGroups": [{"id": "group-1"}, {"id": "group-2"}],
    "jsonPayload": {
        "rows": [{"cells": [{"n": 1}, {"n": 2}]}, {"cells": []}],
        "grid": [["a", "b"], ["c"]],
        "empty": {},
        "none": [],
        "nul": None,
        "text": "line one\nline two",
        "quoted": 'say "hi" \\ bye',
        "int": 503,
        "yes": True,
        "html": "<a&b>",
        "ids": ["10.0.0.1", "192.168.1.0/24"],
    },
}
AUDIT: dict[str, Any] = {
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "protoPayload": {
        "authorizationInfo": [{"permission": "x.get", "granted": True}, {"permission": "x.list"}],
        "authenticationInfo": {"principalEmail": "a@example.com"},
        "request": {"Name": "n"},
        "unknownField": {"innerField": "v"},
    },
}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("jsonPayload.rows.cells.n=2", True),
        ("jsonPayload.rows.cells.n=3", False),
        ("jsonPayload.grid=c", True),
        ("jsonPayload.grid:*", True),
        ("jsonPayload.rows.cells.m:*", False),
        ("jsonPayload.rows.cells:*", True),
        ("jsonPayload.empty:*", True),
        ('jsonPayload.empty:""', True),
        ("jsonPayload.none:*", True),
        ("jsonPayload.none=x", False),
        ("jsonPayload.nul:*", True),
        ("jsonPayload.nul!=NULL_VALUE", False),
        ("jsonPayload.int!=NULL_VALUE", True),
        ("jsonPayload.nope!=NULL_VALUE", False),
        ('jsonPayload.text=~"one.line"', False),
        ('jsonPayload.text=~"(?s)one.line"', True),
        ('jsonPayload.text=~"^line two"', False),
        ('jsonPayload.text=~"(?m)^line two$"', True),
        (r'jsonPayload.quoted:"\"HI\" \\ b"', True),
        (r'"\"hi\" \\"', True),
        ('"<A&B>"', True),
        ("jsonPayload.int:503", True),
        ("jsonPayload.int:50", False),
        ("jsonPayload.int=5.03e2", True),
        ('jsonPayload.int=~"5"', False),
        ("jsonPayload.yes:TRUE", True),
        ("503", True),
        ("jsonPayload:503", True),
        ("jsonPayload.rows:2", True),
        ("labels.k8s-pod/app=x OR labels.\"k8s-pod/app\"=cart", True),
        ("labels.dotted.key=v", False),
        ("labels.\"dotted.key\"=v", True),
        ("labels:cart", True),
        ("resource.labels.pod_name=\"STRASSE-1\"", True),
        ("resource:strasse", True),
        ("resource=strasse", False),
        ("resource.labels:*", True),
        ("operation:*", False),
        ("strasse-1", True),
        ("pod_name", False),
        ("2024", False),
        ("errorGroups.id=group-2", True),
        ('log_id("app/sub") log_id("app%2Fsub") log_id("APP/SUB")', True),
        ('log_id("sub")', False),
        ("severity>=400 severity<600", True),
        ('severity=~"^ERR"', True),
        ("timestamp=\"2024-05-01T12:00:00.500000000+02:00\"", True),
        ("timestamp>\"not a time\"", False),
        ("receiveTimestamp<\"1971-01-01\"", True),
        ("httpRequest.latency=0s", True),
        ("traceSampled=false", True),
        ("textPayload!=x", True),
        ("ip_in_net(jsonPayload.ids, \"192.168.0.0/16\")", True),
        ("ip_in_net(jsonPayload.ids, \"192.168.1.0/25\")", False),
        ("ip_in_net(jsonPayload.ids, \"::/0\")", False),
        ("sample(logName, 1)", True),
        ("sample(trace, 1)", True),
        ("sample(labels.nope, 1)", False),
        ('SEARCH(jsonPayload, "two ONE")', True),
        ('SEARCH(jsonPayload, "on")', False),
        ('SEARCH(severity, "ERROR")', False),
        ("cast(jsonPayload.int, STRING)=503", True),
        ("cast(severity, STRING)=error", True),
        ("cast(httpRequest.status, STRING)=0", True),
        ('cast(timestamp, STRING, TIMEZONE("Asia/Tokyo"))=~"^2024-05-01 19:00:00[.]5"', True),
        ('cast(regexp_extract(jsonPayload.text, "(o)ne"), INT64)>0', False),
        ("jsonPayload.int=(1 OR 503)", True),
        ("jsonPayload.int!=(1 OR 503)", True),
        ("NOT jsonPayload.int=(1 OR 503)", False),
    ],
)  # fmt: skip
def test_an_application_entry(text: str, matches: bool) -> None:
    assert match_entries([ENTRY], parse(text)) == [matches]


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('protoPayload.authorizationInfo.permission="x.list"', True),
        ("protoPayload.AUTHORIZATIONINFO.granted=true", True),
        ("protoPayload.authentication_info.principal_email:example", True),
        ("protoPayload.request.Name=n", True),
        ("protoPayload.request.name=n", False),
        ("protoPayload.UnknownField.INNERFIELD=v", True),
        ("protoPayload.unknown_field.inner_field=v", True),
        ("protoPayload.nope:*", False),
    ],
)
def test_names_in_an_audit_entry(text: str, matches: bool) -> None:
    assert match_entries([AUDIT], parse(text)) == [matches]


def test_sampling_takes_about_its_share_and_always_the_same() -> None:
    entries = [{"logName": "projects/p/logs/x", "insertId": f"id-{n}"} for n in range(1_000)]
    taken = match_entries(entries, parse("sample(insertId, 0.25)"))
    assert 180 < sum(taken) < 320
    assert taken == match_entries(entries, parse("sample(insertId, 0.25)"))
    more = match_entries(entries, parse("sample(insertId, 0.5)"))
    assert all(now for before, now in zip(taken, more, strict=True) if before)


def test_a_pack_of_filters_is_one_query_that_keeps_the_columns_of_the_relation() -> None:
    filters = {"errors": parse("severity>=ERROR"), 'odd "name"': parse("strasse"), "none": parse("jsonPayload.nope:*")}
    with duckdb.connect() as connection:
        load_entries(connection, [ENTRY, AUDIT])
        query = compile_many(filters, relation="(SELECT position AS row, entry FROM entries)")
        rows = connection.execute(f"SELECT * EXCLUDE (entry) FROM ({query}) ORDER BY row")
        assert [column[0] for column in rows.description or []] == ["row", *filters]
        assert rows.fetchall() == [(0, True, True, False), (1, False, False, False)]


def test_entries_are_listed_by_time_then_insert_id_and_each_once() -> None:
    def entry(insert_id: str, time: str, parent: str = "projects/p") -> dict[str, Any]:
        return {"logName": f"{parent}/logs/x", "insertId": insert_id, "timestamp": time}

    late, early = "2024-05-01T10:00:00.000000002Z", "2024-05-01T10:00:00.000000001Z"
    entries = [
        *(entry("b", late), entry("a", late), entry("b", late)),
        *(entry("z", early), entry("a", late, "projects/q")),
        {"logName": "projects/p/logs/x", "insertId": "r", "receiveTimestamp": "2024-05-01T10:00:00Z"},
    ]
    with duckdb.connect() as connection:
        load_entries(connection, entries)
        listed = [each["insertId"] for each in matching(connection, parse("logName:x"))]
        assert listed == ["r", "z", "a", "a", "b"]
        page = matching(connection, parse(""), descending=True, offset=1, limit=2)
        assert [each["insertId"] for each in page] == ["a", "a"]


def test_check_says_yes_to_what_runs() -> None:
    check(parse('resource.type="k8s_node" severity>=WARNING SEARCH("x")'))
