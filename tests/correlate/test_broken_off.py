"""A read that broke off keeps a verdict from being sure: the sources' own words for it are known here."""

import io
import random
import shutil
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.correlate.build import Story, at, leak
from tests.correlate.whole import FIXTURES, full_pack
from triage.correlate.coverage import broken_off
from triage.model.place import Ask, Gap, Window
from triage.sources.files.read import read_evidence
from triage.sources.live.bundle import Bundle, Read
from triage.sources.plan import make_plan


def gaps_of(path: Path) -> tuple[Gap, ...]:
    return read_evidence(path, Ask("shop", since=timedelta(days=365)), make_plan(full_pack())).gaps


def test_the_words_of_a_bundle_that_nobody_completed_are_known(tmp_path: Path) -> None:
    bundle = Bundle.open(tmp_path)
    shutil.copy(FIXTURES / "quiet-day" / "entries.ndjson.gz", tmp_path / "entries.ndjson.gz")
    bundle.window = Window(start=at(0), end=at(24))
    bundle.reads = [Read("entries.ndjson.gz", "severity>=INFO", [], "", "", complete=False, entries=400, last="2026")]
    bundle.save()
    assert "cut short after 400 entries" in broken_off(gaps_of(tmp_path))
    bundle.reads[0].complete = True
    bundle.save()
    assert broken_off(gaps_of(tmp_path)) == ""


def test_the_words_of_an_archive_that_breaks_off_are_known(tmp_path: Path) -> None:
    whole = tmp_path / "whole.tar.gz"
    with tarfile.open(whole, "w:gz") as archive:
        for name in ("cluster.json", "entries.ndjson.gz"):
            archive.add(FIXTURES / "quiet-day" / name, name)
        last = tarfile.TarInfo("entries-more.json")
        last.size = 100_000
        archive.addfile(last, io.BytesIO(random.Random(1).randbytes(last.size)))
    (tmp_path / "part.tar.gz").write_bytes(whole.read_bytes()[:-20_000])
    assert "breaks off" in broken_off(gaps_of(tmp_path / "part.tar.gz"))
    assert broken_off(gaps_of(whole)) == ""


@pytest.mark.parametrize(
    ("reason", "capped"),
    [
        ("the collection was cut short after 4,000 entries, at 2026-03-01T09:00:00Z", True),
        ("evidence.tar.gz breaks off: unexpected end of data; what came before was read", True),
        ("entries.json: 3 lines are no log entries", False),
    ],
)
def test_it_may_still_be_overturned(reason: str, capped: bool) -> None:
    verdict = leak(Story(gaps=(Gap(source="entries", reason=reason),))).tell().verdict
    assert verdict.cause == "pid-exhaustion"
    assert verdict.confidence == ("possible" if capped else "confirmed")
    assert (reason in verdict.reason) == capped
