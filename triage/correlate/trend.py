"""Metrics on their way to a limit: robust slope, time to exhaustion, level at death."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triage.correlate.episodes import Draft
from triage.correlate.exact import theil_sen
from triage.correlate.times import DAY, HOUR, MINUTE, column_ns, moment
from triage.model.incident import Trend
from triage.model.signal import Signal

FEWEST_POINTS = 12
MOST_POINTS = 240
"""Theil–Sen looks at every pair: more points are thinned evenly."""
_RESET = 0.5
_AT_ONCE = 15 * MINUTE
_MOST_EPISODES = 40

Series = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]
"""(metric, node) → times (ns) and values of the node as a whole, sorted."""


def node_series(metrics: pd.DataFrame) -> Series:
    """The metrics of whole nodes, by metric and node; several points of one time keep the largest."""
    rows = metrics[metrics["node"].notna() & metrics["pod"].isna() & metrics["value"].notna()]
    rows = pd.DataFrame(
        {
            "metric": rows["metric"].to_numpy(),
            "node": rows["node"].to_numpy(),
            "at": column_ns(rows["timestamp"]),
            "value": rows["value"].to_numpy(),
        }
    )
    rows = rows[np.isfinite(rows["value"])].groupby(["metric", "node", "at"], sort=True)["value"].max().reset_index()
    return {
        (str(metric), str(node)): (group["at"].to_numpy(), group["value"].to_numpy())
        for (metric, node), group in rows.groupby(["metric", "node"], sort=True)
    }


def trends(
    drafts: Sequence[Draft], signal: Signal | None, episodes: Sequence[int], series: Series
) -> tuple[Trend, ...]:
    """For each explained episode the rise (or fall) of the signal's metrics to their limit on that node."""
    found = []
    for i in list(episodes)[:_MOST_EPISODES]:
        for rule in signal.metrics if signal else ():
            points = series.get((rule.metric, drafts[i].node))
            if points is None:
                continue
            limit = limit_of(series, rule.limit, drafts[i], rule.at)
            trend = _trend(rule.metric, drafts[i], i, points, limit, falling=rule.below)
            if trend:
                found.append(trend)
    return tuple(found)


def limit_of(series: Series, metric: str | None, draft: Draft, at: float) -> float | None:
    """The limit's last value before onset; where the rule has no limit, the level at which the signal is there."""
    if metric is None:
        return at
    points = series.get((metric, draft.node))
    if points is None:
        return None
    before = points[1][points[0] <= draft.onset]
    return float(before[-1]) if len(before) else None


def _trend(
    metric: str, draft: Draft, index: int, points: tuple[np.ndarray, np.ndarray], limit: float | None, *, falling: bool
) -> Trend | None:
    times, values = points
    inside = (times >= draft.onset - DAY) & (times <= draft.onset)
    times, values = times[inside], values[inside]
    if not len(times) or draft.onset - times[-1] > _AT_ONCE:
        return None
    times, values = _since_reset(times, -values if falling else values, falling=falling)
    if len(times) < FEWEST_POINTS:
        return None
    if len(times) > MOST_POINTS:
        kept = np.unique(np.linspace(0, len(times) - 1, MOST_POINTS).astype(int))
        times, values = times[kept], values[kept]
    times, values = _since_onset(times, values)
    hours = (times - times[0]) / HOUR
    slope, low, high = theil_sen(values, hours)
    bound = None if limit is None else (-limit if falling else limit)
    if low <= 0 or not _still_rising(hours, values, slope) or not _grew(values, bound):
        return None
    left = None if bound is None else max(0.0, (bound - float(values[-1])) / slope * 3600)
    sign = -1.0 if falling else 1.0
    lows, highs = (sign * low, sign * high) if sign > 0 else (sign * high, sign * low)
    return Trend(
        metric=metric,
        node=draft.node,
        episode=index,
        start=moment(times[0]),
        end=moment(times[-1]),
        slope_per_h=round(sign * slope, 4),
        slope_low=round(lows, 4),
        slope_high=round(highs, 4),
        value=round(sign * float(values[-1]), 4),
        limit=limit,
        exhausted_in_s=None if left is None else round(left, 1),
    )


def _since_reset(times: np.ndarray, values: np.ndarray, *, falling: bool) -> tuple[np.ndarray, np.ndarray]:
    """The stretch after the last drop by more than half: a repair or a restart starts anew."""
    size = np.abs(values)
    drops = size[1:] < _RESET * size[:-1] if not falling else size[1:] > size[:-1] / _RESET
    cut = np.flatnonzero(drops)
    start = int(cut[-1]) + 1 if len(cut) else 0
    return times[start:], values[start:]


def _since_onset(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The stretch after a level start, where there is one: a leak that began later must not be averaged with the calm.

    The start is where a level and then a straight line fit best (least squares); it is taken only where that leaves at
    most half of a single line's squared error.
    """
    hours = (times - times[0]) / HOUR
    best, start = 0.5 * _line_error(hours, values), 0
    for k in range(3, len(times) - FEWEST_POINTS + 1):
        error = float(((values[:k] - values[:k].mean()) ** 2).sum()) + _line_error(hours[k:], values[k:])
        if error < best:
            best, start = error, k
    return times[start:], values[start:]


def _line_error(hours: np.ndarray, values: np.ndarray) -> float:
    slope, base = np.polyfit(hours - hours.mean(), values, 1)
    return float(((values - base - slope * (hours - hours.mean())) ** 2).sum())


def _still_rising(hours: np.ndarray, values: np.ndarray, slope: float) -> bool:
    """The last quarter rises at no less than 30 % of the whole's slope, or has levelled off at the top."""
    tail = hours >= hours[0] + 0.75 * (hours[-1] - hours[0])
    if tail.sum() < 3:
        return True
    last, _, _ = theil_sen(values[tail], hours[tail])
    return last >= 0.3 * slope or float(np.median(values[tail])) >= 0.95 * float(values.max())


def _grew(values: np.ndarray, bound: float | None) -> bool:
    scale = abs(bound) if bound else float(np.abs(values).max())
    return float(values[-1] - values[0]) >= 0.05 * scale
