"""The timeline under a lens: whatever part is shown, by whatever means, its marks stand where their times are."""

import os
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.render.incidents import ALL, START, big, ms, pid_leak, quiet
from triage.model.incident import Incident
from triage.model.place import Window
from triage.render import render
from triage.render.charts.packed import STEPS, packed, step_for
from triage.render.charts.shapes import NARROW, WIDE, Form
from triage.render.charts.timeline import timeline, whole

FULL = bool(os.environ.get("TRIAGE_FULL_TESTS"))
HOUR = 3_600_000
DAY = 24 * HOUR
DRAWN = """svg => ({
  ticks: [...svg.querySelectorAll('.axis g')].map(
    g => [g.querySelector('text').textContent, +g.querySelector('line').getAttribute('x1')]),
  shapes: [...svg.querySelectorAll('.row.node a')].filter(a => !a.hasAttribute('display')).map(a => {
    const rect = a.querySelector('rect');
    return [a.querySelector('title').textContent, +rect.getAttribute('x'), +rect.getAttribute('width')];
  }),
  alerts: [...svg.querySelectorAll('a.alert')].filter(a => !a.querySelector('path').hasAttribute('display'))
    .map(a => [a.querySelector('title').textContent, +a.querySelector('line').getAttribute('x1')]),
  quiet: [...svg.querySelectorAll('.row:not(.alerts) g.tick path')].map(e => e.getAttribute('d')).filter(d => d),
})"""


@lru_cache(maxsize=1)
def page_of_the_leak() -> str:
    return render(pid_leak(), "html", redact=True)


class Lens:
    """One figure of an open report, and how a reader would handle it."""

    def __init__(self, opened: Any, form: str = "wide", number: int = 0) -> None:
        self.page = opened.page
        self.figure = self.page.locator(".timeline figure").nth(number)
        self.svg = self.figure.locator(f"svg.{form}")
        self.form = WIDE if form == "wide" else NARROW

    @property
    def shown(self) -> str:
        return str(self.figure.locator(".shown").inner_text())

    @property
    def drawn(self) -> Any:
        return self.svg.evaluate(DRAWN)

    def becomes(self, expected: Any) -> bool:
        """Whether that is drawn soon: a page hears of another medium with its next frame."""
        for _ in range(100):
            if self.drawn == expected:
                return True
            self.page.wait_for_timeout(50)
        return bool(self.drawn == expected)

    def press(self, *keys: str) -> None:
        self.svg.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name: str) -> Any:
        return self.figure.get_by_role("button", name=name)

    def place(self, share: float, y: float) -> tuple[float, float]:
        """The pixel at that share of the rail, so many units below the picture's top."""
        self.svg.evaluate("svg => svg.scrollIntoView({ block: 'start' })")
        box = self.svg.bounding_box()
        left, right = (float(self.svg.get_attribute(f"data-{side}")) for side in ("left", "right"))
        unit = box["width"] / self.form.width
        return box["x"] + (left + (right - left) * share) * unit, box["y"] + y * unit

    def drag(self, start: float, end: float, y: float = 12) -> None:
        self.page.mouse.move(*self.place(start, y))
        self.page.mouse.down()
        self.page.mouse.move(*self.place((start + end) / 2, y + 3))
        self.page.mouse.move(*self.place(end, y))
        self.page.mouse.up()


def columns(paths: list[str]) -> set[int]:
    """The pixel columns that these paths of ticks cover."""
    covered: set[int] = set()
    for x, length in re.findall(r"M([\d.]+) [\d.]+h([\d.]+)", " ".join(paths)):
        covered |= set(range(round(float(x)), round(float(x) + float(length))))
    return covered


