"""What each rule of the correlator earns: `python -m benchmarks.ablation [INCIDENT]... [OPTION]...`.

Small incidents of the test bed are made, read and searched once. Then each rule is switched off in turn and every
incident is correlated again. Beside the incidents as they were, three kinds of evidence on which no confident answer
is right show what a rule is worth where it matters most:

- knock-outs (`benchmarks.knockouts`): the cause's lines gone, placements shuffled, repairs moved; a verdict follows;
- nulls: the failures moved to other nodes and times while the lines stay; `likely` or better is a false alarm.

Printed is what changes against the correlator as it is. A rule whose row is empty earned nothing here – alone: many
rules stand behind each other, so what an empty row proves is that another rule caught the same cases, and what a rule
catches that these incidents don't hold stands in `tests/correlate`.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.accuracy import DESCRIPTIONS, made, played
from benchmarks.judging import CONFIDENT, Marks, judge
from benchmarks.knockouts import KNOCKOUTS, applies
from benchmarks.rules import PICTURE, RULES, Off, weighed
from fixtures.simulate import catalogue
from fixtures.simulate.world import World
from tests.correlate.knockouts import Case, with_moved_failures
from triage.correlate import correlate
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.render import render
from triage.signals import detect, identify, load_pack
from triage.sources.files.read import read_evidence
from triage.sources.plan import make_plan

INCIDENTS = (
    "co-location-tie",
    "conntrack-full",
    "evictions",
    "host-error",
    "lone-repair",
    "no-cause",
    "pid-leak-co-location",
    "pid-leak-direct",
    "pid-limit-pod",
    "runtime-hung-together",
    "system-oom-daemonset",
    "two-causes",
    "upgrade-and-fault",
    "zombies-probe-only",
)
"""One of each family, and the hard ones: every rule should have something to do."""
ROBBED = ("without the cause", "placements shuffled", "names shuffled", "repairs moved")
NULLS = 1
"""How often each incident's failures are moved."""

Report = dict[str, Any]


@dataclass(frozen=True)
class Tried:
    """Evidence in memory, the report on it, and the rules without which that report could be another one."""

    case: Case
    report: Report
    weighed: frozenset[str]


@dataclass
class Kept:
    """One incident in memory: as it was, robbed, and with its failures moved."""

    name: str
    truth: dict[str, Any]
    plain: Tried
    robbed: list[tuple[str, Tried, Callable[[Report], bool]]] = field(default_factory=list)
    nulls: list[Tried] = field(default_factory=list)


@dataclass(frozen=True)
class Score:
    """What came out right (sets of incidents) and wrong (sets of what must not be)."""

    cause: frozenset[str]
    suspect: frozenset[str]
    confidence: frozenset[str]
    episodes: int
    alerts: int
    confident_and_wrong: frozenset[str]
    unmoved: frozenset[str]
    """Knock-outs that the verdict does not follow."""
    false_alarms: frozenset[str]


def keep(path: Path, reseed: int, pack: Pack, scratch: Path, *, plain: bool = False) -> Kept:
    """Make an incident and (unless `plain`) its knock-outs and nulls, and search each once."""
    world = played(path, reseed)
    truth = made(world, scratch / path.stem)
    case = _read(scratch / path.stem, truth, pack)
    kept = Kept(path.stem, truth, tried(case, truth, pack))
    before = kept.plain.report
    if plain:
        return kept
    for name in ROBBED:
        rob, consequence = KNOCKOUTS[name]
        robbed = played(path, reseed)
        if applies(name, robbed, before):
            rob(robbed)
            found = _read(scratch / f"{path.stem}-robbed", made(robbed, scratch / f"{path.stem}-robbed"), pack)
            kept.robbed.append((name, tried(found, truth, pack), _follows(consequence, before, robbed)))
    # What serves badly without going down has no failures to move.
    if any(e["kind"] in {"repair", "unrepaired"} and e["not_ready"] for e in truth["episodes"]):
        moved = [with_moved_failures(case, seed, times=True) for seed in range(NULLS)]
        kept.nulls = [tried(each, truth, pack) for each in moved]
    return kept


def _follows(
    consequence: Callable[[Report, Report, World], bool], before: Report, world: World
) -> Callable[[Report], bool]:
    return lambda report: consequence(report, before, world)


def _read(directory: Path, truth: dict[str, Any], pack: Pack) -> Case:
    start, end = (datetime.fromisoformat(truth["window"][side]) for side in ("start", "end"))
    ask = Ask(truth["cluster"], truth["project"], None, start, end)
    evidence = read_evidence(directory, ask, make_plan(pack))
    identities = identify(evidence)
    return evidence, detect(evidence, pack, identities), identities.placements


def report_on(case: Case, truth: dict[str, Any], pack: Pack) -> Report:
    """The JSON report that the correlator, as it stands now, makes of kept evidence."""
    with PICTURE.switched():
        incident = correlate(*case, pack, now=datetime.fromisoformat(truth["window"]["end"]))
    report: Report = json.loads(render(incident, "json", redact=False))
    return report


def tried(case: Case, truth: dict[str, Any], pack: Pack) -> Tried:
    """Correlate once with all rules, and note which had a part in it."""
    with weighed(RULES) as rules:
        report = report_on(case, truth, pack)
    unmet = {f"gate, {gate['level']}: {gate['rule']}" for gate in report["verdict"]["gates"] if not gate["met"]}
    return Tried(case, report, frozenset(rule for rule in rules if not rule.startswith("gate, ") or rule in unmet))


