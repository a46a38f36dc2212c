"""Evidence as it was at some moment: whatever was written later is left out, whatever was still open has no end."""

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from triage.units import parse_time

_NO_END = "0001-01-01T00:00:00Z"
"""How Alertmanager writes that an alert is still open."""


def cut(directory: Path, moment: datetime, into: Path) -> Path:
    """The committed evidence of `directory` as it was at `moment`, written to `into`."""
    into.mkdir()
    text = gzip.decompress((directory / "entries.ndjson.gz").read_bytes()).decode()
    kept = [line for line in text.splitlines() if _by(json.loads(line)["timestamp"], moment)]
    (into / "entries.ndjson").write_text("\n".join(kept) + "\n")
    (into / "cluster.json").write_text((directory / "cluster.json").read_text())
    for name, make in (
        ("operations", _operations),
        ("alerts", _alerts),
        ("metrics", _metrics),
        ("workloads", _objects),
    ):
        if (directory / f"{name}.json").exists():
            whole = json.loads((directory / f"{name}.json").read_text())
            (into / f"{name}.json").write_text(json.dumps(make(whole, moment)))
    return into


def _by(time: str, moment: datetime) -> bool:
    return parse_time(time, now=moment) <= moment


def _operations(whole: list[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
    begun = [dict(operation) for operation in whole if _by(operation["startTime"], moment)]
    for operation in begun:
        if not _by(operation["endTime"], moment):
            del operation["endTime"]
            operation["status"] = "RUNNING"
    return begun


def _alerts(whole: Any, moment: datetime) -> Any:
    if isinstance(whole, dict):
        opened = [dict(alert) for alert in whole["alerts"] if _by(alert["openTime"], moment)]
        for alert in opened:
            if "closeTime" in alert and not _by(alert["closeTime"], moment):
                del alert["closeTime"]
                alert["state"] = "OPEN"
        return {"alerts": opened}
    return [n for n in whole if all(_notified(alert, moment) for alert in n["alerts"])]


def _notified(alert: dict[str, Any], moment: datetime) -> bool:
    """Alertmanager notifies when an alert fires and again when it is over."""
    return _by(alert["startsAt"] if alert["endsAt"] == _NO_END else alert["endsAt"], moment)


def _metrics(whole: dict[str, Any], moment: datetime) -> dict[str, Any]:
    series = []
    for each in whole["timeSeries"]:
        points = [point for point in each["points"] if _by(point["interval"]["endTime"], moment)]
        series += [{**each, "points": points}] if points else []
    return {"timeSeries": series}


def _objects(whole: dict[str, Any], moment: datetime) -> dict[str, Any]:
    def made(item: dict[str, Any]) -> str:
        return str(item["metadata"].get("creationTimestamp", "1970-01-01T00:00:00Z"))

    return {**whole, "items": [item for item in whole["items"] if _by(made(item), moment)]}
