"""What a collection leaves on disk, run after run."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.sources_live.conftest import NOW
from tests.sources_live.test_collect import entries, run
from triage.errors import AccessError, InputError
from triage.model.place import Ask
from triage.sources.live import Access
from triage.sources.live.bundle import Bundle, Read, check_target


def manifest(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "manifest.json").read_text())
    return found


def test_logs_that_were_refused_are_read_by_the_next_run(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    emulator.faults.add("permission-denied", method="logging.*")
    denied = run(access, ask, tmp_path)
    assert [gap.source for gap in denied.gaps] == ["entries", "workloads"]
    assert not manifest(tmp_path)["complete"]
    emulator.faults.clear()
    assert [gap.source for gap in run(access, ask, tmp_path).gaps] == ["workloads"]
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31
    assert manifest(tmp_path)["complete"]


def test_a_second_run_keeps_the_account_of_what_the_first_one_asked(access: Access, ask: Ask, tmp_path: Path) -> None:
    run(access, ask, tmp_path)
    first = manifest(tmp_path)["queries"]
    run(access, ask, tmp_path)
    assert manifest(tmp_path)["queries"] == first
    assert [query["requests"] for query in first if query["source"] == "entries"] == [1, 1]


@pytest.mark.parametrize("question", ["denied", "unknown", "backwards"])
def test_where_nothing_was_read_nothing_is_left(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path, question: str
) -> None:
    wrong = {"unknown": Ask("frnt"), "backwards": Ask(ask.cluster, since=NOW, until=NOW - timedelta(hours=1))}
    if question == "denied":
        emulator.faults.add("permission-denied")
    with pytest.raises((AccessError, InputError)):
        run(access, wrong.get(question, ask), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_evidence_of_two_clusters_is_not_mixed(access: Access, ask: Ask, tmp_path: Path) -> None:
    run(access, ask, tmp_path)
    kept = manifest(tmp_path)
    kept["cluster"]["name"] = "back"
    (tmp_path / "manifest.json").write_text(json.dumps(kept))
    with pytest.raises(InputError, match="holds evidence of cluster back, not of front"):
        run(access, ask, tmp_path)
    assert manifest(tmp_path) == kept


def test_nobody_else_may_read_it(access: Access, ask: Ask, tmp_path: Path) -> None:
    run(access, ask, tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "new").iterdir())


def test_the_window_ends_now_at_the_latest(access: Access, ask: Ask, tmp_path: Path) -> None:
    collected = run(access, Ask(ask.cluster, since=ask.since, until=NOW + timedelta(days=1)), tmp_path)
    assert collected.ask.until == NOW
    later = Ask(ask.cluster, since=timedelta(hours=1), until=NOW + timedelta(days=1))
    with pytest.raises(InputError, match="lies in the future, from 2026-03-11T12:00:00Z on"):
        run(access, later, tmp_path / "later")
    assert not (tmp_path / "later").exists()


def test_a_window_that_was_begun_goes_on_unless_another_one_is_asked_for(
    access: Access, ask: Ask, tmp_path: Path
) -> None:
    bundle = Bundle.open(tmp_path)
    start, end, last = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-01T04:00:00Z"
    bundle.reads.append(Read("entries-1.ndjson", "severity>=ERROR", [], start, end, last=last))
    bundle.save()
    again = run(access, Ask(ask.cluster), tmp_path)
    assert again.resumed
    assert (again.ask.since, again.ask.until) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    other = run(access, Ask(ask.cluster, since=datetime(2026, 3, 5, tzinfo=UTC)), tmp_path)
    assert not other.resumed
    assert (other.ask.since, other.ask.until) == (datetime(2026, 3, 5, tzinfo=UTC), NOW)


def test_places_are_tried_before_anything_is_read(tmp_path: Path) -> None:
    for name in ("evidence.tar.gz", "new/evidence.zip", "evidence", "new/evidence"):
        check_target(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    check_target(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
    (tmp_path / "dir.zip").mkdir()
    (tmp_path / "file").touch()
    for name, words in (
        ("dir.zip", "Is a directory"),
        ("file/x.zip", "cannot be written"),
        ("file/x", "cannot be written"),
        ("file", "cannot be written"),
        ("/proc/x", "cannot be written"),
        ("/proc", "cannot be written"),
        ("x.tar", "as .tar"),
    ):
        with pytest.raises(InputError, match=words):
            check_target(tmp_path / name)


def test_what_was_kept_is_never_replaced(access: Access, ask: Ask, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar.gz"
    kept.touch()  # as mktemp makes it
    check_target(kept)
    kept.write_bytes(b"evidence")
    with pytest.raises(InputError, match="is there already"):
        check_target(kept)
    assert kept.read_bytes() == b"evidence"


def test_exported_files_are_not_mixed_with_a_collection(access: Access, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text("{}")
    with pytest.raises(InputError, match=r"no collection put there \(cluster.json\)"):
        run(access, ask, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.json"]
    assert (tmp_path / "cluster.json").read_text() == "{}"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    bundle = Bundle.open(tmp_path)
    (tmp_path / "entries-1.ndjson").symlink_to("/dev/full")
    read = Read("entries-1.ndjson", "", [], "", "")
    with pytest.raises(OSError, match="No space left") as caught:
        bundle.append(read, [{"insertId": "a"}])
    assert caught.value.filename == str(tmp_path / "entries-1.ndjson")
    assert read.entries == 0
