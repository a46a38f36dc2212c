"""What is opened, what is ignored, and what a hostile archive cannot do."""

import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.sources_files.making import directory, entry, lines, read
from triage.errors import InputError
from triage.sources.files.contents import kind_of, open_contents

ENTRIES = lines([entry(number) for number in range(5)])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("entries.json", "entries"),
        ("entries-2.ndjson.gz", "entries"),
        ("Entries.JSONL", "entries"),
        ("operations.json", "operations"),
        ("clusters.json", "cluster"),
        ("alerts-old.json", "alerts"),
        ("metrics.json", "metrics"),
        ("workloads.json", "workloads"),
        ("manifest.json", "manifest"),
        ("kubelet/2026/03/01/04:00:00_04:59:59_S0.json", "entries"),
        ("cloudaudit.googleapis.com/activity/2026/03/01/04_00_00_04_59_59_A1_S12.json.gz", "entries"),
        ("2026/03/01/04%3A00%3A00_04%3A59%3A59_S0.json", "entries"),
        ("entries.txt", None),
        ("my-entries.json", None),
        ("old/entries.json", None),
        ("truth.json", None),
        (".entries.json.part", None),
    ],
)
def test_kinds_by_name(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def pack(path: Path, members: dict[str, str], *, top: str = "") -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(top + name, content)
        return path
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(top + name)
            info.size = len(content.encode())
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


@pytest.mark.parametrize("name", ["b.tar.gz", "b.tgz", "b.tar", "b.zip"])
@pytest.mark.parametrize("top", ["", "bundle/", "./"])
def test_archives_read_like_directories(tmp_path: Path, name: str, top: str) -> None:
    shard = "events/2026/03/01/04:00:00_04:59:59_S0.json"
    members = {"entries.ndjson": ENTRIES, shard: lines([entry(9)]), "notes.txt": "x"}
    evidence = read(pack(tmp_path / name, members, top=top))
    assert evidence.tally.read == 6
    assert evidence.ignored == ("notes.txt",)


@pytest.mark.parametrize(
    "beside", [{"__MACOSX/day1/._entries.ndjson": "x"}, {"notes.txt": "x"}, {"other/cluster.json": "{}"}]
)
@pytest.mark.parametrize("top", ["day1/", "logs/day1/"])
def test_the_one_folder_with_evidence_is_found(tmp_path: Path, beside: dict[str, str], top: str) -> None:
    members = {f"{top}entries.ndjson": ENTRIES, f"{top}metrics.json": "[]", f"{top}old/entries.ndjson": ENTRIES}
    (junk,) = beside
    for packed in (pack(tmp_path / "b.zip", members | beside), directory(tmp_path / "b", members | beside)):
        evidence = read(packed)
        assert evidence.tally.read == 5
        assert set(evidence.ignored) == {junk, "old/entries.ndjson"}


def test_of_several_folders_with_evidence_one_is_to_be_named(tmp_path: Path) -> None:
    path = pack(tmp_path / "b.zip", {"day1/entries.ndjson": ENTRIES, "day2/operations.json": "[]"})
    with pytest.raises(InputError, match=r"evidence lies in 2 folders: day1, day2"):
        read(path)


def test_what_belongs_to_a_sinks_tree_lies_where_the_tree_begins(tmp_path: Path) -> None:
    shard = "bundle/kubelet/2026/03/01/04:00:00_04:59:59_S0.json"
    with open_contents(pack(tmp_path / "b.zip", {shard: ENTRIES, "bundle/cluster.json": "{}"})) as contents:
        assert [file.kind for file in contents.found] == ["cluster", "entries"]


def test_a_sinks_tree_is_found_at_any_depth(tmp_path: Path) -> None:
    shard = "export/kubelet/2026/03/01/04:00:00_04:59:59_S0.json"
    assert read(directory(tmp_path, {shard: ENTRIES})).tally.read == 5


def test_a_lone_file_is_enough(tmp_path: Path) -> None:
    directory(tmp_path, {"my-export.json": ENTRIES})
    assert read(tmp_path / "my-export.json").tally.read == 5


def test_names_that_look_like_patterns(tmp_path: Path) -> None:
    files = {"entries[1].json": ENTRIES, "entries*.json": lines([entry(7)]), "entries's.json": lines([entry(8)])}
    assert read(directory(tmp_path, files)).tally.read == 7


def test_members_cannot_leave_the_scratch_directory(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "evil.tar.gz", {"../../entries.json": ENTRIES, "/etc/operations.json": "[]", "entries.json": ENTRIES}
    )
    with open_contents(path) as contents:
        for found in contents.found:
            assert contents.scratch in found.path.parents
    assert not (tmp_path.parent / "entries.json").exists()


def test_links_and_devices_are_never_followed(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, kind in (
            ("entries.json", tarfile.SYMTYPE),
            ("operations.json", tarfile.LNKTYPE),
            ("alerts.json", tarfile.CHRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    with open_contents(path) as contents:
        assert not contents.found
        assert sorted(contents.ignored) == ["alerts.json", "entries.json", "operations.json"]


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.gz"])
def test_bombs_are_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.sources.files.archives.SMALL", 1 << 20)
    path = pack(tmp_path / name, {"entries.json": "\n" * (40 << 20)})
    with pytest.raises(InputError, match="far more than its size"):
        read(path)


def test_a_forged_header_asks_for_no_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30  # an extended header of 8 GB
    (tmp_path / "evil.tar.gz").write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024))
    with pytest.raises(InputError):
        read(tmp_path / "evil.tar.gz")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.sources.files.contents.MOST_FILES", 10)
    path = pack(tmp_path / "many.zip", {f"{number}.txt": "" for number in range(11)})
    with pytest.raises(InputError, match="more than 10 files"):
        read(path)


def test_an_archive_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = os.urandom(1 << 20).hex()
    whole = pack(tmp_path / "whole.tar.gz", {"entries.json": ENTRIES, "metrics.json": json.dumps(noise)})
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    evidence = read(cut)
    assert evidence.tally.read == 5
    assert any("breaks off" in gap.reason for gap in evidence.gaps)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.tar.gz", b"no archive"),
        ("b.zip", b"PK\x03\x04broken"),
        ("b.tar.gz", gzip.compress(b"x" * 2000)),
        ("report.html", b"<html>"),
    ],
    ids=["no-gzip", "broken-zip", "no-tar", "no-evidence"],
)
def test_what_is_no_archive(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        read(tmp_path / name)


def test_nothing_of_the_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or directory"):
        read(tmp_path / "nowhere")


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "entries.json")
    directory(tmp_path, {"entries2.json": ENTRIES})
    evidence = read(tmp_path)
    assert evidence.tally.read == 5
    assert evidence.ignored == ("entries.json",)


def test_a_linked_directory_in_a_circle(tmp_path: Path) -> None:
    directory(tmp_path, {"entries.json": ENTRIES})
    (tmp_path / "again").symlink_to(tmp_path)
    assert read(tmp_path).tally.read == 5