def assert_drawn(lens: Lens, incident: Incident, span: tuple[int, int], form: Form) -> None:
    """What the script drew of `span` is what the page would hold had it been made for that span."""
    wanted, got = timeline(incident, span, form, "x"), lens.drawn
    assert got["ticks"] == [[tick.label, pytest.approx(tick.x, abs=0.11)] for tick in wanted.ticks]
    rows = [row for row in wanted.lanes if row.kind == "node"]
    shapes = [[s.label, s.x, s.width] for row in rows for s in row.shapes]
    assert [one[0] for one in got["shapes"]] == [one[0] for one in shapes]
    for (_, x, width), (_, wanted_x, wanted_width) in zip(got["shapes"], shapes, strict=True):
        assert x == pytest.approx(wanted_x, abs=0.11)
        assert width == pytest.approx(wanted_width, abs=0.21)
    alerts = {s.label: s.x for row in wanted.alerts for s in row.shapes}
    assert dict(got["alerts"]) == {label: pytest.approx(x, abs=0.11) for label, x in alerts.items()}
    ours = columns(got["quiet"])
    python = columns([data for row in wanted.lanes for t in row.ticks for _, data in t.strokes])
    assert ours <= {column + by for column in python for by in (-1, 0, 1)}
    assert python <= {column + by for column in ours for by in (-1, 0, 1)}


@pytest.mark.parametrize(
    ("form", "times", "length"),
    [
        (form, times, length)
        for form in ("wide", "narrow")
        for times, length in ((1, 12 * HOUR), (3, 3 * HOUR), (5, 45 * 60_000), (20, 5 * 60_000))
        if FULL or (form, times) in {("wide", 3), ("wide", 20), ("narrow", 5)}
    ],
)
def test_plus_shows_less_and_everything_in_it_is_in_its_place(look: Any, form: str, times: int, length: int) -> None:
    """The cursor begins at the first episode."""
    incident = pid_leak()
    lens = Lens(look(page_of_the_leak(), width=1280 if form == "wide" else 390), form)
    lens.press(*["+"] * times)
    at = ms(incident.episodes[0].start)
    first = round(at - (at - whole(incident)[0]) * length / DAY)
    assert lens.drawn["shapes"]
    assert_drawn(lens, incident, (first, first + length), lens.form)


def test_home_and_end_show_the_ends_of_the_window_and_zero_all_of_it(look: Any) -> None:
    incident = pid_leak()
    lens = Lens(look(render(incident, "html", redact=True)))
    before = lens.svg.evaluate("svg => svg.innerHTML"), lens.shown
    start, end = whole(incident)
    lens.press("+", "+", "+", "End")
    assert_drawn(lens, incident, (end - 3 * HOUR, end), WIDE)
    assert lens.shown == "10 Jul 2019 01:00 – 04:00 UTC"
    assert lens.figure.locator("output").inner_text() == "10 Jul 04:00:00 UTC"
    lens.press("Home")
    assert_drawn(lens, incident, (start, start + 3 * HOUR), WIDE)
    lens.press("-")
    assert_drawn(lens, incident, (start, start + 6 * HOUR), WIDE)
    lens.press("0")
    lens.svg.blur()
    assert lens.drawn == Lens(look(render(incident, "html", redact=True))).drawn
    assert (re.sub(r'<line class="cursor-line.*', "", lens.svg.evaluate("svg => svg.innerHTML")), lens.shown) == (
        re.sub(r'<line class="cursor-line.*', "", before[0]),
        before[1],
    )


def test_arrows_move_the_cursor_and_take_the_shown_span_along_at_its_end(look: Any) -> None:
    lens = Lens(look(page_of_the_leak()))
    lens.press("Home", "+", "+", "+", "+", "+", "+")
    assert lens.shown == "9 Jul 2019 04:00:00 – 04:22:30 UTC"
    lens.press("ArrowRight")
    assert lens.shown == "9 Jul 2019 04:00:00 – 04:22:30 UTC"
    for _ in range(5):
        lens.press("PageDown")
    assert lens.shown == "9 Jul 2019 04:05:40 – 04:28:10 UTC"
    lens.press("Home")
    assert lens.shown == "9 Jul 2019 04:00:00 – 04:22:30 UTC"


def test_keys_of_the_browser_stay_the_browsers(look: Any) -> None:
    lens = Lens(look(page_of_the_leak()))
    before = lens.shown
    lens.press("Control+=", "Control+-", "Control+0", "Alt+ArrowRight")
    assert lens.shown == before


