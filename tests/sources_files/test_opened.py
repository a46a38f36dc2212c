"""Evidence opened for search: every cluster, every time."""

from pathlib import Path

import duckdb
import pytest

from tests.sources_files.making import directory, entry, lines, plan, vm_entry
from triage.errors import InputError
from triage.sources.files.opened import open_evidence, wanted_entries

BAD = '{"broken":\n{"hello": "world"}\n42\n'


def test_files_are_clean_and_every_entry_is_there(tmp_path: Path) -> None:
    files = {
        "entries-1.ndjson": lines([entry(1)]) + BAD + lines([entry(2)]),
        "entries-2.json": [entry(3)],
        "entries-3.json": '{"entries": [' + lines([entry(4)]) + "]}",
        "entries-4.ndjson": lines([entry(5)]).encode().replace(b"fork", b"f\xffrk"),
        "alerts.json": [],
        "notes.txt": "",
    }
    with open_evidence(directory(tmp_path, files)) as opened, duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT json_extract_string(entry, '$.insertId') FROM ({opened.sql()}) ORDER BY 1"
        ).fetchall()
        assert found == [("i1",), ("i2",), ("i3",), ("i4",), ("i5",)]
        assert [other.name for other in opened.others] == ["alerts.json"]
        assert opened.ignored == ("notes.txt",)
        assert opened.malformed == 3
        assert "line 2" in opened.gaps[0].reason
        assert all(path.exists() for path in opened.entries)


def test_wanted_entries_of_all_clusters_and_times(tmp_path: Path) -> None:
    other = entry(
        2,
        timestamp="2019-01-01T00:00:00Z",
        resource={"type": "k8s_node", "labels": {"cluster_name": "test", "node_name": "n"}},
    )
    files = {"entries.json": [entry(1), other, vm_entry(3, "bastion"), entry(4, message="quiet"), entry(1)]}
    with open_evidence(directory(tmp_path, files)) as opened:
        found = wanted_entries(opened, plan())
    assert found["insert_id"].tolist() == ["i2", "i1", "i3"]
    assert found["node"].tolist()[::2] == ["n", "bastion"]


@pytest.mark.parametrize("files", [{}, {"operations.json": []}, {"entries.json": ""}])
def test_without_entries(tmp_path: Path, files: dict[str, object]) -> None:
    with pytest.raises(InputError), open_evidence(directory(tmp_path, files)):
        pass
