"""Chromium for the tests that look at the report as its readers do."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@dataclass
class Opened:
    """A page that is open, and what it did while it was."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def quiet(self) -> None:
        """It said nothing, asked for nothing, and asked nothing of anybody but its own file."""
        assert self.console == []
        assert self.dialogs == []
        assert [url for url in self.requests if not url.startswith(("file:", "data:,"))] == []

    def fits(self) -> None:
        """Nothing makes the page wider than its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, self.page.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".slice(0, 5).map(e => e.outerHTML.slice(0, 200))"
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests; skipped where there is none, failed where CI should have one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    if CHROMIUM is None:
        missing("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def missing(why: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def look(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a report: `look(html, width=390, dark=True, scripts=False)`."""
    contexts = []

    def open_it(
        html: str,
        *,
        width: int = 1280,
        dark: bool = False,
        scripts: bool = True,
        zone: str = "Asia/Tokyo",
        touch: bool = False,
    ) -> Opened:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            timezone_id=zone,
            has_touch=touch,
            reduced_motion="reduce",
        )
        contexts.append(context)
        file = tmp_path / f"report-{len(contexts)}.html"
        file.write_bytes(html.encode("utf-8"))
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.console.append(message.text))
        opened.page.on("pageerror", lambda error: opened.console.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))

        def dismiss(dialog: Any) -> None:
            opened.dialogs.append(dialog.message)
            dialog.dismiss()

        opened.page.on("dialog", dismiss)
        opened.page.goto(file.as_uri())
        return opened

    yield open_it
    for context in contexts:
        context.close()
