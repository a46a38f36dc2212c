"""JSON obeys its schema, Markdown fits a ticket, text fits a terminal, the picture has its letters."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from tests.render.incidents import ALL, big, pid_leak, quiet
from triage.errors import InputError
from triage.model.incident import Incident
from triage.render import render
from triage.render import text as text_module
from triage.render.json import SCHEMA_FILE, schema, schema_text
from triage.render.markdown import prose
from triage.render.png import png
from triage.render.text import one_line, summary
from triage.resources import resource

EVERY: dict[str, Callable[[], Incident]] = {**ALL, "many-nodes": lambda: big(60, 5)}


@pytest.mark.parametrize("name", EVERY)
def test_json_obeys_the_schema(name: str) -> None:
    report = json.loads(render(EVERY[name](), "json", redact=False))
    jsonschema.validate(report, schema(), cls=jsonschema.Draft202012Validator)
    assert report["redaction"] == {"applied": False, "replaced": []}


def test_the_schema_in_reports_is_in_step_with_the_model() -> None:
    kept = (resource("reports") / SCHEMA_FILE).read_text(encoding="utf-8")
    assert kept == schema_text(), "run: python -m tests.render.golden"


WRONG: dict[str, tuple[str, object]] = {
    "schema_version": ("schema_version", "2"),
    "no cluster name": ("cluster.name", ""),
    "a time without a zone": ("window.start", "2019-07-09T04:00:00"),
    "an unknown confidence": ("verdict.confidence", "certain"),
    "a cause that is no id": ("verdict.cause", "PID Exhaustion"),
    "a named confidence without a cause": ("verdict.cause", None),
    "a named confidence without a chain": ("verdict.chain", []),
    "a workload without a namespace": ("verdict.workload", "pdfgenerator"),
    "a rank of zero": ("causes.0.rank", 0),
    "a negative count of episodes": ("causes.0.episodes_explained", -1),
    "a q over one": ("causes.0.q_value", 1.5),
    "an unknown basis": ("causes.0.workloads.0.basis", "hearsay"),
    "an episode without a node": ("episodes.0.node", ""),
    "an unknown kind": ("episodes.0.kind", "magic"),
    "a time that is a number": ("episodes.0.not_ready", 5),
    "an alert in an episode before the first": ("alerts.0.episode", -1),
    "a p over one": ("alignment.p_value", 2),
    "a count that is a string": ("occurrences.0.count", "many"),
    "a check that is no id": ("findings.0.check", "Exec Probe"),
    "a gap without a reason": ("gaps.0.reason", ""),
    "a negative number of requests": ("provenance.queries.0.requests", -1),
    "an unknown key": ("verdict.mood", "good"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_schema_refuses(wrong: str) -> None:
    path, value = WRONG[wrong]
    report = json.loads(render(pid_leak(), "json", redact=False))
    *parents, last = path.split(".")
    place = report
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "key", ["schema_version", "verdict", "causes", "episodes", "alerts", "alignment", "occurrences", "gaps"]
)
def test_no_key_of_the_contract_may_be_absent(key: str) -> None:
    report = json.loads(render(pid_leak(), "json", redact=False))
    del report[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema(), cls=jsonschema.Draft202012Validator)


def test_json_reads_back_as_the_same_incident() -> None:
    incident = pid_leak()
    report = json.loads(render(incident, "json", redact=False))
    del report["redaction"]
    assert Incident.model_validate(report) == incident


@pytest.mark.parametrize("name", EVERY)
def test_markdown_fits_a_support_cases_comment_and_starts_with_the_verdict(name: str) -> None:
    incident = EVERY[name]()
    text = render(incident, "markdown", redact=True)
    assert len(text) <= 12_800
    assert text.startswith("## ")
    head = text[:1900].replace("\\", "")
    assert incident.verdict.title in head
    assert incident.verdict.confidence.value in head


def test_the_terminal_summary_has_at_most_twelve_lines_verdict_first() -> None:
    for make in EVERY.values():
        out = StringIO()
        Console(file=out, width=100).print(summary(make()))
        lines = out.getvalue().rstrip("\n").split("\n")
        assert len(lines) <= 12
        assert make().verdict.title[:60] in lines[0]


def test_a_narrow_terminal_shows_commands_and_reasons_whole() -> None:
    out = StringIO()
    Console(file=out, width=80, soft_wrap=True).print(summary(pid_leak()))
    verdict = pid_leak().verdict
    assert all(f"now      {step.run}\n" in out.getvalue() for step in verdict.actions[:2])
    assert verdict.reason in " ".join(out.getvalue().split())


def test_quiet_is_one_line() -> None:
    assert one_line(pid_leak()) == (
        "confirmed: default/pdfgenerator runs its nodes out of process ids (7 of 7 repairs explained)"
    )
    assert one_line(quiet()) == "insufficient: No node failure found"


def test_text_holds_commands_whole_so_that_they_can_be_copied() -> None:
    incident = pid_leak()
    text = render(incident, "text", redact=False)
    for step in incident.verdict.actions:
        assert step.run is not None
        assert step.run in text
    prose = text[: text.index("For a support case")].split("\n")
    commands = {f"    {one.run}" for one in incident.verdict.actions} | {f"    {g.remedy}" for g in incident.gaps}
    commands |= {f"    {one.command}" for one in incident.verdict.missing}
    assert max(len(row) for row in prose if row not in commands) <= text_module.WIDTH


def test_the_picture_is_a_png_of_the_whole_width_with_letters_in_it() -> None:
    pytest.importorskip("resvg_py")
    drawn = png(pid_leak())
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", drawn[16:24])
    assert (width, height > 400) == (2240, True)
    assert len(drawn) > 20_000


def test_a_missing_extra_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(InputError, match="needs the extra") as caught:
        png(pid_leak())
    assert "pip install" in caught.value.remedy


def test_a_machine_without_fonts_is_told_so_instead_of_getting_a_picture_without_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(sys.modules["triage.render.png"], "_FONT_DIRS", ())
    with pytest.raises(InputError, match="font"):
        png(pid_leak())


def test_renderers_need_neither_pandas_nor_duckdb() -> None:
    unwanted = {"pandas", "duckdb", "triage.evidence", "resvg_py", "google"}
    modules = "triage.render.html, triage.render.json, triage.render.markdown, triage.render.png, triage.render.text"
    code = f"import sys, {modules}; assert not {unwanted} & set(sys.modules)"
    env = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=Path(__file__).parents[2])


def test_the_seed_and_sixty_nodes_stay_small() -> None:
    assert len(render(pid_leak(), "html", redact=True).encode()) <= 400_000
    assert len(render(big(60, 10_000), "html", redact=True).encode()) <= 1_500_000


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("plain default/web at 01:13 (UTC) - 2.4 of 7", "plain default/web at 01:13 (UTC) - 2.4 of 7"),
        ("serial_port_1_output and _it_", "serial_port_1_output and \\_it\\_"),
        ("**b** `c` [x](y) <z> a|b", "\\*\\*b\\*\\* \\`c\\` \\[x\\](y) \\<z\\> a\\|b"),
        ("1. item", "1\\. item"),
        ("- item", "\\- item"),
        ("# head", "\\# head"),
        ("see https://evil.example", "see https\\://evil.example"),
        ("@team and #12 on www.evil.example", "@\u2060team and #\u206012 on www\u2060.evil.example"),
    ],
)
def test_prose_in_markdown_escapes_what_would_mean_something_and_nothing_else(text: str, source: str) -> None:
    assert prose(text) == source


def test_text_says_the_day_of_an_end_on_another_day_than_its_start() -> None:
    late = pid_leak().episodes[0]
    late = late.model_copy(update={"start": late.start.replace(hour=23, minute=50), "end": late.start.replace(day=10)})
    text = render(pid_leak().model_copy(update={"episodes": (late,)}), "text", redact=False)
    assert "9 Jul 23:50:00" in text
    assert "10 Jul 06:06:00" in text


def test_markdown_does_not_cut_the_summary_short() -> None:
    incident = pid_leak()
    summary_of = " ".join(f"Sentence {i} of the summary." for i in range(30))
    verdict = incident.verdict.model_copy(update={"summary": summary_of})
    assert summary_of in render(incident.model_copy(update={"verdict": verdict}), "markdown", redact=False)
