"""Time series: points within an interval, aligned and reduced as timeSeries.list does it."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.emulator.errors import invalid
from tests.emulator.evidence import Record
from tests.emulator.monitoring_filter import value_of
from triage.units import format_time, from_ns, parse_ns

SECOND = 1_000_000_000
LOG_ENTRY_COUNT = "logging.googleapis.com/log_entry_count"

Number = float | int


@dataclass(frozen=True)
class Point:
    """A value at the end of its interval; gauges have no length."""

    start: int
    end: int
    value: Any


def points_of(series: Record) -> list[Point]:
    """The points of a stored series, oldest first."""
    points = []
    for point in series.get("points", ()):
        interval = point["interval"]
        end = parse_ns(interval["endTime"])
        points.append(Point(parse_ns(interval.get("startTime") or interval["endTime"]), end, _value(point["value"])))
    return sorted(points, key=lambda point: point.end)


def _value(typed: Mapping[str, Any]) -> Any:
    """A TypedValue's content; int64 is a string in JSON."""
    if "int64Value" in typed:
        return int(typed["int64Value"])
    return next(iter(typed.values()), 0)


def typed(value: Any, value_type: str) -> dict[str, Any]:
    """A TypedValue. Raises ApiError for distributions, which nothing here computes with."""
    match value_type:
        case "INT64":
            return {"int64Value": str(int(value))}
        case "DOUBLE":
            return {"doubleValue": float(value)}
        case "BOOL":
            return {"boolValue": bool(value)}
        case "STRING":
            return {"stringValue": str(value)}
    return {"distributionValue": value}


def kind_of(series: Record) -> str:
    return str(series.get("metricKind", "GAUGE"))


def type_of(series: Record) -> str:
    """INT64, DOUBLE, BOOL, …: as told, else as the first point's value shows."""
    told = series.get("valueType")
    if told:
        return str(told)
    first = next(iter(series.get("points", ())), {"value": {"doubleValue": 0}})["value"]
    return next(iter(first)).removesuffix("Value").upper()


@dataclass(frozen=True)
class Aligner:
    """Points of one period to one value; the kinds of metric it applies to; the value type that comes out."""

    value: Callable[[Sequence[Point], int], Number | bool]
    kinds: tuple[str, ...] = ("GAUGE", "DELTA")
    result: str = ""  # empty: that of the metric


def _values(points: Iterable[Point]) -> list[Any]:
    return [point.value for point in points]


def _mean(points: Sequence[Point]) -> float:
    return float(sum(_values(points)) / len(points))


ALIGNERS = {
    "ALIGN_MEAN": Aligner(lambda points, period: _mean(points), result="DOUBLE"),
    "ALIGN_MAX": Aligner(lambda points, period: max(_values(points))),
    "ALIGN_MIN": Aligner(lambda points, period: min(_values(points))),
    "ALIGN_SUM": Aligner(lambda points, period: sum(_values(points))),
    "ALIGN_COUNT": Aligner(lambda points, period: len(points), result="INT64"),
    "ALIGN_NEXT_OLDER": Aligner(lambda points, period: points[-1].value, kinds=("GAUGE",)),
    "ALIGN_COUNT_TRUE": Aligner(lambda points, period: sum(map(bool, _values(points))), ("GAUGE",), "INT64"),
    "ALIGN_FRACTION_TRUE": Aligner(lambda points, period: _mean(points), ("GAUGE",), "DOUBLE"),
    "ALIGN_DELTA": Aligner(lambda points, period: sum(_values(points)), kinds=("DELTA", "CUMULATIVE")),
    "ALIGN_RATE": Aligner(
        lambda points, period: sum(_values(points)) * SECOND / period, ("DELTA", "CUMULATIVE"), "DOUBLE"
    ),
}

REDUCERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "REDUCE_MEAN": lambda values: sum(values) / len(values),
    "REDUCE_MAX": max,
    "REDUCE_MIN": min,
    "REDUCE_SUM": sum,
    "REDUCE_COUNT": len,
    "REDUCE_COUNT_TRUE": lambda values: sum(map(bool, values)),
}


