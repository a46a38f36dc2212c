"""Durations and times as people write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import InputError
from triage.units import format_duration, format_time, from_ns, parse_duration, parse_ns, parse_time

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        (" 2W ", timedelta(weeks=2)),
    ],
)
def test_lengths_of_time_are_understood(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "h", "24", "24 hours", "-1h", "0h", "1h!", "١h ", "99999999999999d", "1e9d"])
def test_what_is_no_length_of_time_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_duration(text)
    assert "90m" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2018-06-08T17:20:05.123456789Z", 1528478405123456789),
        ("2018-06-08T19:20:05.1+02:00", 1528478405100000000),
        ("2018-06-08T19:20:05.1+0200", 1528478405100000000),
        ("2018-06-08", 1528416000000000000),
        ("2018-06-08t17:20:05z", 1528478405000000000),
    ],
)
def test_times_keep_their_nanoseconds(text: str, ns: int) -> None:
    assert parse_ns(text) == ns


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2018-13-01T00:00:00Z", "2018-06-08T25:00:00Z", "9999-01-01T00:00:00Z", "1"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_ns(text)


@given(st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - made UTC below
def test_a_time_survives_being_written_and_read(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    assert from_ns(parse_ns(format_time(moment))) == moment


def test_since_takes_a_length_or_a_time() -> None:
    assert parse_time("24h", now=NOW) == NOW - timedelta(days=1)
    assert parse_time("2026-02-01T00:00:00Z", now=NOW) == datetime(2026, 2, 1, tzinfo=UTC)
    with pytest.raises(InputError, match="neither"):
        parse_time("last tuesday", now=NOW)
    with pytest.raises(InputError):
        parse_time("9999w", now=datetime(1, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (42.4, "42 s"),
        (720, "12 m"),
        (20400, "5 h 40 m"),
        (3600, "1 h"),
        (273600, "3 d 4 h"),
        (-300, "−5 m"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
