"""Whole incidents, from their evidence to the page."""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from triage.incident import investigate
from triage.model.incident import Incident
from triage.model.place import Ask
from triage.render import render
from triage.render.json import schema
from triage.signals import load_pack

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = ("pid-leak-2019", "no-cause", "quiet-day")


@lru_cache(maxsize=3)
def incident(name: str) -> Incident:
    return investigate(FIXTURES / name, Ask(), load_pack(), now=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_small_and_holds_the_verdict(name: str) -> None:
    html = render(incident(name), "html", redact=True)
    assert len(html.encode()) <= 400_000
    assert incident(name).verdict.title in html


@pytest.mark.parametrize("name", NAMES)
def test_the_json_obeys_the_schema(name: str) -> None:
    report = json.loads(render(incident(name), "json", redact=False))
    jsonschema.validate(report, schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", NAMES)
def test_no_private_address_is_left_after_redaction(name: str) -> None:
    for form in ("html", "markdown", "text"):
        shown = render(incident(name), form, redact=True)
        assert not re.search(r"\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}\b(?!\.)", shown)
        assert "@example.com" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_the_page_fits_a_phone_and_keeps_to_itself(look: Any, name: str) -> None:
    opened = look(render(incident(name), "html", redact=True), width=390)
    opened.fits()
    opened.quiet()
