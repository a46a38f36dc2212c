"""The HTML report: one file, complete without scripts, that nothing in a log can break.

Jinja2 with autoescape, a Content-Security-Policy that names our style and our script by hash, and no attribute that
holds style or script.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from triage.model.incident import Incident
from triage.render.csp import policy
from triage.render.redact import Replaced
from triage.render.view.page import page
from triage.resources import resource

_UNBROKEN = re.compile(r"(\d{4}-\d\d-\d\d|\b[pq] [=<] [\d.]*\d)")
_BLANK = re.compile(r"(?<![\w$-])(NODE|ZONE|POD|NAMESPACE|PROJECT)(?![\w-])")
_SCRIPTS = ("script", "clock", "axis", "marks", "timeline")


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The templates in `reports/`; an undefined name is an error, never an empty string."""
    made = Environment(
        loader=FileSystemLoader(resource("reports")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["ticked"] = ticked
    made.filters["breakable"] = breakable
    made.filters["unbroken"] = unbroken
    made.filters["blanks"] = blanks
    return made


def ticked(text: str) -> Markup:
    """Prose in which `backticks` set code, as signal files write it; all of it is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)
    )


def breakable(name: str) -> Markup:
    """A name that may go on in the next line behind a slash rather than anywhere."""
    return Markup("/<wbr>").join(name.split("/"))


def unbroken(text: str) -> Markup:
    """Prose whose dates and p-values stay in one line; all of it is escaped."""
    return Markup("").join(
        Markup('<span class="unbroken">{}</span>').format(part) if odd % 2 else escape(part)
        for odd, part in enumerate(_UNBROKEN.split(text))
    )


def blanks(command: str) -> Markup:
    """A command in which what the reader has to fill in (`NODE`, `ZONE`) stands out; all of it is escaped."""
    return Markup("").join(
        Markup('<em class="blank">{}</em>').format(part) if odd % 2 else escape(part)
        for odd, part in enumerate(_BLANK.split(command))
    )


def style() -> str:
    """The style sheet: palette, page, chart. Print keeps the light palette."""
    names = ("palette.css", "palette-dark.css", "style.css", "chart.css")
    return "\n".join((resource("reports") / name).read_text(encoding="utf-8").strip() for name in names)


def script() -> str:
    """The script: its parts in one scope of their own, each of which may use what stands before it."""
    parts = [(resource("reports") / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    return '"use strict";\n(function () {\n' + "\n".join(parts) + "})();"


def html(incident: Incident, replaced: Sequence[Replaced] = (), *, redacted: bool) -> str:
    """The page of an incident that is clean (`sweep.clean`) and, where wanted, redacted already."""
    css, js = style(), script()
    return (
        templates()
        .get_template("page.html.j2")
        .render(
            page=page(incident, replaced, redacted=redacted),
            policy=Markup(policy(css, js)),  # noqa: S704  made of hashes alone
            style=Markup(css),  # noqa: S704  our own file
            script=Markup(js),  # noqa: S704  our own file
        )
    )