def score(incidents: Sequence[Kept], pack: Pack, off: Off | None = None) -> Score:
    """Count what is right, with one rule switched off; only where it had a part is anything correlated again."""

    def report_without(each: Tried, truth: dict[str, Any]) -> Report:
        return report_on(each.case, truth, pack) if off and off.rule in each.weighed else each.report

    marked: dict[str, Marks] = {}
    unmoved, alarms = set(), set()
    for kept in incidents:
        marked[kept.name] = judge(report_without(kept.plain, kept.truth), kept.truth)
        for name, each, follows in kept.robbed:
            if not follows(report_without(each, kept.truth)):
                unmoved.add(f"{kept.name} {name}")
        for number, each in enumerate(kept.nulls):
            if report_without(each, kept.truth)["verdict"]["confidence"] in CONFIDENT:
                alarms.add(f"{kept.name} #{number}")
    marks = marked.values()
    return Score(
        cause=frozenset(n for n, m in marked.items() if m.cause_right),
        suspect=frozenset(n for n, m in marked.items() if m.suspect_right),
        confidence=frozenset(n for n, m in marked.items() if m.confidence_right),
        episodes=sum(m.episodes - len(m.episodes_missed) - len(m.episodes_extra) - len(m.kinds_wrong) for m in marks),
        alerts=sum(m.alerts - len(m.alerts_wrong) for m in marks),
        confident_and_wrong=frozenset(n for n, m in marked.items() if m.confident_and_wrong),
        unmoved=frozenset(unmoved),
        false_alarms=frozenset(alarms),
    )


COLUMNS = ("cause", "suspect", "level", "episodes", "alerts", "CONF+WRONG", "unmoved", "null alarms")


def numbers(found: Score) -> tuple[int, ...]:
    """One number a column."""
    sets = (found.cause, found.suspect, found.confidence)
    bad = (found.confident_and_wrong, found.unmoved, found.false_alarms)
    return (*map(len, sets), found.episodes, found.alerts, *map(len, bad))


def row(rule: str, cells: Sequence[str]) -> str:
    """One line of the table."""
    return f"{rule[:64]:<65}" + "".join(
        f"{cell:>{max(len(title), 5) + 2}}" for title, cell in zip(COLUMNS, cells, strict=True)
    )


def changes(base: Score, now: Score) -> Iterator[str]:
    """Which incidents it cost (or won), one line a column."""
    for title, good, bad in (
        ("cause lost", base.cause - now.cause, now.cause - base.cause),
        ("suspect lost", base.suspect - now.suspect, now.suspect - base.suspect),
        ("level lost", base.confidence - now.confidence, now.confidence - base.confidence),
        ("confident and wrong", now.confident_and_wrong - base.confident_and_wrong, frozenset[str]()),
        ("verdict stays", now.unmoved - base.unmoved, base.unmoved - now.unmoved),
        ("null alarms", now.false_alarms - base.false_alarms, base.false_alarms - now.false_alarms),
    ):
        if good or bad:
            won = f" (and better: {', '.join(sorted(bad))})" if bad else ""
            yield f"      {title}: {', '.join(sorted(good)) or '-'}{won}"


def ablate(incidents: Sequence[Kept], rules: Sequence[Off], pack: Pack, *, verbose: bool) -> list[str]:
    """Print the table; returns the rules that changed nothing."""
    base = score(incidents, pack)
    print(row("", COLUMNS))
    print(row("as it is", [str(n) for n in numbers(base)]), flush=True)
    idle = []
    for off in rules:
        with off.switched():
            now = score(incidents, pack, off)
        deltas = [after - before for before, after in zip(numbers(base), numbers(now), strict=True)]
        told = list(changes(base, now))
        print(row(off.rule, [f"{delta:+d}" if delta else "." for delta in deltas]), flush=True)
        if verbose and told:
            print("\n".join(told), flush=True)
        if not told and not any(deltas):
            idle.append(off.rule)
    return idle


def main() -> int:
    """Keep the incidents, then go through the rules."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="incidents of the test bed (a set of them by default)")
    parser.add_argument("--rule", action="append", default=[], help="only rules whose wording holds this text")
    parser.add_argument("--reseed", type=int, default=0, help="add this to each seed: another day of the same kind")
    parser.add_argument("--plain", action="store_true", help="the incidents as they were alone: a quarter of the time")
    parser.add_argument("--verbose", action="store_true", help="name the incidents that a rule is worth")
    options = parser.parse_args()
    known, pack = catalogue(DESCRIPTIONS), load_pack(())
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no such incident: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="ablation-") as scratch:
        incidents = [
            keep(known[name], options.reseed, pack, Path(scratch), plain=options.plain)
            for name in options.names or INCIDENTS
        ]
    robbed, nulls = sum(len(k.robbed) for k in incidents), sum(len(k.nulls) for k in incidents)
    print(f"{len(incidents)} incidents, {robbed} knock-outs, {nulls} with their failures moved\n")
    rules = [off for off in RULES if not options.rule or any(text in off.rule for text in options.rule)]
    idle = ablate(incidents, rules, pack, verbose=options.verbose)
    print("\nChanged nothing here: " + ("; ".join(idle) or "none"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
