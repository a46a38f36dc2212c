"""Compares a JSON report with the truth of a simulated incident."""

from dataclasses import dataclass, field
from typing import Any

from triage.units import parse_ns

CONFIDENT = {"confirmed", "likely"}
RANK = {"insufficient": 0, "possible": 1, "likely": 2, "confirmed": 3}
NEAR = 90 * 10**9
"""Nanoseconds by which a NotReady or an alert may differ and still be the same."""

CLOSE = 0.1
"""By how much a share of a budget may differ: it is measured in steps of minutes."""


@dataclass
class Marks:
    """What of a report is right."""

    incident: str
    cause: str | None
    workload: str | None
    confidence: str
    cause_right: bool
    suspect_right: bool
    confidence_right: bool
    suspect_known: bool
    """Whether the evidence holds the suspect."""
    episodes_missed: list[str] = field(default_factory=list)
    episodes_extra: list[str] = field(default_factory=list)
    kinds_wrong: list[str] = field(default_factory=list)
    causes_wrong: list[str] = field(default_factory=list)
    alerts_wrong: list[str] = field(default_factory=list)
    budgets_wrong: list[str] = field(default_factory=list)
    alerts: int = 0
    episodes: int = 0

    @property
    def confident_and_wrong(self) -> bool:
        """The worst that a report can be: sure, and wrong about the cause or about whom it blames."""
        blames_wrongly = self.workload is not None and not self.suspect_right
        return self.confidence in CONFIDENT and (not self.cause_right or blames_wrongly)

    @property
    def all_right(self) -> bool:
        """Nothing at all to complain about."""
        found = (self.episodes_missed, self.episodes_extra, self.kinds_wrong, self.causes_wrong)
        wrong = (*found, self.alerts_wrong, self.budgets_wrong)
        return self.cause_right and self.suspect_right and self.confidence_right and not any(wrong)


def judge(report: dict[str, Any], truth: dict[str, Any]) -> Marks:
    """Mark a report (the JSON contract) against `truth.json`."""
    verdict, right = report["verdict"], truth["verdict"]
    cause_right = verdict["cause"] in right["causes"] if right["causes"] else verdict["cause"] is None
    marks = Marks(
        truth["incident"],
        verdict["cause"],
        verdict["workload"],
        verdict["confidence"],
        cause_right=cause_right,
        suspect_right=verdict["workload"] in right["workloads"],
        confidence_right=verdict["confidence"] in right["confidences"],
        suspect_known=None not in right["workloads"],
        episodes=len(truth["episodes"]),
        alerts=len(truth["alerts"]) if "alerts" in truth["files"] else 0,
    )
    # Where all episodes share a cause, what is as good for the verdict is as good for each.
    shared = len({episode["cause"] for episode in truth["episodes"]}) == 1
    pairs = _pair(report["episodes"], truth["episodes"], set(right["causes"]) if shared else set(), marks)
    if "alerts" in truth["files"]:
        _judge_alerts(report["alerts"], truth["alerts"], pairs, marks)
    if truth.get("budget") and truth["episodes"]:
        _judge_budgets(report["alignment"].get("budget") or [], truth["budget"], marks)
    return marks


def _pair(
    found: list[dict[str, Any]], true: list[dict[str, Any]], as_good: set[str | None], marks: Marks
) -> dict[int, int]:
    """Index of each true episode to that of the report's, with what is missing, extra or misjudged noted."""
    pairs: dict[int, int] = {}
    for index, episode in enumerate(true):
        fits = [
            number for number, each in enumerate(found) if number not in pairs.values() and _same_episode(each, episode)
        ]
        label = f"{episode['node'][-4:]} {(episode['not_ready'] or episode['start'])[11:16]}"
        if not fits:
            marks.episodes_missed.append(label)
            continue
        match = found[fits[0]]
        pairs[index] = fits[0]
        if match["kind"] != episode["kind"]:
            marks.kinds_wrong.append(f"{label} {match['kind']} for {episode['kind']}")
        if match["cause"] not in {episode["cause"], None} | as_good and episode["kind"] in {"repair", "unrepaired"}:
            marks.causes_wrong.append(f"{label} {match['cause']} for {episode['cause']}")
    marks.episodes_extra += [
        f"{each['node'][-4:]} {each['start'][11:16]}" for n, each in enumerate(found) if n not in pairs.values()
    ]
    return pairs


def _same_episode(found: dict[str, Any], true: dict[str, Any]) -> bool:
    if true["operation"] and found["operation"] == true["operation"] and found["node"].startswith("unknown:"):
        return True
    if found["node"] != true["node"]:
        return False
    if true["not_ready"] and found["not_ready"]:
        return abs(parse_ns(found["not_ready"]) - parse_ns(true["not_ready"])) <= NEAR
    until = parse_ns(true["end"]) if true["end"] else None
    started = parse_ns(found["start"])
    return parse_ns(true["start"]) - 40 * NEAR <= started and (until is None or started <= until)


def _judge_alerts(found: list[dict[str, Any]], true: list[dict[str, Any]], pairs: dict[int, int], marks: Marks) -> None:
    taken: set[int] = set()
    for alert in true:
        fits = [n for n, each in enumerate(found) if n not in taken and _same_alert(each, alert)]
        label = f"{alert['service']} {alert['opened'][11:16]}"
        if not fits:
            marks.alerts_wrong.append(f"{label} not seen")
            continue
        taken.add(fits[0])
        expected = None if alert["episode"] is None else pairs.get(alert["episode"], -1)
        if found[fits[0]]["episode"] != expected:
            marks.alerts_wrong.append(f"{label} tied to {found[fits[0]]['episode']}, belongs to {expected}")
    marks.alerts_wrong += [f"{each['id'][-24:]} is none" for n, each in enumerate(found) if n not in taken]


def _judge_budgets(found: list[dict[str, Any]], true: list[dict[str, Any]], marks: Marks) -> None:
    """The share of each service's burned budget inside the episodes, and how much burned, where the report says it."""
    told = {row["service"]: row for row in found}
    for row in true:
        mine = told.get(row["service"])
        if mine is None or mine["share"] is None:
            marks.budgets_wrong.append(f"{row['service']} not told")
            continue
        if abs(mine["share"] - row["in_episodes"]) > CLOSE:
            marks.budgets_wrong.append(f"{row['service']} {mine['share']:.0%} for {row['in_episodes']:.0%}")
        if mine.get("burned") is not None and abs(mine["burned"] - row["burned"]) > max(0.002, CLOSE * row["burned"]):
            marks.budgets_wrong.append(f"{row['service']} {mine['burned']:.1%} burned for {row['burned']:.1%}")


def _same_alert(found: dict[str, Any], true: dict[str, Any]) -> bool:
    if true["id"] is not None:
        return bool(found["id"] == true["id"])
    near = abs(parse_ns(found["opened"]) - parse_ns(true["opened"])) <= NEAR
    return near and found["service"] in {true["service"], None}
