"""Each payload in every field that evidence can carry, in a real browser: nothing runs, nothing breaks, all is text."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.render.conftest import Opened
from tests.render.fields import text_fields, texts
from tests.render.payloads import classes, payloads
from tests.render.poison import LINKS, Marked, specimen
from triage.render import render
from triage.render.escape import visible
from triage.render.sweep import rewrite

FULL = bool(os.environ.get("TRIAGE_FULL_TESTS"))
_LONGEST = 200
"""Names are cut at 300 characters, and what is cut can't be found whole."""
NOT_ON_THE_PAGE = {
    "alignment.budget[].objective",  # where one service has several
    "alerts[].reason",  # of an alert in an episode: that one and the time since its start stand for it
    "causes[].trends[].metric",  # its series' title stands for it
    "episodes[].instance_id",
    "episodes[].planned",  # its signal's title stands for it
    "timeline.series[].metric",
}
"""What the page leaves to the JSON report, or shows by another field."""
WITH_A_LINK = {"causes[].evidence[].insert_id", "episodes[].evidence[].insert_id", "signals[].references[].what"}
"""Shown or not according to whether a link beside them may be one."""
PLAIN = "plain-words"

SEEN = """() => {
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll('script, style').forEach(e => e.remove());
  return {
    text: copy.textContent.replaceAll('`', ''),
    headings: [...document.querySelectorAll('h1, h2, h3')].map(e => e.tagName + ' ' + (e.closest('section')?.id ?? '')),
    tags: [...new Set([...document.querySelectorAll('body *')].map(e => e.tagName))],
    links: [...document.querySelectorAll("a")].map(a => new URL(a.href.baseVal ?? a.href, location).protocol)
  };
}"""
HANDLE = """() => {
  document.querySelectorAll('details').forEach(d => { d.open = true; });
  document.querySelectorAll('#zone button, .zoom button, thead th:first-child button').forEach(b => b.click());
  for (const input of document.querySelectorAll('input[type=search]')) {
    input.value = 'f1f';
    input.dispatchEvent(new Event('input'));
  }
}"""


def test_the_specimen_holds_every_field_of_the_model() -> None:
    """A new field of the incident goes into the specimen, or this fails."""
    held = texts(specimen())
    assert [path for path in text_fields() if not held.get(path)] == []


def test_every_field_of_the_model_is_on_the_page_or_known_not_to_be(look: Any) -> None:
    """So that the browser test can't pass by looking at a page that shows nothing."""
    _, poison, seen = opened(look, PLAIN)
    shown = tuple(mark for mark in poison.marks.values() if mark in seen["text"])
    held = texts(rewrite(specimen(), poison))
    free = {path for path in text_fields() if path.split(".")[-1] not in LINKS}
    assert {path for path in free if not any(text.startswith(shown) for text in held[path])} == NOT_ON_THE_PAGE


def chosen() -> Iterator[Any]:
    """Every payload; by default one of each class, two of large ones."""
    for name, group in classes().items():
        for number, payload in enumerate(group):
            if FULL or number == 0 or (number == 25 and len(group) > 40):
                yield pytest.param(payload, id=f"{name}-{number}")


def opened(look: Any, payload: str) -> tuple[Opened, Marked, Any]:
    """The page in which every field holds it, and what a browser made of that."""
    poison = Marked(payload)
    page = look(render(rewrite(specimen(), poison), "html", redact=False), zone="Asia/Kolkata")
    return page, poison, page.page.evaluate(SEEN)


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("payload", list(chosen()))
def test_nothing_runs_in_chromium_whatever_every_field_holds(look: Any, plain: dict[str, Any], payload: str) -> None:
    if not plain:
        plain.update(opened(look, PLAIN)[2])
    page, poison, seen = opened(look, payload)
    assert seen["headings"] == plain["headings"]
    assert set(seen["tags"]) <= {*plain["tags"], "CODE", "MARK", "WBR"}
    assert set(seen["links"]) <= {"file:", "http:", "https:"}
    if len(visible(payload, 2_000)) <= _LONGEST:
        assert not_as_text(payload, poison, plain["text"], seen["text"]) == set()
    page.page.evaluate(HANDLE)
    for width in (1280, 390):
        page.page.set_viewport_size({"width": width, "height": 800})
        page.fits()
    assert page.page.evaluate("typeof pwned") == "undefined"
    page.quiet()


def not_as_text(payload: str, poison: Marked, plain: str, seen: str) -> set[str]:
    """The fields that the page shows whole where they are plain, and not where they hold this payload."""
    forms = {visible(payload, 2_000, lines=lines).replace("`", "") for lines in (False, True)}
    whole = {mark for mark in poison.marks.values() if mark + PLAIN in plain}
    lost = tuple(mark for mark in whole if not any(mark + form.rstrip() in seen for form in forms))
    held = texts(rewrite(specimen(), poison))
    return {path for path, found in held.items() if any(text.startswith(lost) for text in found)} - WITH_A_LINK


def test_the_corpus_is_large() -> None:
    assert len(payloads()) >= 300
