"""Alerts and episodes: which belongs to which, and whether they coincide more than chance would have it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from triage.correlate.episodes import Draft
from triage.correlate.homes import Homes
from triage.correlate.times import DAY, HOUR, MINUTE, column_ns, known, moment, moment_or_none
from triage.evidence.evidence import Evidence
from triage.model.incident import Alert, Alignment, ServiceAlignment
from triage.units import format_duration

AFTERWARDS = 5 * MINUTE
"""An alert may open this long after an episode's end and still belong to it."""
SLOW_BURN_S = 6 * 3600
FEWEST = 3
"""Below this many episodes or alerts only counts are shown."""
_NEARBY = 3 * HOUR
_BIN = 5 * MINUTE
_UNSEEN = 0.05
"""Of the window: so little that the evidence does not cover needs no word."""


@dataclass(frozen=True)
class Fired:
    """One alert of the evidence; times in ns."""

    id: str
    policy: str | None
    service: str | None
    workload: str | None
    node: str | None
    opened: int
    closed: int | None
    severity: str | None
    slow_burn: bool
    url: str | None


def read_alerts(alerts: pd.DataFrame, start: int, end: int) -> list[Fired]:
    """The alerts that were open at some time in the window, sorted by opening, then id."""
    found = []
    for row, opened, closed in zip(
        alerts.itertuples(), column_ns(alerts["opened"]), column_ns(alerts["closed"]), strict=True
    ):
        at, until = known(opened), known(closed)
        if at is None or at > end or (until is not None and until < start):
            continue
        slow = bool(row.lookback_s >= SLOW_BURN_S)
        found.append(
            Fired(row.id, row.policy, row.service, row.workload, row.node, at, until, row.severity, slow, row.url)
        )
    return sorted(found, key=lambda a: (a.opened, a.id))


def tie(alerts: Sequence[Fired], drafts: Sequence[Draft], homes: Homes, end: int) -> list[int | None]:
    """For each alert the index of its episode, None where it has none.

    The rule of the contract: the latest-starting episode with start ≤ opened ≤ end + 5 minutes; of several, the one
    whose node carried the alert's service. Slow-burn alerts sum up hours and are not tied.
    """
    ties: list[int | None] = []
    for alert in alerts:
        fits = [] if alert.slow_burn else [i for i, d in enumerate(drafts) if _covers(d, alert.opened, end)]
        carried = [i for i in fits if _carried(alert, drafts[i], homes)]
        best = carried if carried and len(fits) > 1 else fits
        ties.append(max(best, key=lambda i: (drafts[i].start, -i)) if best else None)
    return ties


def _covers(draft: Draft, opened: int, end: int) -> bool:
    return draft.start <= opened <= (draft.end if draft.end is not None else end) + AFTERWARDS


def _carried(alert: Fired, draft: Draft, homes: Homes) -> bool:
    if alert.node:
        return alert.node == draft.node
    return homes.carried(draft.node, alert.service, alert.workload, draft.start - HOUR, alert.opened)


def report_alerts(alerts: Sequence[Fired], ties: Sequence[int | None], drafts: Sequence[Draft]) -> tuple[Alert, ...]:
    """The alerts as the report shows them, each with why it is tied or not."""
    return tuple(
        Alert(
            id=alert.id,
            policy=alert.policy,
            service=alert.service,
            opened=moment(alert.opened),
            closed=moment_or_none(alert.closed),
            episode=index,
            severity=alert.severity,
            slow_burn=alert.slow_burn,
            url=alert.url,
            reason=_reason(alert, index, drafts),
        )
        for alert, index in zip(alerts, ties, strict=True)
    )


def _reason(alert: Fired, index: int | None, drafts: Sequence[Draft]) -> str:
    if alert.slow_burn:
        return "A slow burn: it sums up hours of errors and belongs to no single episode."
    if index is not None:
        return f"It opened while {drafts[index].node} was going down or being brought back."
    return "No node was going down, or being brought back, when it opened."


