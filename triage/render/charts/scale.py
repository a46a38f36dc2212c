"""One time axis that alerts, metrics and lanes share."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_STEPS = tuple(
    [n * 1_000 for n in (1, 5, 15, 30)]
    + [n * _MINUTE for n in (1, 2, 5, 10, 15, 30)]
    + [n * _HOUR for n in (1, 2, 3, 6, 12)]
    + [n * _DAY for n in (1, 2, 7, 14, 28, 91, 365)]
)

_LETTER = 7.4
"""The width of a letter of a label, in units of the picture: the widest of the fonts that are asked for, bold."""
_ASIDE = 6
"""How far a label may reach beyond the rail."""


@dataclass(frozen=True)
class Tick:
    """A labelled place on the axis; `day` ticks start a UTC day and carry its date."""

    x: float
    label_x: float
    """Where the label is centred, so that it stays inside the picture."""
    label: str
    day: bool
    ms: int


@dataclass(frozen=True)
class TimeScale:
    """Epoch milliseconds to horizontal places, both ends included."""

    start: int
    end: int
    left: float
    right: float

    def x(self, ms: float) -> float:
        """The place of a time, kept on the rail."""
        share = (ms - self.start) / max(1, self.end - self.start)
        return round(self.left + (self.right - self.left) * min(1.0, max(0.0, share)), 1)

    def holds(self, ms: float) -> bool:
        """Whether a time lies on the rail."""
        return self.start <= ms <= self.end

    def meets(self, lasted: tuple[float, float]) -> bool:
        """Whether any of a stretch of time lies on the rail."""
        return lasted[1] >= self.start and lasted[0] <= self.end

    def ticks(self, most: int) -> list[Tick]:
        """At most about `most` round UTC times."""
        step = next((s for s in _STEPS if (self.end - self.start) / s <= most), _STEPS[-1])
        return list(self._ticks(step))

    def _ticks(self, step: int) -> Iterator[Tick]:
        ms = -(-self.start // step) * step
        while ms <= self.end:
            moment = datetime.fromtimestamp(ms / 1000, UTC)
            day = ms % _DAY == 0
            clock = "%H:%M:%S" if step < _MINUTE else "%H:%M"
            label = f"{moment.day} {moment.strftime('%b')}" if day else moment.strftime(clock)
            x, half = self.x(ms), _LETTER / 2 * len(label) - _ASIDE
            yield Tick(x, min(max(x, self.left + half), self.right - half), label, day, ms)
            ms += step


def ms_of(moment: datetime) -> int:
    """Epoch milliseconds of a UTC time."""
    return round(moment.timestamp() * 1000)
