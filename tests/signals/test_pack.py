# ruff: noqa: E501 - what a user sees stands whole
import time
from pathlib import Path

import pytest

from triage.errors import PackError
from triage.lql.parse import parse
from triage.lql.print import to_text
from triage.model.signal import Role
from triage.resources import resource
from triage.signals import load_pack
from triage.signals.check import check_files
from triage.signals.documents import read_document
from triage.signals.drafts import read_draft

GOOD = """\
id: my-signal
title: Something of ours fails
status: test
role: cause
severity: high
description: Why it matters.
leads_to:
  - {id: node-not-ready, within: 15m, because: the node cannot work without it}
detect:
  - name: kernel
    stream: kernel
    filter: jsonPayload.MESSAGE:"flux capacitor drained"
    extract: ['drained by (?P<process>\\S+)']
summary: "{node}: drained by {process}"
remedy:
  now: [{say: Look, run: "kubectl describe node {node}"}]
references: [{url: "https://example.com/flux", for: wording}]
examples:
  match:
    - {via: kernel, from: "kernel 4.14", text: "flux capacitor drained by cat", extracts: {process: cat}}
    - {via: kernel, from: "kernel 5.4", text: "[1.2] flux capacitor drained by cat"}
    - {via: kernel, stream: serial-console, from: "kernel 6.1", text: "[1.2] flux capacitor drained by cat"}
  ignore:
    - {stream: kernel, why: not drained, text: "flux capacitor present"}
    - {stream: kernel, why: charging, text: "flux capacitor charged"}
    - {stream: container, why: an application's own, text: "flux capacitor drained by dog"}
"""


@pytest.fixture
def own(tmp_path: Path):
    """Write a signal file, with some of its text replaced."""

    def write(*changes: tuple[str, str], name: str = "my-signal.yaml") -> Path:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def faults_of(path: Path) -> list[str]:
    return [fault.removeprefix(str(path)) for fault in check_files([path]).faults]


def test_the_bundled_pack_holds():
    checked = check_files()
    assert checked.faults == ()
    assert checked.signals >= 45
    assert checked.examples >= 6 * 45


def test_a_users_signal_joins_the_pack(own):
    path = own()
    assert faults_of(path) == []
    pack = load_pack([path.parent])
    assert pack.origins["my-signal"] == str(path)
    whole = to_text(pack.wanted["my-signal/kernel"])
    assert to_text(parse(whole)) == whole
    for text in ("jsonPayload.MESSAGE", "jsonPayload.message", "textPayload"):
        assert f'{text}:"flux capacitor drained"' in whole


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("within: 15m", "withn: 15m", ":8:26: `withn` is not a field of leads_to (did you mean `within`?)  @ $.leads_to[0].withn"),
        ("role: cause", "role: causes", ":4:7: `role` is `cause`, `symptom`, `consequence` or `context` (did you mean `cause`?)  @ $.role"),
        ("severity: high\n", "", ":1:1: `severity` is missing  @ $.severity"),
        ("severity: high\n", "severity: high\nseverity: low\n", ":6:1: `severity` stands here twice  @ $.severity"),
        ("id: node-not-ready", "id: node-not-redy", ":8:10: there is no signal `node-not-redy` (did you mean `node-not-ready`?)  @ $.leads_to[0].id"),
        ("stream: kernel\n    filter", "stream: kernl\n    filter", ":11:13: there is no stream `kernl` (did you mean `kernel`?)  @ $.detect[0].stream"),
        ("id: my-signal", "id: other-signal", ":1:5: `other-signal` stands in my-signal.yaml: id and name must agree  @ $.id"),
        ("{id: node-not-ready, within: 15m", "{id: my-signal, within: 15m", ":8:10: causes in a circle: my-signal → my-signal  @ $.leads_to[0].id"),
        ("within: 15m", "within: soon", "`within` is wrong: 'soon' is not a length of time"),
        ("(?P<process>\\S+)", "(?P<process>(?!x)", ":13:15: not a pattern of RE2: "),
        ("{process: cat}", "{process: dog}", "`process` should be `dog`, extracted is `cat`  @ $.examples.match[0].extracts.process"),
        ("flux capacitor present", "flux capacitor drained", ":24:7: must not match, but does: `kernel`  @ $.examples.ignore[0]"),
        ('text: "[1.2] flux capacitor drained by cat"}\n    - {via: kernel, stream', 'text: "[1.2] fluxes"}\n    - {via: kernel, stream', ":21:7: does not match `kernel` in stream kernel  @ $.examples.match[1]"),
        ("via: kernel, stream", "via: kernal, stream", "there is no alternative `kernal` (did you mean `kernel`?)"),
        ("drained by {process}", "drained by {proces}", ":14:10: nothing fills in `{proces}` (did you mean `process`?)  @ $.summary"),
        ("describe node {node}", "describe node {nod}", "nothing fills in `{nod}` (did you mean `node`?)"),
        ('references: [{url: "https://example.com/flux", for: wording}]\n', "", "no `references`"),
        ("title: Something of ours fails", "title: Node not ready", "has the same title"),
        ('MESSAGE:"flux capacitor drained"', 'MESSAGE:"error"', "may match by `error` alone"),
        ("status: test\n", "status: test\n  - bad", ":4:12: no YAML: "),
    ],
)  # fmt: skip
def test_a_fault_says_what_and_where(own, old, new, fault):
    found = faults_of(own((old, new)))
    assert any(fault in line for line in found), found


