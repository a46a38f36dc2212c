"""Golden reports: what a change does to HTML, Markdown and JSON can be read in review.

python -m tests.render.golden        accept what the renderers make now, and the schema of the JSON report
"""

import re
from pathlib import Path

from tests.render.incidents import ALL
from triage.render import Format, render
from triage.render.json import SCHEMA_FILE, schema_text
from triage.resources import resource

GOLD = Path(__file__).parent / "golden"
CASES: tuple[tuple[str, Format], ...] = (
    ("pid-leak", "html"), ("pid-leak", "markdown"), ("pid-leak", "json"), ("pid-leak", "text"),
    ("insufficient", "html"), ("insufficient", "markdown"), ("quiet", "html"), ("quiet", "markdown"),
    ("planned-upgrade", "markdown"),
)  # fmt: skip
_SUFFIX = {"html": "html", "markdown": "md", "json": "json", "text": "txt"}


def path(name: str, form: Format) -> Path:
    """Where a golden file lies."""
    return GOLD / f"{name}.{_SUFFIX[form]}"


def made(name: str, form: Format) -> str:
    """What the renderer makes now, without what changes by itself: style, script and their hashes."""
    text = render(ALL[name](), form, redact=form != "json")
    text = re.sub(r"<style>.*?</style>", "<style>…</style>", text, flags=re.DOTALL)
    text = re.sub(r"<script>.*?</script>", "<script>…</script>", text, flags=re.DOTALL)
    text = re.sub(r"(sha256-|&#39;sha256-)[\w+/=]+", r"\1…", text)
    return re.sub(r"\n{2,}", "\n", text) if form == "html" else text


def accept() -> None:
    """Write all of them anew."""
    GOLD.mkdir(exist_ok=True)
    for name, form in CASES:
        path(name, form).write_text(made(name, form), encoding="utf-8")
    (resource("reports") / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    accept()
