"""The window of time that is looked at, and what may end it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from triage.errors import InputError
from triage.model.place import Ask, Gap, Window
from triage.sources.files.looks import BIN_NS
from triage.units import format_time, from_ns, parse_ns

if TYPE_CHECKING:
    import pandas as pd

DAY_NS = 86_400 * 1_000_000_000
_EARLIEST = parse_ns("1990-01-01T00:00:00Z")
_STRAY_GAP = 30 * DAY_NS
_STRAY_SHARE = 0.001
_STRAY_LEAST = 1000


def evidence_end(
    spoke: "pd.DataFrame", others: Iterable[int], *, now: datetime | None = None
) -> tuple[int | None, Gap | None]:
    """The latest time that the evidence may be believed to hold, and a gap where later ones were not believed.

    `spoke` has bin, n and last of the cluster's entries, `others` the times of operations, alerts and metrics. Logging
    refuses entries of more than a day in the future, so times later than tomorrow are a clock gone wrong; so is a
    handful of entries (a thousandth) a month or more after all others.
    """
    tomorrow = _ns(now or datetime.now(UTC)) + DAY_NS
    believed = spoke[(spoke["last"] <= tomorrow) & (spoke["first"] >= _EARLIEST)]
    strays = int(spoke.loc[spoke["first"] > tomorrow, "n"].sum())
    believed, lone = _without_strays(believed)
    times = [int(believed["last"].max())] if len(believed) else []
    times += [moment for moment in others if _EARLIEST <= moment <= tomorrow]
    strays += lone
    gap = None
    if strays:
        gap = Gap(
            source="entries",
            reason=f"{strays} entries bear times far after all others: a clock was wrong, and the window ends before",
            remedy="say --until to choose the window's end",
        )
    return (max(times), gap) if times else (None, gap)


def _without_strays(believed: "pd.DataFrame") -> tuple["pd.DataFrame", int]:
    total = int(believed["n"].sum())
    if total < _STRAY_LEAST:
        return believed, 0
    by_bin = believed.groupby("bin")["n"].sum().sort_index()
    after = by_bin[::-1].cumsum()[::-1]
    distances = by_bin.index.to_series().diff() * BIN_NS
    late = after[(distances >= _STRAY_GAP) & (after <= total * _STRAY_SHARE)]
    if late.empty:
        return believed, 0
    first = late.index[0]
    return believed[believed["bin"] < first], int(late.iloc[0])


def choose_window(ask: Ask, end: int | None) -> Window:
    """The window that is asked for, ending at `end` (nanoseconds) unless `ask` says otherwise. Raises InputError."""
    if ask.until is None and end is None:
        raise InputError("the evidence holds no time to end the window at", remedy="say --since and --until")
    try:
        return ask.window(_up(end) if end is not None else datetime.now(UTC))
    except OverflowError:
        raise InputError("--since reaches back before the calendar", remedy="write it like 90m, 24h or 7d") from None
    except ValueError:
        raise InputError(
            f"the window would end before it starts: the evidence ends at {format_time(_up(end or 0))}"
            if ask.until is None
            else "the window would end before it starts",
            remedy="say an earlier --since or a later --until",
        ) from None


def bounds(window: Window) -> tuple[int, int]:
    """The window as nanoseconds since the epoch, both ends inside."""
    return _ns(window.start), _ns(window.end) + 999


def known_edges(ask: Ask, end: int | None) -> list[int]:
    """Where the window starts, and the first moment after it, as far as that is known before entries are read."""
    if ask.until is None and end is None:
        return [_ns(ask.since)] if isinstance(ask.since, datetime) else []
    start, stop = bounds(choose_window(ask, end))
    return [start, stop + 1]


def _up(ns: int) -> datetime:
    return from_ns(ns)


def _ns(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def outside(spoke: "pd.DataFrame", start: int, end: int) -> int:
    """How many entries lie outside the window.

    Exact where the scan knew the window's edges. Where only its end by the evidence told the start, the five minutes
    around the start count by their share of time.
    """
    first, last = spoke["first"].to_numpy(), spoke["last"].to_numpy()
    n = spoke["n"].to_numpy()
    whole = (last < start) | (first > end)
    count = int(n[whole].sum())
    edge = ~whole & ((first < start) | (last > end))
    for f, l_, m in zip(first[edge], last[edge], n[edge], strict=True):
        inside = min(l_, end) - max(f, start) + 1
        count += min(m - 1, round(m * (1 - inside / (l_ - f + 1))))
    return count


def missed(spoke: "pd.DataFrame", window: Window) -> Gap | None:
    """A gap where entries are there, and none of them in the window: silence there tells nothing."""
    start, end = bounds(window)
    n = int(spoke["n"].sum())
    if not n or outside(spoke, start, end) < n:
        return None
    first, last = _up(int(spoke["first"].min())), _up(int(spoke["last"].max()))
    told = f"{format_time(window.start)} to {format_time(window.end)}"
    return Gap(
        source="entries",
        reason=f"none of the {n:,} entries lies in the window {told}; "
        f"they reach from {format_time(first)} to {format_time(last)}",
        remedy="say a --since and an --until that lie among them",
    )
