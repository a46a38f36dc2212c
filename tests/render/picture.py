"""The pictures of reports that the README shows.

python -m tests.render.picture        makes docs/*.webp from the fixtures; needs Chromium
"""

import base64
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from tests.render.conftest import CHROMIUM
from triage.incident import investigate
from triage.model.place import Ask
from triage.render import render
from triage.signals import load_pack

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LARGEST = 200_000
"""Bytes of one picture: a README is read on phones, too."""
_QUALITY = 0.82


@dataclass(frozen=True)
class Picture:
    """One picture: of which fixture, how wide and high the window is, and what is done before."""

    name: str
    fixture: str
    width: int = 1120
    height: int = 1120
    dark: bool = False
    scale: int = 1
    """Pixels of the picture for one of the page's."""
    scroll_to: str = ""
    keys: tuple[str, ...] = ()
    """Pressed while the timeline has the focus."""


PICTURES = (
    Picture("report", "pid-leak-2019", height=1360),
    Picture("report-2026-dark", "pid-leak-2026", height=1360, dark=True),
    Picture("report-no-cause", "no-cause"),
    Picture("report-quiet", "quiet-day", height=880),
    Picture("report-phone", "pid-leak-2026", width=390, height=844, scale=2),
    Picture("report-zoom", "pid-leak-2026", height=800, scroll_to="#timeline", keys=("+", "+", "+")),
)


def main() -> None:
    """Write all of them; a picture that is too large is an error."""
    if CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    DOCS.mkdir(exist_ok=True)
    with TemporaryDirectory() as directory, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for fixture in dict.fromkeys(picture.fixture for picture in PICTURES):
            incident = investigate(ROOT / "fixtures" / fixture, Ask(), load_pack(), now=datetime.now(UTC))
            html = render(incident, "html", redact=True)
            (Path(directory) / f"{fixture}.html").write_text(html, encoding="utf-8")
        for picture in PICTURES:
            shot = _shot(browser, picture, Path(directory) / f"{picture.fixture}.html")
            taken = _webp(browser, shot)
            if len(taken) > LARGEST:
                sys.exit(f"{picture.name} takes {len(taken):,} bytes, more than {LARGEST:,}")
            (DOCS / f"{picture.name}.webp").write_bytes(taken)
        browser.close()


def _shot(browser: Any, picture: Picture, file: Path) -> bytes:
    """The window as a PNG."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=picture.scale,
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        timezone_id="UTC",
    )
    page.goto(file.as_uri())
    if picture.scroll_to:
        page.locator(picture.scroll_to).evaluate("element => element.scrollIntoView()")
    if picture.keys:
        page.locator("svg.chart[data-start]:visible").first.evaluate("svg => svg.focus({ preventScroll: true })")
    for key in picture.keys:
        page.keyboard.press(key)
    taken = bytes(page.screenshot())
    page.close()
    return taken


def _webp(browser: Any, png: bytes) -> bytes:
    """The picture as WebP, which takes a third of a PNG; Chromium itself can write it."""
    page = browser.new_page()
    address = page.evaluate(
        """async ([png, quality]) => {
          const image = new Image();
          image.src = 'data:image/png;base64,' + png;
          await image.decode();
          const canvas = document.createElement('canvas');
          canvas.width = image.width;
          canvas.height = image.height;
          canvas.getContext('2d').drawImage(image, 0, 0);
          return canvas.toDataURL('image/webp', quality);
        }""",
        [base64.b64encode(png).decode(), _QUALITY],
    )
    page.close()
    return base64.b64decode(address.partition(",")[2])


if __name__ == "__main__":
    main()
