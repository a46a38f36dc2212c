"""The timeline as a PNG, for mail that shows no SVG. Needs the extra `png` (resvg)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from triage.errors import InputError
from triage.model.incident import Incident
from triage.render import words
from triage.render.charts.names import shortened
from triage.render.charts.shapes import WIDE
from triage.render.charts.timeline import timeline, whole
from triage.render.html import templates
from triage.render.redact import redact
from triage.render.sweep import clean
from triage.resources import resource

_ZOOM = 2
_HEAD = 84.0
"""Height of what stands above the timeline: the verdict, where and when, and the legend."""
_KEY, _LETTER = 48.0, 5.6
"""Room for a key and the gap behind its label, and for a letter of that."""
_KEYS = (
    ("cause", "cause"), ("symptom", "symptom"), ("consequence", "consequence"), ("episode", "episode"),
    ("not-ready", "NotReady"), ("repair", "repair"), ("tied", "alert in episode"), ("untied", "alert in none"),
)  # fmt: skip
_FONT_DIRS = tuple(
    Path(path)
    for path in (
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
        "C:/Windows/Fonts",
    )
)
_FONTS = {
    "DejaVuSans.ttf": "DejaVu Sans",
    "LiberationSans-Regular.ttf": "Liberation Sans",
    "NotoSans-Regular.ttf": "Noto Sans",
    "Roboto-Regular.ttf": "Roboto",
    "Helvetica.ttc": "Helvetica",
    "Arial.ttf": "Arial",
    "arial.ttf": "Arial",
}
"""Looked for in this order; the first one found draws all text."""


def png(incident: Incident, *, patterns: Sequence[str] = (), redacted: bool = True) -> bytes:
    """The whole window's timeline, light, at twice its size.

    Raises InputError where the extra is not installed, or where the machine has none of the fonts: the drawing library
    would leave out all text and say nothing.
    """
    try:
        import resvg_py  # noqa: PLC0415  an extra
    except ImportError:
        raise InputError("a PNG needs the extra `png`", remedy="pip install 'gke-triage[png]'") from None
    font = find_font()
    safe = clean(incident)
    safe = redact(safe, patterns)[0] if redacted else safe
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg(safe), background=palette()["paper"], zoom=_ZOOM, skip_system_fonts=True,
            font_files=[str(font)], font_family=_FONTS[font.name], sans_serif_family=_FONTS[font.name],
        )
    )  # fmt: skip


def svg(incident: Incident) -> str:
    """The timeline as an SVG of its own, with concrete colours, for drawing libraries that know no CSS variables."""
    cluster, window = incident.cluster, incident.window
    place = " / ".join(part for part in (cluster.project, cluster.location) if part)
    about = (cluster.name, place, words.span(window.start, window.end), incident.verdict.confidence.value)
    colours = palette()
    css = (resource("reports") / "chart.css").read_text(encoding="utf-8")
    css = re.sub(r"var\(--([\w-]+)\)", lambda name: colours[name[1]], css)
    return (
        templates()
        .get_template("picture.svg.j2")
        .render(
            figure=timeline(incident, whole(incident), WIDE, "png"),
            head=_HEAD,
            title=shortened(incident.verdict.title, 110),
            subtitle=" · ".join(part for part in about if part),
            keys=_legend(),
            style=Markup(re.sub(r"font-family:[^;]+;", "", css)),  # noqa: S704  our own file
        )
    )


def _legend() -> list[dict[str, str | float]]:
    """What the marks mean, each as far from the last as that one's label is long."""
    wide = [_KEY + _LETTER * len(label) for _, label in _KEYS]
    return [{"kind": kind, "label": label, "x": sum(wide[:number])} for number, (kind, label) in enumerate(_KEYS)]


@lru_cache(maxsize=1)
def palette() -> dict[str, str]:
    """The light palette: name → colour."""
    text = (resource("reports") / "palette.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,8})", text))


def find_font() -> Path:
    """A font of this machine that can draw the labels. Raises InputError where there is none."""
    places = [place for place in _FONT_DIRS if place.is_dir()]
    for name in _FONTS:
        for place in places:
            found = next(iter(sorted(place.rglob(name))), None)
            if found:
                return found
    raise InputError(
        "a PNG needs a font, and this machine has none that is known to work",
        remedy="install one, for example: apt-get install fonts-dejavu-core",
    )
