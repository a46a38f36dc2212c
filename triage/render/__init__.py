"""An incident as HTML, JSON, Markdown, plain text or a picture. Nothing here computes; it lays out."""

from collections.abc import Sequence
from typing import Literal, assert_never

from triage.model.incident import Incident
from triage.render.html import html
from triage.render.json import json_report
from triage.render.markdown import markdown
from triage.render.png import png
from triage.render.redact import redact as _redacted
from triage.render.sweep import clean
from triage.render.text import one_line, summary, text_report

Format = Literal["html", "json", "markdown", "text"]

__all__ = ["Format", "one_line", "png", "render", "summary"]


def render(incident: Incident, format: Format, *, redact: bool, patterns: Sequence[str] = ()) -> str:  # noqa: A002  the word users know
    """The report in one of its formats.

    Whatever the format, control and bidi characters are written out and every string is bounded. `redact` puts
    placeholders in place of addresses, tokens and secrets, and of what `patterns` (RE2) match. Raises InputError for a
    pattern that does not compile.
    """
    shown = clean(incident)
    shown, replaced = _redacted(shown, patterns) if redact else (shown, ())
    match format:
        case "html":
            return html(shown, replaced, redacted=redact)
        case "json":
            return json_report(shown, replaced, redacted=redact)
        case "markdown":
            return markdown(shown, replaced, redacted=redact)
        case "text":
            return text_report(shown, replaced, redacted=redact)
        case _:
            assert_never(format)
