"""An incident as HTML, JSON, Markdown, plain text or a picture. Nothing here computes; it lays out.

A format's module is loaded when it is asked for: JSON needs neither templates nor a view. What a terminal is told is
in `render.text`, the picture in `render.png`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, assert_never

from triage.model.incident import Incident
from triage.render.sweep import clean

if TYPE_CHECKING:
    from triage.render.redact import Replaced

Format = Literal["html", "json", "markdown", "text"]

__all__ = ["Format", "render"]


def render(incident: Incident, format: Format, *, redact: bool, patterns: Sequence[str] = ()) -> str:  # noqa: A002  the word users know
    """The report in one of its formats.

    Whatever the format, control and bidi characters are written out and every string is bounded. `redact` puts
    placeholders in place of addresses, tokens and secrets, and of what `patterns` (RE2) match. Raises InputError for a
    pattern that does not compile.
    """
    shown = clean(incident)
    replaced: Sequence[Replaced] = ()
    if redact:
        from triage.render.redact import redact as redacted

        shown, replaced = redacted(shown, patterns)
    match format:
        case "html":
            from triage.render.html import html

            return html(shown, replaced, redacted=redact)
        case "json":
            from triage.render.json import json_report

            return json_report(shown, replaced, redacted=redact)
        case "markdown":
            from triage.render.markdown import markdown

            return markdown(shown, replaced, redacted=redact)
        case "text":
            from triage.render.text import text_report

            return text_report(shown, replaced, redacted=redact)
        case _:
            assert_never(format)
