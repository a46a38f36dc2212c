"""What every report's JSON must hold, beyond its schema: indices, order, and what is said twice must agree."""

import json
import math
from collections.abc import Iterator
from typing import Any

from triage.model.incident import Incident
from triage.render.json import json_report

SURE = ("confirmed", "likely")
KINDS = ("repair", "upgrade", "preemption", "scale-down", "unrepaired")
PLANNED = ("upgrade", "preemption", "scale-down")


def document_of(incident: Incident) -> dict[str, Any]:
    """The incident as the JSON report holds it."""
    document: dict[str, Any] = json.loads(json_report(incident, redacted=False))
    return document


def breaches(document: dict[str, Any]) -> list[str]:
    """Everything in a report's JSON that breaks the contract, in sentences; empty where it holds."""
    return [
        *_numbers(document),
        *_verdict(document),
        *_causes(document),
        *_episodes(document),
        *_alerts(document),
        *_occurrences(document),
        *_lines(document),
    ]


def _numbers(value: Any, path: str = "$") -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path} is {value}"
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{key}")
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from _numbers(item, f"{path}[{i}]")


def _verdict(document: dict[str, Any]) -> Iterator[str]:
    verdict, causes = document["verdict"], document["causes"]
    if (verdict["cause"] is None) != (verdict["confidence"] == "insufficient"):
        yield "cause is null exactly when confidence is insufficient"
    if verdict["cause"] is None:
        if verdict["workload"] is not None or verdict["chain"]:
            yield "without a cause there is no workload and no chain"
        title = "No cause established" if document["episodes"] else "No node failure found"
        if verdict["title"] != title:
            yield f"the title says {verdict['title']!r}, not {title!r}"
        if causes:
            yield "without a cause in the verdict there is none in causes"
        return
    if not causes or causes[0]["signal"] != verdict["cause"] or verdict["chain"][:1] != [verdict["cause"]]:
        yield "verdict.cause, causes[0] and chain[0] agree"
    if len(set(verdict["chain"])) != len(verdict["chain"]):
        yield "no signal stands twice in the chain"
    yield from _suspect(document)


def _suspect(document: dict[str, Any]) -> Iterator[str]:
    verdict, first = document["verdict"], document["causes"][0]
    if verdict["workload"] is not None:
        listed = {w["name"]: w["basis"] for w in first["workloads"]}
        if verdict["workload"] not in listed:
            yield "the verdict's workload is among the suspects of its cause"
        elif listed[verdict["workload"]] == "co-location" and verdict["confidence"] == "confirmed":
            yield "co-location alone confirms nothing"
    unplanned = [e for e in document["episodes"] if e["kind"] not in PLANNED and not e.get("planned")]
    if len(unplanned or document["episodes"]) == 1 and verdict["confidence"] == "confirmed":
        yield "one episode alone reaches likely at most"


def _causes(document: dict[str, Any]) -> Iterator[str]:
    episodes = document["episodes"]
    unplanned = [e for e in episodes if not e.get("planned")]
    total = len(unplanned) if unplanned else len(episodes)
    for i, cause in enumerate(document["causes"]):
        name = cause["signal"]
        if cause["rank"] != i + 1:
            yield f"{name}: ranks run from one"
        if cause["episodes_total"] != total:
            yield f"{name}: episodes_total is {cause['episodes_total']}, not {total}"
        if cause["episodes_explained"] != sum(1 for e in (unplanned or episodes) if e["cause"] == name):
            yield f"{name}: episodes_explained counts the episodes that bear it"
        if not cause["evidence"]:
            yield f"{name}: a cause has evidence"
        if total < 2 and any(cause[key] is not None for key in ("rate_ratio", "q_value", "lead_time_s")):
            yield f"{name}: statistics are null below two episodes"
        if len({w["name"] for w in cause["workloads"]}) != len(cause["workloads"]):
            yield f"{name}: each suspect stands once"
    explained = [cause["episodes_explained"] for cause in document["causes"]]
    if explained != sorted(explained, reverse=True):
        yield "causes that explain more stand first"


def _episodes(document: dict[str, Any]) -> Iterator[str]:
    episodes = document["episodes"]
    keys = [(_sortable(e["start"]), e["node"]) for e in episodes]
    if keys != sorted(keys):
        yield "episodes sort by start, then node"
    for i, e in enumerate(episodes):
        if e["kind"] not in KINDS:
            yield f"episode {i}: kind {e['kind']!r}"
        if e["not_ready"] and _sortable(e["start"]) > _sortable(e["not_ready"]):
            yield f"episode {i} starts after it turned NotReady"
        if e["end"] and _sortable(e["end"]) < _sortable(e["start"]):
            yield f"episode {i} ends before it starts"
        if e["operation"] and e["kind"] != "repair":
            yield f"episode {i}: only a repair has a repair's operation"
        if e["node"].startswith("unknown:") and e["node_inferred"]:
            yield f"episode {i}: an unknown node was not inferred"
        if e["alerts"] != [a["id"] for a in document["alerts"] if a["episode"] == i]:
            yield f"episode {i}: its alerts are those that point at it"


def _alerts(document: dict[str, Any]) -> Iterator[str]:
    alerts, alignment = document["alerts"], document["alignment"]
    if len({a["id"] for a in alerts}) != len(alerts):
        yield "each alert stands once"
    for a in alerts:
        if a["episode"] is not None and not 0 <= a["episode"] < len(document["episodes"]):
            yield f"alert {a['id']} points at no episode"
        if a.get("slow_burn") and a["episode"] is not None:
            yield f"alert {a['id']} burns slowly and is tied all the same"
    if alignment["alerts"] != len(alerts) or alignment["aligned"] != sum(a["episode"] is not None for a in alerts):
        yield "the alignment counts the alerts, and those with an episode"
    if len(document["episodes"]) < 2 and (alignment["expected"] is not None or alignment["p_value"] is not None):
        yield "the alignment's statistics are null below two episodes"


def _occurrences(document: dict[str, Any]) -> Iterator[str]:
    for o in document["occurrences"]:
        if o["nodes"] != sorted(set(o["nodes"])):
            yield f"{o['signal']}: nodes are a sorted list of names"
        if o["count"] < 1 or _sortable(o["first"]) > _sortable(o["last"]):
            yield f"{o['signal']}: counted, first before last"


def _lines(document: dict[str, Any]) -> Iterator[str]:
    lines = [line for c in document["causes"] for line in c["evidence"]]
    lines += [line for e in document["episodes"] for line in e.get("evidence", [])]
    for line in lines:
        message = line["message"]
        if len(message) > 2000:
            yield "a message has at most 2,000 characters"
        if any(ord(ch) < 32 or ord(ch) == 127 for ch in message):
            yield "a message has no control characters"
        if line["console_url"] is not None and not line["console_url"].startswith("https://console.cloud.google.com/"):
            yield "a console link leads to the console"
        if line.get("mark") and not 0 <= line["mark"][0] < line["mark"][1] <= len(message):
            yield "a mark lies inside its message"


def _sortable(time: str) -> str:
    """An RFC 3339 time in UTC so that text order is time order, whatever its fraction digits."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}"
