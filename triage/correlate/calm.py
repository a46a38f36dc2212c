"""Metrics that speak against a cause: measured all along, and nowhere near the bound at which it would show."""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.correlate.episodes import Draft
from triage.correlate.times import HOUR, MINUTE
from triage.correlate.trend import Series, limit_of
from triage.model.signal import MetricRule, Signal

_POINTS = 3
_FRESH = 15 * MINUTE
_FAR = 0.5
"""Of the bound (or, of what falls to its bound, of the whole): what stays that far away is no shortage."""


@dataclass(frozen=True)
class Calm:
    """A metric that stayed far from its bound in the hour before an episode: the nearest it came, and the limit.

    The limit is 1 where the metric is a share.
    """

    metric: str
    nearest: float
    limit: float
    below: bool


def calm(drafts: Sequence[Draft], signal: Signal | None, episodes: Sequence[int], series: Series) -> dict[int, Calm]:
    """Episode → a metric that shows the signal, where all such metrics that were measured stayed far from their bounds.

    Nothing of episodes in which none was measured to the end: between two samples a lot may happen.
    """
    found = {}
    for i in episodes:
        told = [_told(rule, drafts[i], series) for rule in (signal.metrics if signal else ())]
        measured = [each for each in told if each is not None]
        if measured and all(far for _, far in measured):
            found[i] = measured[0][0]
    return found


def _told(rule: MetricRule, draft: Draft, series: Series) -> tuple[Calm, bool] | None:
    """What the metric came to, and whether that is far from its bound; None where it was not measured to the end."""
    times, values = series.get((rule.metric, draft.node), ((), ()))
    limit = limit_of(series, rule.limit, draft, 1.0)
    kept = [v for t, v in zip(times, values, strict=True) if draft.onset - HOUR <= t <= draft.onset]
    fresh = [t for t in times if draft.onset - _FRESH <= t <= draft.onset]
    if len(kept) < _POINTS or not fresh or not limit:
        return None
    most = min(kept) if rule.below else max(kept)
    far = most > _FAR * limit if rule.below else most < _FAR * rule.at * limit
    return Calm(rule.metric, float(most), limit, rule.below), bool(far)
