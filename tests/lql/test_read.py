"""`triage read`: the filter, the order, the bounds and the shape of the output."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.lql.conformance import ENTRIES
from triage.cli.read import read
from triage.errors import FilterError, InputError


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """The examples' entries, some in a gcloud array, some one a line and compressed, one of them twice."""
    first, *rest = ENTRIES.values()
    (tmp_path / "entries.json").write_text(json.dumps([first, rest[0]]))
    with gzip.open(tmp_path / "entries-more.ndjson.gz", "wt") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in [*rest[1:], rest[0]])
    return tmp_path


def run(*arguments: str) -> str:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(read)
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def ids(output: str) -> list[str]:
    return [entry["insertId"] for entry in json.loads(output)]


def test_newest_first_and_each_entry_once(evidence: Path) -> None:
    assert ids(run("", "--from", str(evidence))) == ["s1", "a1", "e1", "k1", "c1", "j1"]


def test_entries_come_out_as_they_went_in(evidence: Path) -> None:
    read_back: list[dict[str, Any]] = json.loads(run("", "--from", str(evidence), "--order", "asc"))
    by_id = {entry["insertId"]: entry for entry in ENTRIES.values()}
    assert read_back == [by_id[entry["insertId"]] for entry in read_back]


def test_filter_order_and_limit(evidence: Path) -> None:
    nodes = 'resource.type="k8s_node"'
    assert ids(run(nodes, "--from", str(evidence), "--order", "asc")) == ["k1", "e1"]
    assert ids(run(nodes, "--from", str(evidence), "--limit", "1")) == ["e1"]
    assert ids(run("jsonPayload.nope:*", "--from", str(evidence))) == []


def test_freshness_counts_back_from_the_newest_entry_unless_the_filter_speaks_of_timestamps(evidence: Path) -> None:
    assert ids(run("", "--from", str(evidence), "--freshness", "30m")) == ["s1", "a1"]
    assert ids(run('timestamp>"2018-06-08"', "--from", str(evidence), "--freshness", "30m"))[-1] == "j1"
    assert len(ids(run("", "--from", str(evidence), "--freshness", "30m", "--order", "asc"))) == 6


def test_times_of_any_offset_stand_in_the_order_in_which_they_passed(tmp_path: Path) -> None:
    times = {"later": "2024-05-01T12:00:00.000000002+02:00", "sooner": "2024-05-01T10:00:00.000000001Z"}
    times |= {"last": "2024-05-01T04:45:00-05:30", "first": "2024-05-01T09:59:59"}
    lines = [json.dumps({"logName": "projects/p/logs/x", "insertId": i, "timestamp": at}) for i, at in times.items()]
    again = {"logName": "projects/p/logs/x", "insertId": "sooner", "timestamp": "2024-05-01T11:00:00.000000001+01:00"}
    (tmp_path / "entries.ndjson").write_text("\n".join([*lines, json.dumps(again)]))
    assert ids(run("", "--from", str(tmp_path), "--order", "asc")) == ["first", "sooner", "later", "last"]
    assert ids(run("", "--from", str(tmp_path), "--freshness", "10m")) == ["last"]


def test_text_is_one_safe_line_an_entry(tmp_path: Path) -> None:
    entry = {
        "logName": "projects/p/logs/stderr",
        "timestamp": "2024-05-01T10:00:00Z",
        "severity": "ERROR",
        "textPayload": "first\nsecond \x1b[31mred",
    }
    (tmp_path / "entries.ndjson").write_text(json.dumps(entry))
    output = run("", "--from", str(tmp_path), "--format", "text")
    assert output == "2024-05-01T10:00:00Z\tERROR\tstderr\tfirst\\nsecond \\x1b[31mred\n"


def test_a_wrong_filter_is_shown_with_the_place_underlined(evidence: Path) -> None:
    with pytest.raises(FilterError, match=r"line 1, column 9: .*no field 'thud'") as caught:
        run('"a" AND thud=1', "--from", str(evidence))
    assert caught.value.remedy.splitlines()[1].strip() == "^^^^"


def test_no_entries_is_an_error_not_an_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run("", "--from", str(tmp_path))