@pytest.mark.parametrize("y", [12, 330], ids=["on the axis", "over marks"])
def test_dragging_selects_what_is_shown(look: Any, y: float) -> None:
    incident = pid_leak()
    opened = look(render(incident, "html", redact=True))
    lens = Lens(opened)
    before = opened.page.url
    lens.drag(0.25, 0.5, y)
    assert lens.shown.startswith("9 Jul 2019 ")
    first, last = re.findall(r"\d\d:\d\d", lens.shown)
    assert close(first, "10:00")
    assert close(last, "16:00")
    assert opened.page.url == before, "the mark under the pointer was not followed"
    assert opened.page.evaluate("String(getSelection())") == ""


def close(clock: str, wanted: str) -> bool:
    """Within two pixels of 24 hours."""
    one, other = (int(text[:2]) * 60 + int(text[3:]) for text in (clock, wanted))
    return abs(one - other) <= 4


def test_a_click_on_a_mark_still_leads_to_its_row(look: Any) -> None:
    opened = look(page_of_the_leak())
    lens = Lens(opened)
    lens.drag(0, 0.5)
    lens.svg.locator("a[href='#episode-1'] rect.episode").click()
    assert opened.page.url.endswith("#episode-1")


def test_the_wheel_zooms_with_ctrl_about_the_pointer_and_scrolls_without(look: Any) -> None:
    opened = look(page_of_the_leak())
    lens = Lens(opened)
    before = lens.shown
    opened.page.mouse.move(*lens.place(0.5, 40))
    top = opened.page.evaluate("scrollY")
    opened.page.mouse.wheel(0, 60)
    opened.page.wait_for_function("top => scrollY > top", arg=top)
    assert lens.shown == before
    opened.page.mouse.move(*lens.place(0.5, 40))
    top = opened.page.evaluate("scrollY")
    opened.page.keyboard.down("Control")
    opened.page.mouse.wheel(0, -100)
    opened.page.wait_for_function("was => document.querySelector('.shown').textContent !== was", arg=before)
    first, last = re.findall(r"\d\d:\d\d", lens.shown)
    assert close(first, "08:43")
    assert close(last, "23:16")
    opened.page.mouse.wheel(0, 400)
    opened.page.wait_for_function("was => document.querySelector('.shown').textContent === was", arg=before)
    opened.page.keyboard.up("Control")
    assert opened.page.evaluate("scrollY") == top


def test_buttons_and_slider_by_keyboard_alone_and_by_ear(look: Any) -> None:
    opened = look(page_of_the_leak())
    lens = Lens(opened)
    assert lens.figure.get_by_role("group", name="Zoom, The whole window").count() == 1
    lens.figure.locator("svg.chart:visible").first.focus()
    lens.page.keyboard.press("+")
    assert lens.figure.locator("strong").text_content() == "Zoomed in"
    lens.page.keyboard.press("0")
    assert lens.figure.locator("strong").text_content() == "The whole window"
    live = lens.figure.locator(".shown")
    assert live.get_attribute("aria-live") == "polite"
    slider = lens.figure.get_by_role("slider", name="Move along the window")
    assert slider.is_disabled()
    assert lens.button("Zoom out").get_attribute("aria-disabled") == "true"
    lens.button("Zoom in").focus()
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Space")
    assert lens.shown == "9 Jul 2019 13:00 – 19:00 UTC"
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Tab")
    assert slider.evaluate("e => e === document.activeElement")
    opened.page.keyboard.press("Home")
    assert lens.shown == "9 Jul 2019 04:00 – 10:00 UTC"
    assert slider.get_attribute("aria-valuetext") == lens.shown
    opened.page.keyboard.press("End")
    assert lens.shown == "9 Jul 2019 22:00 – 10 Jul 2019 04:00 UTC"
    lens.button("Zoom out").press("Enter")
    assert lens.shown == "9 Jul 2019 16:00 – 10 Jul 2019 04:00 UTC"
    lens.button("Show all").press("Enter")
    assert lens.shown == "9 Jul 2019 04:00 – 10 Jul 2019 04:00 UTC"
    for _ in range(12):
        lens.button("Zoom in").press("Enter")
    assert lens.shown == "9 Jul 2019 15:57:30 – 16:02:30 UTC"
    assert lens.button("Zoom in").get_attribute("aria-disabled") == "true"


