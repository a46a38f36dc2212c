"""How far a read of log entries has come: measured by how much the nodes logged when, where that is known."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from triage.model.place import Window
from triage.units import parse_ns


@dataclass(frozen=True)
class Volume:
    """The entries that nodes wrote, added up over time, of `logging.googleapis.com/log_entry_count`.

    `ends` are the ends of its sampling spans as seconds since the epoch, sorted; `sums` the entries written until then.
    """

    ends: tuple[float, ...] = ()
    sums: tuple[float, ...] = ()

    @classmethod
    def of(cls, series: Iterable[Mapping[str, Any]]) -> "Volume":
        """From time series as `timeSeries.list` gives them; points that hold no count are passed over."""
        counts: dict[float, float] = {}
        for each in series:
            for point in each.get("points", ()):
                value = point.get("value", {})
                count = value.get("int64Value", value.get("doubleValue"))
                end = _seconds(str(point.get("interval", {}).get("endTime", "")))
                if end is not None and count is not None:
                    counts[end] = counts.get(end, 0.0) + float(count)
        ends = sorted(counts)
        total, sums = 0.0, []
        for end in ends:
            total += counts[end]
            sums.append(total)
        return cls(tuple(ends), tuple(sums))

    def share(self, newest: str, window: Window) -> float:
        """The share of the window that is read when entries up to the time `newest` are, oldest first; 0 to 1.

        Without a volume, the hours of the window stand for it.
        """
        at = _seconds(newest)
        start, end = window.start.timestamp(), window.end.timestamp()
        if at is None or end <= start:
            return 0.0
        if self.sums and self.sums[-1] > 0:
            before = bisect_right(self.ends, at)
            return self.sums[before - 1] / self.sums[-1] if before else 0.0
        return min(max((at - start) / (end - start), 0.0), 1.0)


def _seconds(text: str) -> float | None:
    try:
        return parse_ns(text) / 1e9
    except ValueError:
        return None
