"""Entry files as people really have them: clean ones, broken ones, and what is in between."""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources_files.making import WANTED, directory, entry, lines, read, reasons
from triage.errors import InputError

TEN = [entry(number) for number in range(10)]
BROKEN = '{"logName": "projects/shop/logs/kubelet", "timestamp":'


@pytest.mark.parametrize(
    "content",
    [
        lines(TEN),
        lines(TEN).rstrip("\n"),
        lines(TEN).replace("\n", "\r\n"),
        "\n\n" + lines(TEN).replace("\n", "\n\n"),
        "\ufeff" + lines(TEN),
        json.dumps(TEN),
        json.dumps(TEN, indent=2),
        "\ufeff" + json.dumps(TEN, indent=2),
        json.dumps({"entries": TEN, "nextPageToken": "t"}),
        json.dumps({"entries": TEN[:5]}) + "\n" + json.dumps({"entries": TEN[5:]}) + "\n",
        "\n".join(json.dumps(one, indent=4) for one in TEN),
        json.dumps(TEN[:5], indent=2) + "\n" + json.dumps(TEN[5:], indent=2),
        "".join(
            f"---\ninsertId: i{n}\nlogName: projects/shop/logs/kubelet\ntimestamp: '{one['timestamp']}'\n"
            f"resource:\n  type: k8s_node\n  labels:\n    cluster_name: prod\n"
            for n, one in enumerate(TEN)
        ),
    ],
    ids=[
        "lines",
        "no last newline",
        "crlf",
        "blank lines",
        "bom",
        "array",
        "pretty array",
        "bom and array",
        "page",
        "pages",
        "pretty objects",
        "two arrays",
        "yaml",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_layout_gives_all_entries(tmp_path: Path, content: str, packed: bool) -> None:
    raw = content.encode()
    directory(tmp_path, {"entries.json.gz": gzip.compress(raw)} if packed else {"entries.json": raw})
    evidence = read(tmp_path)
    assert (evidence.tally.read, evidence.tally.malformed) == (10, 0)
    assert not reasons(evidence)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("content", [lines(TEN), "\r\n".join(json.dumps(TEN, indent=2).splitlines())])
def test_what_powershell_redirects_into_a_file_is_read(
    tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes], content: str
) -> None:
    repairs = json.dumps([{"name": "operation-1", "operationType": "AUTO_REPAIR_NODES", "detail": "é"}])
    files = {"entries.json": content, "operations.json": repairs}
    evidence = read(directory(tmp_path, {k: pack(("\ufeff" + text).encode(encoding)) for k, text in files.items()}))
    assert (evidence.tally.read, evidence.tally.malformed) == (10, 0)
    assert not reasons(evidence)
    assert not reasons(evidence, "operations")


def test_gzip_under_a_plain_name(tmp_path: Path) -> None:
    assert read(directory(tmp_path, {"entries.json": gzip.compress(lines(TEN).encode())})).tally.read == 10


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (BROKEN, "broken JSON"),
        ("not JSON at all", "broken JSON"),
        ("[1, 2]", "not a log entry"),
        ("42", "not a log entry"),
        ("null", "not a log entry"),
        ('{"hello": "world"}', "not a log entry"),
        ('{"logName": "projects/shop/logs/x", "textPayload": "no time"}', "not a log entry"),
        ('{"timestamp": "2026-03-01T04:00:00Z", "message": "an app\'s own line"}', "not a log entry"),
        ('{"logName": "x", "timestamp": "soon", "textPayload": "y"}', "not a log entry"),
        ("[" * 50_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_entry_is_skipped_counted_and_placed(tmp_path: Path, bad: str, why: str) -> None:
    evidence = read(directory(tmp_path, {"entries.ndjson": lines(TEN[:4]) + bad + "\n" + lines(TEN[4:])}))
    assert (evidence.tally.read, evidence.tally.malformed, evidence.tally.kept) == (11, 1, 10)
    (reason,) = reasons(evidence)
    assert reason.startswith("entries.ndjson: 1 record")
    assert "line 5: " in reason
    assert why in reason


def test_of_many_bad_lines_the_first_are_named(tmp_path: Path) -> None:
    evidence = read(directory(tmp_path, {"entries.ndjson": (BROKEN + "\n") * 20 + lines(TEN)}))
    assert evidence.tally.malformed == 20
    assert "and 15 more" in reasons(evidence)[0]


def test_bytes_that_are_no_text_are_replaced_and_the_entry_kept(tmp_path: Path) -> None:
    raw = lines(TEN).encode().replace(b"fork:", b"f\xff\xferk:", 1)
    evidence = read(directory(tmp_path, {"entries.ndjson": raw}))
    assert (evidence.tally.read, evidence.tally.malformed) == (10, 0)
    assert "\ufffd" in evidence.entries["message"].iloc[0]


def test_nul_bytes_and_lone_surrogates(tmp_path: Path) -> None:
    raw = lines(TEN).encode().replace(b"fork:", b"f\x00rk:", 1).replace(b"fork:", b"f\\ud800rk:", 1)
    evidence = read(directory(tmp_path, {"entries.ndjson": raw}))
    assert (evidence.tally.read, evidence.tally.malformed) == (10, 0)


@pytest.mark.parametrize(
    "loose",
    [
        '"severity": "ERROR", "severity": "ERROR", ',
        '"labels": {"a": "1", "a": "2"}, ',
        '"labels": {"a": NaN}, ',
        '"labels": {"a": "one\ttab"}, ',
        '"labels": {"a": "half \\uD83D"}, ',
    ],
)
def test_loose_json_beside_a_broken_line_is_kept(tmp_path: Path, loose: str) -> None:
    first, *others = lines(TEN).splitlines(keepends=True)
    content = "{" + loose + first[1:] + BROKEN + "\n" + "".join(others)
    evidence = read(directory(tmp_path, {"entries.ndjson": content}))
    assert (evidence.tally.read, evidence.tally.malformed, evidence.tally.kept) == (11, 1, 10)


def test_an_endless_line_is_skipped(tmp_path: Path) -> None:
    endless = '{"logName": "x", "textPayload": "' + "x" * (36 << 20) + '"}\n'
    evidence = read(directory(tmp_path, {"entries.ndjson": lines(TEN[:5]) + endless + lines(TEN[5:])}))
    assert evidence.tally.kept == 10
    assert "longer than any log entry" in reasons(evidence)[0]


def test_an_array_that_breaks_off(tmp_path: Path) -> None:
    whole = json.dumps(TEN, indent=2)
    evidence = read(directory(tmp_path, {"entries.json": whole[: len(whole) - 100]}))
    assert (evidence.tally.read, evidence.tally.malformed) == (10, 1)


def test_an_array_broken_in_the_middle_goes_on_behind(tmp_path: Path) -> None:
    whole = json.dumps(TEN, indent=2).replace('"insertId": "i4"', '"insertId" "i4"')
    evidence = read(directory(tmp_path, {"entries.json": whole}))
    assert evidence.tally.kept == 9


def test_an_array_with_records_of_the_wrong_shape(tmp_path: Path) -> None:
    odd = [{"resource": "text", "timestamp": "2026-03-01T04:00:00Z"}, 7, {"resource": {"labels": [1]}}]
    evidence = read(directory(tmp_path, {"entries.json": json.dumps([*TEN, *odd])}))
    assert evidence.tally.kept == 10
    assert reasons(evidence)


def test_gzip_that_breaks_off(tmp_path: Path) -> None:
    many = gzip.compress(lines([entry(number % 600) for number in range(3000)]).encode())
    evidence = read(directory(tmp_path, {"entries.ndjson.gz": many[: len(many) // 2]}))
    assert 500 < evidence.tally.read < 3000
    assert "breaks off" in reasons(evidence)[0]


@pytest.mark.parametrize("raw", [b"", b"   \n", b"\x1f\x8b", b"\x00" * 100, b"{", b"not json", b"\xff\xfe\x00"])
def test_a_broken_file_alone_is_an_error(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(InputError) as error:
        read(directory(tmp_path, {"entries.json": raw}))
    assert "entries.json" in str(error.value)
    assert error.value.exit_status == 2


def test_a_broken_file_beside_a_good_one_is_a_gap(tmp_path: Path) -> None:
    evidence = read(directory(tmp_path, {"entries-1.json": "{", "entries-2.json": TEN, "entries-3.json": ""}))
    assert evidence.tally.kept == 10
    assert len(reasons(evidence)) == 2


def test_a_broken_companion_is_a_gap(tmp_path: Path) -> None:
    files = {
        "entries.json": TEN,
        "alerts.json": "{",
        "metrics.json": "",
        "cluster.json": b"\x1f\x8b\x08",
        "workloads.json": "x",
    }
    evidence = read(directory(tmp_path, files))
    for kind in ("alerts", "metrics", "cluster", "workloads"):
        (reason,) = reasons(evidence, kind)
        assert reason.startswith(f"{kind}.json: ")
        assert kind not in evidence.present


def test_operations_cut_short_keep_what_came_before(tmp_path: Path) -> None:
    link = "https://container.googleapis.com/v1/projects/9/zones/us-east1-b/clusters/prod/nodePools/main"
    operations = [
        {"name": f"operation-{n}", "operationType": "AUTO_REPAIR_NODES", "targetLink": link} for n in range(5)
    ]
    whole = json.dumps(operations, indent=2)
    evidence = read(directory(tmp_path, {"entries.json": TEN, "operations.json": whole[:-20]}))
    assert len(evidence.operations) == 4
    assert "what came before was read" in reasons(evidence, "operations")[0]


def test_yaml_bombs_are_not_expanded(tmp_path: Path) -> None:
    bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\ntimestamp: *b\n"
    evidence = read(directory(tmp_path, {"entries-1.json": bomb, "entries-2.json": TEN}))
    assert "aliases are not read" in reasons(evidence)[0]


def test_an_oversized_entry_is_cut_and_still_an_entry(tmp_path: Path) -> None:
    large = entry(3, message="fork: resource temporarily unavailable " + "x" * 400_000, trace="t")
    evidence = read(directory(tmp_path, {"entries.ndjson": lines([large])}))
    row = evidence.entries.iloc[0]
    assert len(row["message"]) == 64 << 10
    assert len(row["entry"]) <= 256 << 10
    assert json.loads(row["entry"])["insertId"] == "i3"


@pytest.mark.parametrize("shape", ["lines", "array", "two members"])
def test_a_gz_cut_anywhere_keeps_every_entry_before_the_cut(tmp_path: Path, shape: str) -> None:
    found = [entry(number, f"{WANTED} {random.Random(number).random()}") for number in range(60)]
    text = json.dumps(found, indent=2) if shape == "array" else lines(found)
    middle = len(text) // 2 if shape == "two members" else 0
    packed = gzip.compress(text[:middle].encode()) + gzip.compress(text[middle:].encode())
    for cut in range(len(packed) // 2, len(packed) - 1, len(packed) // 12):
        before = _unpacked(packed[:cut]).count("\n  }" if shape == "array" else "}}\n")
        evidence = read(directory(tmp_path / str(cut), {"entries.json.gz": packed[:cut]}))
        assert evidence.tally.kept == before, cut
        assert any("breaks off" in reason for reason in reasons(evidence)), cut


def _unpacked(packed: bytes) -> str:
    text = b""
    while packed:
        unpacker = zlib.decompressobj(31)
        text += unpacker.decompress(packed)
        packed = unpacker.unused_data
    return text.decode()