def align(series: Record, points: Sequence[Point], name: str, period: int, end: int) -> tuple[list[Point], str]:
    """Points at `end`, `end - period`, …, each over the period before it, and their value type.

    `points` are those of the interval. Raises ApiError where the aligner does not suit the metric.
    """
    aligner = ALIGNERS.get(name)
    if aligner is None:
        raise invalid(f'Field aggregation.perSeriesAligner had an invalid value of "{name}": it is not supported.')
    kind, value_type = kind_of(series), type_of(series)
    if kind not in aligner.kinds:
        raise invalid(
            "Field aggregation.perSeriesAligner had an invalid value of "
            f'"{name}": The aligner cannot be applied to metrics with kind {kind} and value type {value_type}.'
        )
    if kind == "CUMULATIVE":
        points = _increments(points)
    periods: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        periods[(end - point.end) // period].append(point)
    aligned = [
        Point(
            end - back * period - (0 if kind == "GAUGE" else period), end - back * period, aligner.value(held, period)
        )
        for back, held in sorted(periods.items(), reverse=True)
    ]
    return aligned, aligner.result or value_type


def _increments(points: Sequence[Point]) -> list[Point]:
    """A cumulative metric as what each point adds; a value that falls, or another start, is a reset."""
    out = []
    for before, after in pairwise(points):
        reset = after.value < before.value or after.start > before.end
        out.append(Point(before.end, after.end, after.value if reset else after.value - before.value))
    return out


def reduce(
    found: Sequence[tuple[Record, list[Point], str]], name: str, fields: Sequence[str]
) -> list[tuple[Record, list[Point], str]]:
    """Aligned series joined into one per combination of the `fields`. Raises ApiError for other reducers."""
    reducer = REDUCERS.get(name)
    if reducer is None:
        raise invalid(f'Field aggregation.crossSeriesReducer had an invalid value of "{name}": it is not supported.')
    groups: dict[str, list[tuple[Record, list[Point], str]]] = defaultdict(list)
    for item in found:
        groups[json.dumps([value_of(item[0], field) for field in fields])].append(item)
    return [_reduced(items, reducer, name, fields) for items in groups.values()]


def _reduced(
    items: Sequence[tuple[Record, list[Point], str]], reducer: Callable[..., Any], name: str, fields: Sequence[str]
) -> tuple[Record, list[Point], str]:
    at: dict[int, list[Point]] = defaultdict(list)
    for _, points, _ in items:
        for point in points:
            at[point.end].append(point)
    first, _, value_type = items[0]
    points = [Point(held[0].start, end, reducer(_values(held))) for end, held in sorted(at.items())]
    record: Record = {"metric": {"type": first["metric"]["type"]}, "resource": {"type": first["resource"]["type"]}}
    for field in fields:
        side, _, label = field.replace(".label.", ".labels.").partition(".labels.")
        value = value_of(first, field)
        if side in record and label and value is not None:
            record[side].setdefault("labels", {})[label] = value
    record["metricKind"] = kind_of(first)
    result = {"REDUCE_MEAN": "DOUBLE", "REDUCE_COUNT": "INT64", "REDUCE_COUNT_TRUE": "INT64"}.get(name, value_type)
    return record, points, result


def to_json(series: Record, points: Sequence[Point], value_type: str, *, headers: bool) -> Record:
    """A TimeSeries, newest point first as in the real answers."""
    record: Record = {
        "metric": series["metric"],
        "resource": series["resource"],
        "metricKind": kind_of(series),
        "valueType": value_type,
    }
    if not headers:
        record["points"] = [
            {
                "interval": {"startTime": format_ns(point.start), "endTime": format_ns(point.end)},
                "value": typed(point.value, value_type),
            }
            for point in reversed(points)
        ]
    return record


def format_ns(ns: int) -> str:
    """RFC 3339 to the nanosecond."""
    whole = format_time(from_ns(ns - ns % SECOND)).removesuffix("Z")
    return f"{whole}.{ns % SECOND:09d}".rstrip("0").rstrip(".") + "Z"


def log_entry_counts(entries: Iterable[Record]) -> list[Record]:
    """`logging.googleapis.com/log_entry_count` of the entries, minute by minute, per resource, log and severity."""
    minute = 60 * SECOND
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        try:
            ns = parse_ns(str(entry.get("timestamp") or entry.get("receiveTimestamp")))
        except ValueError:
            continue
        resource = entry.get("resource", {})
        labels = {"log": str(entry["logName"]).partition("/logs/")[2].replace("%2F", "/")}
        labels["severity"] = str(entry.get("severity", "DEFAULT"))
        key = json.dumps([resource.get("type", "global"), resource.get("labels", {}), labels], sort_keys=True)
        counts[key][-(-ns // minute)] += 1
    return [_count_series(key, bins) for key, bins in counts.items()]


def _count_series(key: str, bins: Mapping[int, int]) -> Record:
    resource_type, resource_labels, labels = json.loads(key)
    minute = 60 * SECOND
    return {
        "metric": {"type": LOG_ENTRY_COUNT, "labels": labels},
        "resource": {"type": resource_type, "labels": resource_labels},
        "metricKind": "DELTA",
        "valueType": "INT64",
        "points": [
            {
                "interval": {"startTime": format_ns((at - 1) * minute), "endTime": format_ns(at * minute)},
                "value": {"int64Value": str(count)},
            }
            for at, count in sorted(bins.items())
        ],
    }
