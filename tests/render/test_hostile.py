"""Nothing that a log holds runs, loads, hides or breaks the page; it is shown as text."""

import json
import os
import re
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from tests.render.payloads import payloads
from tests.render.poison import poisoned, specimen
from triage.render import render
from triage.render.escape import visible
from triage.render.text import one_line, summary

ALL = payloads()
FULL = bool(os.environ.get("TRIAGE_FULL_TESTS"))
_VOID_URL = re.compile(r"(https?://[^\s\"'<>\\`]+|#[\w-]+)\Z")


class Structure(HTMLParser):
    """Which elements, attributes and addresses a page has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.faults: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            if name.startswith("on") or name in (
                "style",
                "srcdoc",
                "src",
                "action",
                "formaction",
                "srcset",
                "xlink:href",
            ):
                self.faults.append(f"<{tag} {name}={value!r}>")
            if name == "href" and tag != "link" and not _VOID_URL.match(value or ""):
                self.faults.append(f"<{tag} {name}={value!r}>")


KNOWN = set(Structure(render(specimen(), "html", redact=True)).tags)


def test_there_are_enough_payloads() -> None:
    assert len(ALL) >= 300


@pytest.mark.parametrize("part", range(8))
def test_each_payload_in_every_field_leaves_the_structure_as_it_is(part: int) -> None:
    for number in range(part, len(ALL), 8 if FULL else 40):
        html = render(poisoned(ALL[number]), "html", redact=number % 2 == 0)
        found = Structure(html)
        assert found.faults == [], ALL[number][:80]
        assert set(found.tags) <= KNOWN, ALL[number][:80]
        assert (found.tags["script"], found.tags["style"], found.tags["meta"]) == (1, 1, 6)
        assert len(html) < 2_000_000, "fields are bounded, even where every one of them is as long as it may be"


@pytest.mark.parametrize("part", range(6))
def test_all_payloads_mixed_leave_the_structure_as_it_is(part: int) -> None:
    found = Structure(render(poisoned(*ALL, start=part * 53), "html", redact=True))
    assert found.faults == []
    assert set(found.tags) <= KNOWN


@pytest.mark.parametrize("start", range(0, len(ALL), 60))
def test_it_appears_as_text(start: int) -> None:
    """As lines of evidence, one each, just as they were but for what is written out."""
    some = [text for text in ALL[start : start + 60] if visible(text, 2_000).strip()]
    whole = specimen()
    model = whole.causes[0].evidence[0]
    lines = [
        model.model_copy(update={"message": text, "mark": None, "insert_id": str(i)}) for i, text in enumerate(some)
    ]
    for first in range(0, len(lines), 12):
        cause = whole.causes[0].model_copy(update={"evidence": tuple(lines[first : first + 12])})
        incident = whole.model_copy(update={"causes": (cause,), "episodes": ()})
        html = render(incident, "html", redact=False)
        texts = Texts(html)
        for text in some[first : first + 12]:
            assert visible(text, 2_000) in texts.lines, text[:80]


class Texts(HTMLParser):
    """What stands in the lines of evidence."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.inside = False
        self.lines: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p":
            self.inside = ("class", "line") in attrs
            if self.inside:
                self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "p"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.lines[-1] += data


@pytest.mark.parametrize("start", [0, 97, 211, 330])
def test_the_terminal_gets_no_escape_and_no_control(start: int) -> None:
    incident = poisoned(*ALL, start=start)
    out = StringIO()
    Console(file=out, width=100, force_terminal=False).print(summary(incident))
    for text in (render(incident, "text", redact=False), out.getvalue(), one_line(incident)):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        text.encode("utf-8")


@pytest.mark.parametrize("start", [0, 97, 211, 330])
def test_json_stays_json(start: int) -> None:
    text = render(poisoned(*ALL, start=start), "json", redact=True)
    text.encode("utf-8")
    assert json.loads(text)["schema_version"] == "1"


@pytest.mark.parametrize("part", range(4))
def test_markdown_holds_no_markup_of_a_log(part: int) -> None:
    """Through CommonMark with raw HTML on: nothing but our own headings, links to the console, lists and code."""
    markdown_it = pytest.importorskip("markdown_it")
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
    for number in range(part, len(ALL), 4 if FULL else 12):
        text = render(poisoned(ALL[number]), "markdown", redact=False)
        assert len(text) < 13_000
        for token in parser.parse(text):
            assert token.type != "html_block", ALL[number][:80]
            for child in token.children or []:
                assert child.type not in ("html_inline", "image"), ALL[number][:80]
                if child.type == "link_open":
                    assert child.attrs["href"].startswith("http"), ALL[number][:80]
