"""The report as its readers meet it: on a desk, on a phone, printed, without scripts, by keyboard, by ear."""

import os
import re
from typing import Any

import pytest

from tests.render.incidents import ALL, big
from triage.render import render

pytest.importorskip("playwright.sync_api")
FULL = bool(os.environ.get("TRIAGE_FULL_TESTS"))
"""Every incident in every light; without it, a cross-section that takes seconds."""


def page_of(name: str) -> str:
    return render(ALL[name](), "html", redact=True)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ALL if FULL else ["pid-leak", "quiet"])
def test_every_kind_of_incident_fits_the_window_and_keeps_to_itself(look: Any, name: str, width: int) -> None:
    opened = look(page_of(name), width=width)
    opened.fits()
    opened.quiet()


def test_sixty_nodes_fit_a_phone(look: Any) -> None:
    opened = look(render(big(60, 400), "html", redact=True), width=390)
    opened.fits()
    opened.quiet()


def test_sixty_lanes_are_cut_short_on_a_phone_until_all_are_asked_for_or_one_is_visited(look: Any) -> None:
    opened = look(render(big(60, 20), "html", redact=True), width=390)
    drawn = opened.page.locator(".drawn").first
    cut = drawn.bounding_box()["height"]
    opened.page.locator("label", has_text="All 60 nodes").click()
    assert drawn.bounding_box()["height"] > 2 * cut
    opened.page.locator("label", has_text="All 60 nodes").click()
    assert drawn.bounding_box()["height"] == cut
    opened.page.evaluate("location.hash = '#lines-6'")
    opened.page.locator("#lines-6 .visit").click()
    assert drawn.bounding_box()["height"] > 2 * cut


def test_the_first_screen_answers_what_who_how_sure_since_when_and_what_now(look: Any) -> None:
    opened = look(page_of("pid-leak"), width=1280)
    seen = opened.page.evaluate(
        "[...document.querySelectorAll('.verdict *')].filter(e => !e.children.length)"
        ".filter(e => e.getBoundingClientRect().bottom < innerHeight).map(e => e.textContent).join(' ')"
    )
    for wanted in (
        "out of process ids",
        "confirmed",
        "default/pdfgenerator",
        "9 Jul 06:06 UTC",
        "7 of 7",
        "17 of 20",
        "kubectl rollout restart",
    ):
        assert wanted in seen, wanted


def wordy() -> str:
    """A verdict whose title, summary and reason run long, as incidents of two causes do."""
    incident = ALL["pid-leak"]()
    verdict = incident.verdict.model_copy(
        update={
            "title": "Process ids exhausted, driven by statements/quarterly-statement-renderer-with-a-long-name; "
            "and the VM's host failed in other episodes",
            "summary": " ".join(f"Sentence {i} tells of nodes that went down and of what was seen." for i in range(12)),
            "reason": "Not confirmed by the rule “The suspect, if one is named, by direct evidence”: " * 3,
        }
    )
    return render(incident.model_copy(update={"verdict": verdict}), "html", redact=False)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "bare"])
def test_on_a_phone_the_first_action_stands_on_the_first_screen_however_long_the_verdict_is(
    look: Any, scripts: bool
) -> None:
    """844 pixels are the phone's; 664 are left between its browser's bars."""
    opened = look(wordy(), width=390, scripts=scripts)
    opened.page.set_viewport_size({"width": 390, "height": 844})
    step = opened.page.locator("#now li").first
    told, command = step.locator(".say").bounding_box(), step.locator("pre").bounding_box()
    assert told["y"] + told["height"] <= 700
    assert command["y"] + command["height"] <= 844
    assert opened.page.locator(".facts .value").nth(3).bounding_box()["y"] < told["y"]
    summary = opened.page.locator(".summary")
    cut = summary.bounding_box()["height"]
    opened.page.locator("label", has_text="Read it whole").click()
    assert summary.bounding_box()["height"] > 3 * cut


