"""The picture of the report that the README shows.

python -m tests.render.picture        makes docs/report.png from the demo's evidence; needs Chromium
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.render.conftest import CHROMIUM
from triage.incident import investigate
from triage.model.place import Ask
from triage.render import render
from triage.resources import resource
from triage.signals import load_pack

PICTURE = Path(__file__).parents[2] / "docs" / "report.png"
_WIDTH, _HEIGHT = 1120, 1360


def main() -> None:
    """First screen and timeline, as a desk sees them."""
    if CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    incident = investigate(resource("demo"), Ask(), load_pack(), now=datetime.now(UTC))
    with TemporaryDirectory() as directory, sync_playwright() as driver:
        file = Path(directory) / "report.html"
        file.write_text(render(incident, "html", redact=True), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
        page.goto(file.as_uri())
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
