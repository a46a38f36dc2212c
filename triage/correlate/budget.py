"""The share of the burned error budget that episodes explain, where the metrics hold how a budget burned."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from triage.correlate.align import spans_of
from triage.correlate.episodes import Draft
from triage.correlate.times import MINUTE, column_ns
from triage.evidence.budgets import FRACTION, Burning, told_by
from triage.model.incident import Alignment, BudgetShare

LONGEST_LOOKBACK_S = 600.0
"""A burn rate over more than this smears an episode of minutes over the time after it."""
_LONGEST_STEP = 30 * MINUTE
"""Between points further apart than this it is unknown when the budget burned."""
_MEASURED = 0.5
"""Less than this part of the window says too little of the window."""
_NOTHING = 1e-6
_MOST = 40

Points = tuple[Any, Any]
"""Times (ns, sorted) and values."""


def with_budget(
    alignment: Alignment, metrics: pd.DataFrame, drafts: Sequence[Draft], start: int, end: int
) -> Alignment:
    """The alignment with the share of each objective's burned budget that fell into these episodes.

    `metrics` is the evidence's table. Of several series of one objective what is left of the budget comes first, for
    it says what burned between any two points; then the burn rate with the shortest look-back. What a rolling budget
    wins back as old errors leave it does not count against what burned.
    """
    if not drafts or end <= start:
        return alignment
    spans = spans_of(drafts, start, end)
    found = (
        _share(told, _points(metrics, told.name, start, end), spans, end - start)
        for told in _chosen(metrics["metric"].unique())
    )
    return alignment.model_copy(update={"budget": tuple(share for share in found if share)[:_MOST]})


def _chosen(names: Sequence[str]) -> list[Burning]:
    """The best series of each objective, by service and objective."""
    best: dict[tuple[str, str], Burning] = {}
    for told in filter(None, map(told_by, sorted(names))):
        key = (told.service, told.objective)
        best[key] = min(told, best.get(key, told), key=lambda t: (t.kind != FRACTION, t.lookback_s))
    return [best[key] for key in sorted(best)]


def _points(metrics: pd.DataFrame, name: str, start: int, end: int) -> Points:
    rows = metrics[(metrics["metric"] == name) & np.isfinite(metrics["value"])]
    table = pd.DataFrame({"at": column_ns(rows["timestamp"]) - start, "value": rows["value"].to_numpy()})
    table = table[(table["at"] >= 0) & (table["at"] <= end - start)]
    merged = table.groupby("at", sort=True)["value"].max()
    return merged.index.to_numpy(), merged.to_numpy()


def _share(told: Burning, points: Points, spans: Sequence[tuple[int, int]], length: int) -> BudgetShare | None:
    """One objective's share; None where too little was measured, or nothing burned."""
    times, values = points
    if len(times) < 2:
        return None
    widths = np.diff(times)
    known = widths <= _LONGEST_STEP
    falls = told.kind == FRACTION
    burns = np.maximum(0.0, -np.diff(values) if falls else values[1:] * widths)[known]
    starts, widths = times[:-1][known], widths[known]
    if widths.sum() < _MEASURED * length or burns.sum() <= (_NOTHING if falls else _NOTHING * length):
        return None
    if told.lookback_s > LONGEST_LOOKBACK_S:
        share = time_share = None
    else:
        inside = _inside(starts, starts + widths, spans)
        share = round(float((burns * inside / widths).sum() / burns.sum()), 4)
        time_share = round(float(inside.sum() / widths.sum()), 4)
    return BudgetShare(
        service=told.service,
        objective=told.objective,
        share=share,
        time_share=time_share,
        burned=round(float(burns.sum()), 4) if falls else None,
        measure="budget-fraction" if falls else "burn-rate",
        lookback_s=told.lookback_s,
    )


def _inside(starts: Any, ends: Any, spans: Sequence[tuple[int, int]]) -> Any:
    """How much of each step, in ns, lies in the spans."""
    held = np.zeros(len(starts), dtype="int64")
    for low, high in spans:
        held += np.maximum(0, np.minimum(ends, high) - np.maximum(starts, low))
    return held