def test_long_lists_are_cut_short_on_a_phone_alone_and_open_by_keyboard(look: Any) -> None:
    phone, desk = look(page_of("pid-leak"), width=390), look(page_of("pid-leak"))
    rows = "#alerts tbody tr:visible"
    assert desk.page.locator(rows).count() == 20
    assert desk.page.locator(".fold:visible, .unfold:visible").count() == 0
    assert phone.page.locator(rows).count() == 6
    phone.page.evaluate("location.hash = '#alert-9'")
    assert phone.page.locator("#alert-9").is_visible()
    phone.page.locator("#fold-alerts").focus()
    phone.page.keyboard.press("Space")
    assert phone.page.locator(rows).count() == 20


def test_a_filter_looks_into_what_a_phone_has_folded(look: Any) -> None:
    opened = look(page_of("pid-leak"), width=390)
    opened.page.locator("#alerts input[type=search]").fill("search")
    assert opened.page.locator("#alerts tbody tr:visible").count() == 1


@pytest.mark.parametrize("name", ["pid-leak", "quiet"])
def test_without_scripts_nothing_is_missing(look: Any, name: str) -> None:
    """The same words stand on the page, but for the buttons that scripts add."""
    everything = (
        "main p, main td, main th, main dd, main dt, main li, main pre code, main svg text, main figcaption strong"
    )
    with_scripts, without = look(page_of(name)), look(page_of(name), scripts=False)
    bare = without.page.locator(everything).all_text_contents()
    full = with_scripts.page.locator(everything).all_text_contents()
    assert [text.replace("Copy", "") for text in full] == [text.replace("Copy", "") for text in bare]
    assert without.page.locator("button").count() == 0
    assert without.page.locator("main svg.chart.wide").first.is_visible() or name == "quiet"
    without.fits()
    without.quiet()


@pytest.mark.parametrize("name", ["pid-leak", "quiet"])
def test_it_prints_on_light_paper_without_losing_its_width(look: Any, name: str) -> None:
    opened = look(page_of(name), dark=True)
    opened.page.emulate_media(media="print", color_scheme="dark")
    opened.page.set_viewport_size({"width": 1032, "height": 700})
    opened.fits()
    assert (
        opened.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')").strip()
        == "#1c1e23"
    )
    assert opened.page.locator("nav").is_hidden()
    heads = opened.page.locator("#episodes thead")
    assert all("Node" in text for text in heads.all_text_contents())
    assert opened.page.pdf(prefer_css_page_size=True)[:5] == b"%PDF-"


def test_sixty_lanes_take_several_pages_at_a_size_that_can_be_read(look: Any) -> None:
    opened = look(render(big(60, 200), "html", redact=True))
    parts = opened.page.locator(".chart.sheet")
    assert parts.first.is_hidden()
    opened.page.emulate_media(media="print")
    opened.page.set_viewport_size({"width": 1032, "height": 700})
    assert opened.page.locator(".tall .chart.wide").first.is_hidden()
    boxes = [parts.nth(number).bounding_box() for number in range(parts.count())]
    assert len(boxes) == 3
    assert all(box["width"] > 900 and box["height"] < 640 for box in boxes)
    lanes = parts.nth(1).screenshot()
    opened.page.evaluate("document.querySelectorAll('.sheet use').forEach(use => use.remove())")
    assert parts.nth(1).screenshot() != lanes, "what is drawn comes from the picture itself"


AXE = [
    (name, width, dark)
    for name in ("pid-leak", "insufficient", "quiet", "planned-upgrade")
    for width in (390, 1280)
    for dark in (False, True)
    if FULL or (name, width, dark) in {("pid-leak", 1280, False), ("pid-leak", 390, True), ("quiet", 1280, True)}
]


