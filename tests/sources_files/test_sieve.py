"""Lines sieved before they are parsed: what is kept, counted and told is the same without the sieve."""

import gzip
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources_files.making import WANTED, directory, entry, lines, plan, read, reasons
from triage.evidence.evidence import Evidence
from triage.sources.files import sieve as sieving
from triage.sources.files import unsound
from triage.sources.files.contents import open_contents
from triage.sources.files.entry_files import entry_files
from triage.sources.files.sieve import Sieve

QUIET = "SyncLoop UPDATE: all is well"


@pytest.fixture(autouse=True)
def _however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieving, "_WORTH_IT", 0)


def told(evidence: Evidence) -> tuple[Any, ...]:
    coverage = evidence.coverage.drop(columns=["sources"], errors="ignore").to_dict("records")
    return (evidence.entries["entry"].tolist(), coverage, evidence.tally, evidence.gaps)


def many(count: int, wanted_each: int) -> list[dict[str, Any]]:
    chance = random.Random(5)
    return [entry(n, f"{WANTED if n % wanted_each == 0 else QUIET} {chance.random()}") for n in range(count)]


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a platform that Hyperscan is not built for."""
    monkeypatch.setitem(sys.modules, "hyperscan", None)


@pytest.mark.parametrize("wanted_each", [1, 2, 50, 10_000])
@pytest.mark.parametrize("write", [str.encode, lambda text: gzip.compress(text.encode())])
def test_the_same_comes_out_without_the_sieve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted_each: int, write: Callable[[str], bytes]
) -> None:
    monkeypatch.setattr(sieving, "_BLOCK", 16_000)
    monkeypatch.setattr(sieving, "_JUDGED_FROM", 100_000)
    monkeypatch.setattr(sieving, "_STRETCH", 150_000)
    name = "entries.ndjson" if write is str.encode else "entries.ndjson.gz"
    path = directory(tmp_path, {name: write(lines(many(1200, wanted_each))), "entries-2.json": many(3, 2)})
    sieved = told(read(path))
    without(monkeypatch)
    assert sieved == told(read(path))


def test_broken_lines_are_told_and_sound_ones_kept_though_most_are_never_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieving, "_BLOCK", 4_000)
    text = [json.dumps(one).encode() for one in many(100, 10)]
    text[30] = text[30][:50]
    text[31] = text[31].replace(b"all is well", b"\xff\xfe")
    text[40] = text[40].replace(WANTED.encode(), WANTED.encode() + b" \xff")
    path = directory(tmp_path, {"entries.ndjson": b"\xef\xbb\xbf" + b"\n".join(text)})
    evidence = read(path)
    assert (evidence.tally.kept, evidence.tally.malformed, evidence.tally.read) == (9, 1, 100)
    assert "line 31" in reasons(evidence)[0]
    without(monkeypatch)
    assert told(evidence) == told(read(path))


def test_words_are_found_however_the_line_spells_them(tmp_path: Path) -> None:
    spelt = [
        json.dumps(entry(1)).replace("unavailable", r"un\u0061vailable"),
        json.dumps(entry(2, WANTED.upper()), separators=(" ,  ", " :  ")),
        json.dumps(entry(3, WANTED.replace("u", "ｕ")), ensure_ascii=False),
        json.dumps(entry(4, WANTED.replace("u", "\u00adu"))),
        json.dumps(entry(5, QUIET)),
    ]
    evidence = read(directory(tmp_path, {"entries.ndjson": "\r\n".join(spelt)}))
    assert evidence.entries["insert_id"].tolist() == ["i1", "i2", "i3", "i4"]
    assert evidence.tally.read == 5


@pytest.mark.parametrize(
    ("filters", "passed"),
    [
        (('log_id("kubelet") severity>=WARNING',), 12),
        (('jsonPayload.MESSAGE:"no such words"', 'log_id("events")'), 0),
        (("jsonPayload.MESSAGE:*",), 12),
    ],
)
def test_how_much_passes(tmp_path: Path, filters: tuple[str, ...], passed: int) -> None:
    path = directory(tmp_path, {"entries.ndjson": lines(many(12, 3))})
    with open_contents(path) as contents, Sieve(plan(*filters)) as sieve:
        files = sieve.start(entry_files(contents).files, contents.scratch).result()
        assert sum(len(part.path.read_bytes().splitlines()) for parts in files.values() for part in parts) == passed


def test_a_line_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieving, "_BLOCK", 1_000)
    long = [entry(1, "x" * 5_000), entry(2, "y" * 9_000 + WANTED), entry(3, QUIET), entry(4)]
    evidence = read(directory(tmp_path, {"entries.ndjson": lines(long)}))
    assert evidence.entries["insert_id"].tolist() == ["i2", "i4"]


@pytest.mark.parametrize("stretch", [1, 700, 5_500, 20_000])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\n"])
def test_no_line_is_lost_or_doubled_where_a_file_is_walked_in_stretches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stretch: int, end: str
) -> None:
    monkeypatch.setattr(sieving, "_STRETCH", stretch)
    monkeypatch.setattr(sieving, "_BLOCK", 2_000)
    entries = [*many(30, 3), entry(30, "x" * 6_000), entry(31, "y" * 6_000 + WANTED), *many(2, 1)]
    path = directory(tmp_path, {"entries.ndjson": b"\xef\xbb\xbf" + (lines(entries).rstrip("\n") + end).encode()})
    with open_contents(path) as contents, Sieve(plan()) as sieve:
        files = sieve.start(entry_files(contents).files, contents.scratch).result()
        parts = [part for parts in files.values() for part in parts]
        passed = [json.loads(line) for part in parts for line in part.path.read_bytes().splitlines() if line]
    assert sorted(map(str, passed)) == sorted(str(one) for one in entries if WANTED in str(one))


@pytest.mark.parametrize("spoil", [b'{"insertId":"cut of', b"[1]", b'{"timestamp":"soon","logName":"l"}', b"\xff{}"])
@pytest.mark.parametrize("most", [0, 10_000])
def test_a_broken_line_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: bytes, most: int
) -> None:
    monkeypatch.setattr(unsound, "_MOST", most)
    monkeypatch.setattr(unsound, "_BLOCK", 3_000)
    text = [json.dumps(one).encode() for one in many(60, 7)]
    text[14] = text[14].replace(WANTED.encode(), WANTED.encode() + b" \xff")
    path = directory(tmp_path, {"entries.ndjson": b"\n\n".join([*text[:40], spoil, *text[40:]])})
    evidence = read(path)
    assert (evidence.tally.kept, evidence.tally.malformed, evidence.tally.read) == (9, 1, 61)
    assert "line 81" in reasons(evidence)[0]