def test_the_axis_and_the_span_speak_the_readers_zone(look: Any) -> None:
    opened = look(page_of_the_leak(), zone="Asia/Kolkata")
    lens = Lens(opened)
    utc = lens.drawn
    opened.page.locator("#zone button").click()
    assert lens.shown == "9 Jul 2019 09:30 – 10 Jul 2019 09:30 Asia/Calcutta"
    labels = [label for label, _ in lens.drawn["ticks"]]
    assert labels == [*(f"{h:02d}:00" for h in range(10, 24, 2)), "10 Jul", *(f"{h:02d}:00" for h in range(2, 10, 2))]
    assert {**lens.drawn, "ticks": utc["ticks"]} == utc, "marks stay where they are"
    lens.press("Home", "+", "+", "+")
    assert lens.shown == "9 Jul 2019 09:30 – 12:30 Asia/Calcutta"
    assert [label for label, _ in lens.drawn["ticks"]] == [
        f"{h:02d}:{m:02d}" for h in (9, 10, 11, 12) for m in (0, 15, 30, 45)
    ][2:-1]
    opened.page.locator("#zone button").click()
    assert_drawn(lens, pid_leak(), (ms(START), ms(START) + 3 * HOUR), WIDE)
    lens.press("0")
    assert lens.drawn == utc


@pytest.mark.parametrize(
    "day", [datetime(2025, 3, 29, tzinfo=UTC), datetime(2025, 10, 25, tzinfo=UTC)], ids=["spring", "autumn"]
)
def test_labels_are_right_where_clocks_change(look: Any, day: datetime) -> None:
    window = Window(start=day + timedelta(hours=20), end=day + timedelta(hours=32))
    opened = look(render(quiet().model_copy(update={"window": window}), "html", redact=True), zone="Europe/Berlin")
    opened.page.locator("#zone button").click()
    lens = Lens(opened)
    left, right = (float(lens.svg.get_attribute(f"data-{side}")) for side in ("left", "right"))
    ticks = lens.drawn["ticks"]
    assert len(ticks) >= 10
    for label, x in ticks:
        at = window.start + (x - left) / (right - left) * (window.end - window.start)
        wall = (at + timedelta(seconds=30)).astimezone(ZoneInfo("Europe/Berlin"))
        assert label in (wall.strftime("%H:%M"), f"{wall.day} {wall.strftime('%b')}")


def test_paper_shows_the_whole_and_the_screen_its_part_again(look: Any) -> None:
    opened = look(page_of_the_leak())
    lens = Lens(opened)
    first = lens.drawn
    lens.press("Home", "+", "+")
    part = lens.drawn
    opened.page.emulate_media(media="print")
    assert lens.becomes(first)
    assert lens.figure.locator(".zoom").is_hidden()
    assert lens.shown == "9 Jul 2019 04:00 – 10 Jul 2019 04:00 UTC"
    opened.page.emulate_media(media="screen")
    assert lens.becomes(part)


def touch(page: Any, *places: tuple[float, float]) -> None:
    """One finger down, along these places, and up."""
    devtools = page.context.new_cdp_session(page)
    kinds = ["touchStart", *["touchMove"] * (len(places) - 1)]
    for kind, (x, y) in zip(kinds, places, strict=True):
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_tap_buttons_select_on_the_axis_and_scroll_elsewhere(look: Any) -> None:
    opened = look(page_of_the_leak(), width=390, touch=True)
    lens = Lens(opened, "narrow")
    whole_day = lens.shown
    lens.button("Zoom in").tap()
    assert lens.shown == "9 Jul 2019 10:00 – 22:00 UTC"
    opened.fits()
    lens.button("Show all").tap()
    touch(opened.page, *(lens.place(share, 160 + 8 * i) for i, share in enumerate((0.2, 0.4, 0.6))))
    assert lens.shown == whole_day
    touch(opened.page, *(lens.place(share, 14) for share in (0.25, 0.3, 0.4, 0.5)))
    first, last = re.findall(r"\d\d:\d\d", lens.shown)
    assert first[:2] in ("09", "10")
    assert last[:2] in ("15", "16")


