"""Alerts out of the history that Prometheus keeps of them: a range query over `ALERTS`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from triage.evidence.alert_labels import place_of, service_of
from triage.evidence.fields import epoch_ns, first_text, items, mapping, objects, text
from triage.evidence.lookback import LABELS, lookback_of, window_label
from triage.units import format_time, from_ns

_MOST_LABELS = 64
_ONE_MINUTE = 60 * 1_000_000_000


def is_matrix(document: Mapping[str, Any]) -> bool:
    """Whether a document is the answer to a range query."""
    data = mapping(document.get("data")) or document
    return data.get("resultType") == "matrix" and isinstance(data.get("result"), list)


def series_of(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[tuple[int, Any]]]]:
    """The series of a range query's answer: labels, and samples as (nanoseconds, value as written)."""
    data = mapping(document.get("data")) or document
    for series in objects(data.get("result")):
        samples = [
            (moment, sample[1])
            for sample in items(series.get("values")) or [series.get("value")]
            if isinstance(sample, list) and len(sample) == 2 and (moment := epoch_ns(sample[0])) is not None
        ]
        yield mapping(series.get("metric")), sorted(samples, key=lambda sample: sample[0])


def firing_alerts(document: Mapping[str, Any]) -> Iterator[dict[str, Any] | None]:
    """Each stretch in which an alert fired without a gap of over two steps, as a row of `ALERTS`.

    A stretch that reaches the end of the answer is still open. None stands for a series that is no alert.
    """
    found = list(series_of(document))
    step = _step(moments for _, samples in found for moments in [[moment for moment, _ in samples]])
    end = max((samples[-1][0] for _, samples in found if samples), default=0)
    for labels, samples in found:
        if first_text(labels, "__name__") not in (None, "ALERTS") or not first_text(labels, "alertname"):
            yield None
        elif labels.get("alertstate", "firing") == "firing":
            fired = [moment for moment, value in samples if text(value) != "0"]
            yield from (_row(labels, stretch, end=end, step=step) for stretch in _stretches(fired, step))


def _step(runs: Iterator[list[int]]) -> int:
    """The query's step: the commonest distance between two samples of one series."""
    counted: Counter[int] = Counter()
    for run in runs:
        counted.update(later - earlier for earlier, later in pairwise(run) if later > earlier)
    if not counted:
        return _ONE_MINUTE
    most = max(counted.values())
    return min(distance for distance, count in counted.items() if count == most)


def _stretches(moments: list[int], step: int) -> Iterator[list[int]]:
    stretch: list[int] = []
    for moment in moments:
        if stretch and moment - stretch[-1] > 2 * step:
            yield stretch
            stretch = []
        stretch.append(moment)
    if stretch:
        yield stretch


def _row(labels: Mapping[str, Any], stretch: list[int], *, end: int, step: int) -> dict[str, Any]:
    named = {key: value for key, value in labels.items() if key not in ("__name__", "alertstate")}
    told = ",".join(f"{key}={text(value, 300) or ''}" for key, value in sorted(named.items())[:_MOST_LABELS])
    windows = [window_label(value) for key in LABELS if (value := text(labels.get(key), 50))]
    return {
        "id": f"{told}@{format_time(from_ns(stretch[0]))}",
        "policy": first_text(labels, "alertname"),
        "service": service_of(labels),
        "opened": stretch[0],
        "closed": stretch[-1] if end - stretch[-1] > step else None,
        "severity": first_text(labels, "severity", "priority"),
        **place_of(labels),
        "lookback_s": lookback_of([first_text(labels, "alertname"), *windows]),
        "url": None,
        "source": "prometheus",
    }