def span_of_evidence(evidence: Evidence, start: int, end: int) -> tuple[int, int]:
    """Which part of `[start, end]` the evidence covers: from its first log entry or operation to its last one.

    A day of logs says nothing of the week that was asked for: on the other six days no node could be seen going down,
    so an alert there could fall into no episode. Without any logs it is unknown, and the whole window is taken, as it
    is where the evidence covers nearly all of it. Whole bins of five minutes: live, coverage is known no better.
    """
    logs = (evidence.coverage["first"], evidence.coverage["last"], evidence.entries["timestamp"])
    if not any(len(column) for column in logs):
        return start, end
    times = np.concatenate([column_ns(c) for c in (*logs, evidence.operations["start"], evidence.operations["end"])])
    inside = times[(times >= start) & (times <= end)]
    if not len(inside):
        return start, end
    first = max(start, int(inside.min()) // _BIN * _BIN)
    last = min(end, -(-int(inside.max()) // _BIN) * _BIN)
    return (start, end) if last - first >= (1 - _UNSEEN) * (end - start) else (first, last)


def align(
    alerts: Sequence[Fired],
    ties: Sequence[int | None],
    drafts: Sequence[Draft],
    window: tuple[int, int],
    covered: tuple[int, int] | None = None,
) -> Alignment:
    """Observed against expected: a circular shift of the alerts over the window, all shifts weighed exactly.

    The null keeps the alerts' own bursts and the episodes' own rhythm and breaks only their relation. The number of
    aligned alerts as a function of the shift is a step function; its steps are computed, so there is nothing to
    sample. In windows of two days and more a second null allows shifts of up to three hours, which
    keeps the time of day; the worse (larger) p is reported. What is shifted over is the part of the `window` that the
    evidence covers (`covered`, by default all of it).
    """
    services = _services(alerts, ties)
    aligned = sum(1 for index in ties if index is not None)
    start, end = covered or window
    inside = [a.opened - start for a in alerts if not a.slow_burn and start <= a.opened <= end]
    method = f"counts only: below {FEWEST} episodes or {FEWEST} fast-burn alerts a p-value would say nothing"
    length = end - start
    if len(drafts) < 2 or not inside or length <= 0:
        return Alignment(
            alerts=len(alerts), aligned=aligned, expected=None, p_value=None, method=method, services=services
        )
    spans = spans_of(drafts, start, end)
    share = sum(high - low for low, high in spans) / length
    expected = round(len(inside) * share, 4)
    p_value = None
    if len(drafts) >= FEWEST and len(inside) >= FEWEST:
        observed = sum(1 for at in inside if any(low <= at <= high for low, high in spans))
        p_value = round(max(share_of_shifts(inside, spans, length, observed), min(1.0, MINUTE / length)), 6)
        method = f"circular shift of the alerts over {_over(window, start, end)}, every shift weighed (exact)"
        if length >= 2 * DAY:
            method += "; the larger p of all shifts and of shifts up to 3 h"
    return Alignment(
        alerts=len(alerts), aligned=aligned, expected=expected, p_value=p_value, method=method, services=services
    )


def _over(window: tuple[int, int], start: int, end: int) -> str:
    if (start, end) == window:
        return "the window"
    return f"the {format_duration((end - start) // MINUTE * 60)} of the window that the evidence covers"


def _services(alerts: Sequence[Fired], ties: Sequence[int | None]) -> tuple[ServiceAlignment, ...]:
    counts: dict[str, list[int]] = {}
    for alert, index in zip(alerts, ties, strict=True):
        count = counts.setdefault(alert.service or "(no service)", [0, 0])
        count[0] += 1
        count[1] += index is not None
    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(ServiceAlignment(service=name, alerts=all_, aligned=tied) for name, (all_, tied) in ordered)


def spans_of(drafts: Sequence[Draft], start: int, end: int) -> list[tuple[int, int]]:
    """The time inside episodes, to five minutes after each: sorted spans that don't overlap, in ns since `start`."""
    return _union(
        [(d.start - start, min((d.end if d.end is not None else end) + AFTERWARDS, end) - start) for d in drafts]
    )


def _union(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted((max(low, 0), high) for low, high in spans if high > 0):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def share_of_shifts(opened: Sequence[int], spans: Sequence[tuple[int, int]], length: int, least: int) -> float:
    """The share of all circular shifts at which at least `least` alerts lie in the spans (a p, at what was observed).

    `opened` and `spans` are in ns since the start of a window of `length` ns. From two days on it is the larger of that
    share and the share among shifts of up to three hours either way.
    """
    steps = _steps(opened, spans, length)
    share = _share_at_least(steps, least, [(0, length)])
    if length >= 2 * DAY:
        share = max(share, _share_at_least(steps, least, [(0, _NEARBY), (length - _NEARBY, length)]))
    return min(share, 1.0)


def _steps(times: Sequence[int], spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """(shift, change): by how much the count of aligned alerts changes at each shift, the count at zero first."""
    changes: dict[int, int] = {0: 0}
    for at in times:
        for low, high in spans:
            # the alert, moved by s, lies inside for s in [low − at, high − at] modulo the window
            enter, leave = (low - at) % length, (high - at) % length
            if high - low >= length:
                changes[0] += 1
                continue
            if enter > leave:
                changes[0] += 1
            changes[enter] = changes.get(enter, 0) + 1
            changes[leave] = changes.get(leave, 0) - 1
    return sorted(changes.items())


def _share_at_least(steps: list[tuple[int, int]], observed: int, allowed: list[tuple[int, int]]) -> float:
    """The share of the allowed shifts at which at least `observed` alerts are aligned."""
    total = sum(high - low for low, high in allowed)
    last = max(high for _, high in allowed)
    count, held = 0, 0
    for i, (at, change) in enumerate(steps):
        count += change
        until = steps[i + 1][0] if i + 1 < len(steps) else last
        if count >= observed:
            held += sum(max(0, min(until, high) - max(at, low)) for low, high in allowed)
    return held / total if total else 1.0