def test_both_pictures_of_a_figure_show_the_same_part(look: Any) -> None:
    """A phone that is turned."""
    incident = pid_leak()
    opened = look(render(incident, "html", redact=True))
    Lens(opened).press("Home", "+", "+")
    opened.page.set_viewport_size({"width": 390, "height": 800})
    narrow = Lens(opened, "narrow")
    narrow.page.wait_for_function("() => !document.querySelector('svg.narrow .axis .day')")
    assert_drawn(narrow, incident, (ms(START), ms(START) + 6 * HOUR), NARROW)


def test_an_episode_is_a_button_away_from_its_place_on_the_timeline(look: Any) -> None:
    incident = pid_leak()
    opened = look(render(incident, "html", redact=True))
    lens = Lens(opened)
    opened.page.evaluate("location.hash = '#lines-3'")
    opened.page.locator("#lines-3[open] button").press("Enter")
    episode = incident.episodes[2]
    assert episode.end
    first, last = ms(episode.start), ms(episode.end)
    assert_drawn(lens, incident, (2 * first - last, 2 * last - first), WIDE)
    assert lens.svg.evaluate("svg => svg === document.activeElement")
    clock = episode.start.strftime("%H:%M:%S")
    assert clock in lens.figure.locator("output").inner_text()
    assert opened.page.locator("#timeline figure").first.evaluate("f => Math.abs(f.getBoundingClientRect().top) < 40")


def test_metrics_are_cut_where_the_shown_span_ends(look: Any) -> None:
    lens = Lens(look(page_of_the_leak()))
    lens.press("Home", "ArrowRight", *["+"] * 4)
    left, right = (float(lens.svg.get_attribute(f"data-{side}")) for side in ("left", "right"))
    paths = lens.svg.locator(".curve").evaluate_all("all => all.map(e => e.getAttribute('d'))")
    assert any(len(d) > 40 for d in paths)
    for d in paths:
        xs = [float(x) for x in re.findall(r"[ML]([\d.]+) ", d)]
        assert xs == [0] or all(left <= x <= right for x in xs)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)] if FULL else [(390, True)])
def test_axe_finds_no_violation_under_the_lens(look: Any, width: int, dark: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    opened = look(page_of_the_leak(), width=width, dark=dark)
    Lens(opened, "wide" if width > 700 else "narrow").press("Home", "+", "+", "+")
    results = axe.Axe().run(opened.page)
    assert results.response["violations"] == [], results.generate_report()
    opened.quiet()


@pytest.mark.parametrize(
    "incident", [big(60, 400), ALL["insufficient"](), quiet()], ids=["big", "insufficient", "quiet"]
)
def test_any_incident_can_be_zoomed(look: Any, incident: Incident) -> None:
    opened = look(render(incident, "html", redact=True))
    lens = Lens(opened)
    lens.press("End", "+", "+", "+", "+")
    end = whole(incident)[1]
    assert_drawn(lens, incident, (end - 90 * 60_000, end), WIDE)
    opened.quiet()


def unpacked(text: str, start: int, step: int) -> list[tuple[int, int]]:
    """As the script reads it."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    found, place, value, weight = [], 0, 0, 1
    for letter in map(letters.index, text):
        value += letter % 32 * weight
        if letter >= 32:
            weight *= 32
            continue
        place += value // 3
        found.append((start + place * step, value % 3 + 1))
        value, weight = 0, 1
    return found


@given(st.lists(st.integers(0, DAY), max_size=60), st.sampled_from(STEPS))
def test_packed_times_come_back_as_exact_as_the_step(offsets: list[int], step: int) -> None:
    start = ms(START)
    wanted: dict[int, int] = {}
    for offset in offsets:
        place = start + offset // step * step
        wanted[place] = min(3, wanted.get(place, 0) + 1)
    assert unpacked(packed([start + offset for offset in offsets], start, step), start, step) == sorted(wanted.items())


def test_few_times_are_exact_and_many_stay_small() -> None:
    few = [list(range(0, DAY, 600_000))] * 14
    assert step_for(few, DAY) == 250
    many = [list(range(i, DAY, 8_640)) for i in range(120)]
    step = step_for(many, DAY)
    assert sum(len(packed(times, 0, step)) for times in many) <= 130_000
