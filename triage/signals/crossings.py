"""Metrics that show a signal by themselves: each stretch at its bound is one occurrence, from its first point on."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from triage.model.signal import MetricRule, Pack, Signal
from triage.signals.identity import Identities, Who

STREAM = "metric"
"""The stream of an occurrence that no log line tells."""
_SERIES = ["node", "namespace", "pod", "container"]
_BACK = 0.05
"""How far (a part of the bound) a series must go back to have left it: about the bound it wanders to and fro."""
_UNKNOWN = np.timedelta64(30, "m")
"""After so long without a point nobody knows whether a series is still there."""


def crossings(metrics: pd.DataFrame, pack: Pack, identities: Identities) -> Iterator[dict[str, Any]]:
    """Rows of the occurrence table: one for each time that a series reaches a rule's bound, until it leaves it clearly.

    `metrics` has the columns METRICS. A rule with a limit compares with the limit's latest value on the same node (or
    container); without a limit known for it, a series is passed over.
    """
    for signal in pack.signals:
        for rule in signal.metrics:
            points = metrics[(metrics["metric"] == rule.metric) & metrics["value"].notna()]
            for _, series in points.groupby(_SERIES, dropna=False, sort=False):
                yield from _of_series(series.sort_values("timestamp"), metrics, signal, rule, identities)


def _of_series(
    series: pd.DataFrame, metrics: pd.DataFrame, signal: Signal, rule: MetricRule, identities: Identities
) -> Iterator[dict[str, Any]]:
    limits = _limits(series, metrics, rule)
    if limits is None:
        return
    bound = rule.at * limits
    values = series["value"].to_numpy()
    with np.errstate(invalid="ignore"):
        reached = values <= bound if rule.below else values >= bound
        left = values > bound * (1 + _BACK) if rule.below else values < bound * (1 - _BACK)
    if not reached.any():
        return
    for first, last in _stretches(reached, left, series["timestamp"].to_numpy("datetime64[ns]")):
        row = series.iloc[first]
        found = _row(row, float(limits[first]), signal, rule, identities)
        yield found | {"until": series["timestamp"].iloc[last]}


def _stretches(reached: np.ndarray, left: np.ndarray, times: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last position at the bound of each stretch: it lasts until the series has left, or falls silent."""
    apart = np.concatenate([[True], np.diff(times) > _UNKNOWN])
    # A stretch's number changes with each point that has left, and with each silence.
    number = np.cumsum(left | apart)
    at = np.flatnonzero(reached)
    begins = np.flatnonzero(np.concatenate([[True], np.diff(number[at]) > 0]))
    ends = np.concatenate([begins[1:], [len(at)]]) - 1
    yield from zip(at[begins].tolist(), at[ends].tolist(), strict=True)


def _limits(series: pd.DataFrame, metrics: pd.DataFrame, rule: MetricRule) -> np.ndarray | None:
    """The limit at each point of the series (1 where the rule has none); None where nothing tells it."""
    if rule.limit is None:
        return np.ones(len(series))
    first = series.iloc[0]
    known = metrics[(metrics["metric"] == rule.limit) & (metrics["value"] > 0)]
    for labels in (_SERIES, ["node"]):
        same = known
        for label in labels:
            same = same[same[label].isna()] if first[label] is None else same[same[label] == first[label]]
        if len(same) and (labels == _SERIES or first["node"] is not None):
            ordered = same.sort_values("timestamp")
            at = np.searchsorted(ordered["timestamp"].to_numpy(), series["timestamp"].to_numpy(), side="right") - 1
            # Before the first value of a limit that is the best guess: limits rarely change.
            return np.asarray(ordered["value"].to_numpy()[np.maximum(at, 0)], dtype=float)
    return None


def _row(row: pd.Series, limit: float, signal: Signal, rule: MetricRule, identities: Identities) -> dict[str, Any]:
    value = f"{row['value']:g}"
    extracted = {rule.metric: value}
    message = f"{rule.metric} is {value}"
    if rule.limit is not None:
        extracted[rule.limit] = f"{limit:g}"
        message += f" of {limit:g} ({row['value'] / limit:.0%})"
    who = Who()
    if row["namespace"] and row["pod"]:
        who = identities.named(row["namespace"], row["pod"], row["container"], None, "pod-name")
    node = row["node"]
    if node is None and who.namespace and who.pod:
        node = identities.nodes.get((who.namespace, who.pod))
    return who._asdict() | {
        "signal": signal.id,
        "alternative": rule.name,
        "variant": rule.variant,
        "mechanism": True,
        "timestamp": row["timestamp"],
        "node": node,
        "stream": STREAM,
        "extracted": extracted,
        "message": message,
        "mark_start": 0,
        "mark_end": len(message),
        "clears": False,
    }
