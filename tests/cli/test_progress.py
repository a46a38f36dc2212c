"""Progress: sized by the volume of the logs where that is known, else by the hours of the window."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from triage.cli.progress import amount, left, shown
from triage.model.place import Window
from triage.sources.live.volume import Volume
from triage.units import format_time

START = datetime(2026, 4, 2, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(hours=10))


def counted(hours: float, count: int, key: str = "int64Value") -> dict[str, object]:
    return {
        "interval": {"endTime": format_time(START + timedelta(hours=hours))},
        "value": {key: str(count) if key == "int64Value" else count},
    }


def at(hours: float) -> str:
    return format_time(START + timedelta(hours=hours))


def test_a_noisy_hour_counts_for_what_it_holds() -> None:
    volume = Volume.of([{"points": [counted(1, 10), counted(2, 70)]}, {"points": [counted(10, 20, "doubleValue")]}])
    assert volume.share(at(0.5), WINDOW) == 0
    assert volume.share(at(1.5), WINDOW) == pytest.approx(0.1)
    assert volume.share(at(2.5), WINDOW) == pytest.approx(0.8)
    assert volume.share(at(10), WINDOW) == 1


@pytest.mark.parametrize("series", [[], [{"points": []}], [{"points": [{"value": {}}, counted(1, 0)]}]])
def test_without_a_volume_the_hours_stand_for_it(series: list[dict[str, object]]) -> None:
    volume = Volume.of(series)
    assert [round(volume.share(at(h), WINDOW), 2) for h in (0, 5, 10, 12)] == [0, 0.5, 1, 1]
    assert volume.share("", WINDOW) == 0
    assert volume.share("no time", WINDOW) == 0


def test_what_is_shown_reads_well() -> None:
    assert amount(12_000, None).strip() == "12,000"
    assert amount(12_000, 40_000).strip() == "12,000 of about 40,000"
    assert amount(40_000, 40_000).strip() == "40,000"
    assert left(40, known=True, finished=False) == "about 40 s left"
    assert left(40, known=False, finished=False) == left(0, known=True, finished=True) == ""


def test_nobody_looks_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(quiet=False) as tell:
        tell("entries", 1, None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_narrow_terminal_breaks_no_line(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    with shown(quiet=False) as tell:
        tell("entries", 325_000, 1_400_000)
    assert "325,000 of about 1,400,000" in terminal.getvalue()
