"""Fields of unchecked documents, console text, manifests, tables."""

from typing import Any

import pandas as pd
import pytest

from triage.evidence.fields import flag, number, text, time_ns
from triage.evidence.manifest import parse_manifest
from triage.evidence.message import clean_console
from triage.evidence.tables import ENTRIES, OPERATIONS, frame


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T04:00:00.123456789Z", 1_772_337_600_123_456_789),
        (1_772_337_600, 1_772_337_600_000_000_000),
        ("1772337600.5", 1_772_337_600_500_000_000),
        (0, None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-01-01T00:00:00Z", None),
        (True, None),
        (float("inf"), None),
        (10**400, None),
        ({}, None),
    ],
)
def test_times(value: Any, expected: int | None) -> None:
    assert time_ns(value) == expected


def test_wrong_types_are_absent() -> None:
    assert (text(""), text(7), text(True), text(["a"])) == (None, "7", None, None)
    assert (number("12"), number("x"), number("nan"), number(False)) == (12.0, None, None, None)
    assert (flag("TRUE"), flag(1), flag(None)) == (True, None, None)
    assert text("x" * 10_000) == "x" * 4096


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        # `TIME HOST` in front of a daemon's line, escaped ends of line (serial port output with is_text_escaped)
        ("2026-03-01T04:00:00+0000 node-1 kubelet[1949]: I0301 x\\r\\n", "kubelet[1949]: I0301 x"),
        (
            "[  12.3] cgroup: fork rejected by pids controller in /a\\x2db\\r\\n",
            "[  12.3] cgroup: fork rejected by pids controller in /a-b",
        ),
        ("\\x1b[0;32m  OK  \\x1b[0m Started x", "OK   Started x"),
        ("\x1b[1mred\x1b[0m\\tx", "red x"),
        ("\\u0041\\ud800\\x00", "A"),
    ],
)
def test_console_text(raw: str, clean: str) -> None:
    assert clean_console(raw) == clean


def test_manifest() -> None:
    manifest = parse_manifest(
        [
            {
                "cluster": {"name": "prod", "project": "shop", "location": "us-east1"},
                "window": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"},
                "entries": "selected",
                "gaps": [{"source": "metrics", "reason": "permission denied", "remedy": "r"}, {"source": 7}, "x"],
                "queries": [{"source": "logging", "filter": "f", "requests": "3", "entries": -1}],
            }
        ]
    )
    assert (manifest.cluster, manifest.project, manifest.location) == ("prod", "shop", "us-east1")
    assert manifest.selected
    assert [gap.source for gap in manifest.gaps] == ["metrics"]
    assert (manifest.queries[0].requests, manifest.queries[0].entries) == (3, 0)
    assert manifest.end == 1_772_409_600_000_000_000


@pytest.mark.parametrize("documents", [[], ["x"], [{"cluster": 7, "window": "w", "gaps": {}}]])
def test_a_manifest_that_says_nothing(documents: list[Any]) -> None:
    assert parse_manifest(documents).end is None


def test_frames_keep_nanoseconds_among_missing_times() -> None:
    table = frame(OPERATIONS, [{"name": "a", "start": 1_772_337_600_123_456_789}, {"name": "b", "start": None}])
    assert table["start"].iloc[0].value == 1_772_337_600_123_456_789
    assert table["start"].iloc[1] is pd.NaT
    assert table["error"].tolist() == [None, None]


def test_empty_frames_have_all_columns() -> None:
    assert list(frame(ENTRIES).columns) == list(ENTRIES)