@pytest.mark.parametrize(("name", "width", "dark"), AXE)
def test_axe_finds_no_violation(look: Any, name: str, width: int, dark: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    opened = look(page_of(name), width=width, dark=dark)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    results = axe.Axe().run(opened.page)
    assert results.response["violations"] == [], results.generate_report()


def test_sorting_by_keyboard_reorders_the_rows_and_says_so(look: Any) -> None:
    opened = look(page_of("pid-leak"))
    head = opened.page.locator("#episodes thead th", has_text="Start")
    head.locator("button").focus()
    opened.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    opened.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    starts = opened.page.locator("#episodes tbody td[data-label=Start] time").all_text_contents()
    assert starts[0] == "10 Jul 00:48:00"
    assert starts[-1] == "9 Jul 06:06:00"


def test_filtering_alerts_hides_the_others_and_counts(look: Any) -> None:
    opened = look(page_of("pid-leak"))
    opened.page.locator("#alerts input[type=search]").focus()
    opened.page.keyboard.type("search")
    assert opened.page.locator("#alerts tbody tr:visible").count() == 1
    assert "1 of 20" in opened.page.locator("#alerts output").inner_text()


def test_local_time_comes_on_demand_and_goes_again(look: Any) -> None:
    opened = look(page_of("pid-leak"))
    first = opened.page.locator("#episodes td[data-label=Start] time").first
    toggle = opened.page.locator("#zone button")
    toggle.focus()
    opened.page.keyboard.press("Space")
    assert first.inner_text() == "9 Jul 15:06:00"
    assert "Asia/Tokyo" in opened.page.locator("#zone").inner_text()
    assert "9 Jul 15:06 local last onset 10 Jul 09:48" in " ".join(opened.page.locator(".facts").inner_text().split())
    opened.page.keyboard.press("Space")
    assert first.inner_text() == "9 Jul 06:06:00"


def test_commands_are_copied_without_the_button_in_them(look: Any) -> None:
    opened = look(page_of("pid-leak"))
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = opened.page.locator(".now pre .copy").nth(1)
    button.focus()
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_function("() => [...document.querySelectorAll('.copy')].some(b => b.textContent !== 'Copy')")
    assert (
        opened.page.evaluate("navigator.clipboard.readText()")
        == "kubectl rollout restart deployment/pdfgenerator --namespace=default"
    )


def test_the_legend_hides_a_role_even_without_scripts(look: Any) -> None:
    opened = look(page_of("pid-leak"), scripts=False)
    shown = "role => getComputedStyle(document.querySelector('.chart.wide .row .tick.' + role)).display !== 'none'"
    assert opened.page.evaluate(shown, "symptom")
    opened.page.locator(".show-symptom").focus()
    opened.page.keyboard.press("Space")
    assert not opened.page.evaluate(shown, "symptom")
    assert opened.page.evaluate(shown, "cause")


def test_the_cursor_reads_the_time_under_arrow_keys(look: Any) -> None:
    opened = look(page_of("pid-leak"))
    opened.page.locator("svg.chart.wide[data-start]").first.focus()
    opened.page.keyboard.press("Home")
    output = opened.page.locator("figure output").first
    assert output.inner_text() == "9 Jul 04:00:00 UTC"
    opened.page.keyboard.press("End")
    assert output.inner_text() == "10 Jul 04:00:00 UTC"


@pytest.mark.parametrize("name", ALL)
def test_links_lead_to_places_that_exist(name: str) -> None:
    html = page_of(name)
    ids = set(re.findall(r'\bid="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= ids
    found = re.findall(r'\bid="([^"]+)"', html)
    assert len(found) == len(set(found))


def test_it_opens_fast_enough_to_be_waited_for(look: Any) -> None:
    """Nothing blocks: the load event has come, and the big picture has its shapes."""
    opened = look(render(big(60, 2_000), "html", redact=True))
    assert opened.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") > 0
    assert opened.page.locator("svg.chart.wide .row.node").count() >= 60