def test_a_filters_fault_points_into_the_filter(own):
    path = own(
        (
            'filter: jsonPayload.MESSAGE:"flux capacitor drained"',
            "filter: 'severity>=ERROR AND jsonPayload.MESSAGE=~\"pid(\"'",
        )
    )
    (fault,) = faults_of(path)
    line, column = fault.split(":")[1:3]
    assert path.read_text().splitlines()[int(line) - 1][int(column) - 1 :].startswith('"pid("')
    assert fault.endswith("@ $.detect[0].filter")


def test_all_faults_are_told_at_once(own):
    path = own(("within: 15m", "withn: 15m"), ("role: cause", "role: causes"), ("status: test", "status: tested"))
    with pytest.raises(PackError) as caught:
        load_pack([path.parent])
    assert len(caught.value.faults) == 4  # the unknown key, the missing one, and two wrong words


def test_an_id_that_is_taken_is_a_fault(own):
    path = own(("id: my-signal", "id: pid-exhaustion"), name="pid-exhaustion.yaml")
    with pytest.raises(PackError, match=r"pid-exhaustion.yaml:1:5: `pid-exhaustion` is declared in .* already"):
        load_pack([path.parent])


def test_a_directory_that_is_none_is_a_fault(tmp_path):
    with pytest.raises(PackError, match="is no directory"):
        load_pack([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "[" * 5000,
        "a: &x [1,1,1,1,1,1,1,1,1,1]\nb: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x,*x]\nc: &z [*y,*y,*y,*y,*y,*y,*y,*y,*y,*y]\nd: &w [*z,*z,*z,*z,*z,*z,*z,*z,*z,*z]\ne: [*w,*w,*w,*w,*w,*w,*w,*w,*w,*w]\n",
        "!!python/object/apply:os.system [echo]\n",
        "? [a]\n: b\n",
        "\x00",
        "",
        "- 1\n",
        "id: 7\ntitle: [x]\n",
    ],
    ids=["itself", "in-itself", "deep", "laughs", "object", "key", "nul", "empty", "list", "types"],
)  # fmt: skip
def test_hostile_files_end_in_faults(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    began = time.monotonic()
    assert faults_of(path)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("name", "fault"), [("notes.txt", "holds no signal files"), ("streams.yaml", "streams are the bundled")]
)
def test_a_directory_without_signals_is_a_fault(tmp_path, name, fault):
    (tmp_path / name).write_text("streams: []\n")
    with pytest.raises(PackError, match=fault):
        load_pack([tmp_path])


def test_a_file_that_is_no_text_is_a_fault(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackError, match=r"x.yaml:1:1: no YAML"):
        load_pack([tmp_path])


def test_a_whole_filter_does_not_repeat_itself():
    whole = to_text(load_pack().wanted["pid-exhaustion/fork-refused"])
    assert 'resource.type=("k8s_node" OR "gce_instance" OR "k8s_control_plane_component"' in whole
    assert 'log_id("kubelet")' not in whole  # every log of a node is looked at, so no single one is named
    assert 'log_id("events")' in to_text(load_pack().wanted["pid-exhaustion/event-pressure"])


def test_the_documented_example_is_a_signal(tmp_path):
    readme = (resource("queries") / "README.md").read_text()
    path = tmp_path / "conntrack-full.yaml"
    path.write_text(readme.split("```yaml\n")[1].split("```")[0])
    assert set(read_document(path).value) >= {"id", "detect", "examples"}
    assert not list(read_draft(resource("queries") / "streams.yaml", [path]).faults)


def test_a_fault_of_a_merged_mapping_stands_where_the_thing_is_written(tmp_path: Path):
    path = tmp_path / "merged.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n")
    document = read_document(path)
    places = {name: document.fault(("b", name), "is wrong") for name in "xyz"}
    assert {name: (fault.line, fault.column) for name, fault in places.items()} == {
        "x": (4, 6),
        "y": (1, 17),
        "z": (2, 1),
    }
    assert document.fault(("b", "y"), "is no field", key=True).column == 14


def test_every_cause_of_the_pack_says_what_broke():
    causes = [signal for signal in load_pack(()).signals if signal.role is Role.CAUSE]
    assert [signal.id for signal in causes if not signal.because] == []
