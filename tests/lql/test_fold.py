"""Many filters in few requests, and what a request's window adds."""

from datetime import UTC, datetime

import pytest

from triage.errors import FilterError
from triage.lql import WINDOW_ROOM, Filter, and_window, fold, match_entries, parse


def folded(*texts: str, limit: int = 20_000) -> list[str]:
    return fold([parse(text) for text in texts], limit=limit)


def test_filters_on_the_same_stream_share_its_conditions() -> None:
    node = 'resource.type="k8s_node" log_id("kernel")'
    assert folded(f"{node} jsonPayload.MESSAGE:oom", f"jsonPayload.MESSAGE:panic {node}", f'{node} "a" "b"') == [
        '(log_id("kernel") AND resource.type="k8s_node" AND (("a" AND "b") OR jsonPayload.MESSAGE:("oom" OR "panic")))'
    ]


def test_equal_filters_are_asked_once() -> None:
    assert folded("a", '"a"', "(a)") == ['"a"']


def test_a_filter_that_wants_everything_leaves_nothing_else_to_ask() -> None:
    assert folded("a", "") == [""]
    assert folded('log_id("x") a', 'log_id("x")') == ['log_id("x")']


def test_no_text_is_longer_than_the_limit() -> None:
    texts = [f'resource.type="k8s_node" jsonPayload.MESSAGE:"{n:05d} is what it says"' for n in range(300)]
    requests = folded(*texts, limit=2_000)
    assert max(map(len, requests)) <= 2_000
    assert len(requests) < 9
    entry = {"resource": {"type": "k8s_node"}, "jsonPayload": {"MESSAGE": "00299 is what it says"}}
    assert sum(match_entries([entry], parse(text))[0] for text in requests) == 1


def test_a_filter_that_nobody_wrote_has_no_shorter_spelling() -> None:
    with pytest.raises(FilterError, match="longer than 50 characters"):
        fold([Filter(parse(" ".join("abcdefghij")).root)], limit=50)


def test_a_filter_that_only_its_author_could_write_so_short_is_kept_as_it_is() -> None:
    text = "a " * 900
    assert folded(text, "b", limit=2_000) == [text, '"b"']


def test_a_filter_longer_than_the_limit_is_an_error() -> None:
    with pytest.raises(FilterError, match="longer than 50 characters"):
        folded("a" * 60, limit=50)


START, END = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 1, 0, 0, 0, 123456, tzinfo=UTC)
BOUNDS = 'timestamp>="2024-05-01T00:00:00Z" AND timestamp<="2024-05-01T00:00:00.123456Z"'


@pytest.mark.parametrize(
    ("text", "windowed"),
    [
        ("", BOUNDS),
        ("-- all", BOUNDS),
        ("a OR b", f"a OR b AND {BOUNDS}"),
        ("a -- why", f"a -- why\n AND {BOUNDS}"),
    ],
)
def test_a_window_holds_for_all_of_the_filter(text: str, windowed: str) -> None:
    assert and_window(text, START, END) == windowed
    inside = {"textPayload": "a", "timestamp": "2024-05-01T00:00:00.1Z"}
    outside = {"textPayload": "a", "timestamp": "2024-05-01T00:00:00.2Z"}
    assert match_entries([inside, outside], parse(windowed)) == [True, False]


def test_a_window_may_be_open() -> None:
    assert and_window("a", START, None) == 'a AND timestamp>="2024-05-01T00:00:00Z"'
    assert and_window("a", None, None) == "a"


def test_a_window_fits_in_the_room_that_is_left_for_it() -> None:
    text = '"' + "a" * (20_000 - WINDOW_ROOM - 2) + '"'
    assert parse(and_window(text, END, END))
    with pytest.raises(FilterError, match="longer than 20,000"):
        and_window(f'"too long" AND {text}', END, END)
