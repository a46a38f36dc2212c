"""How often the verdict is right: `python -m benchmarks.accuracy [NAME]... [OPTION]...`.

Makes every described incident (the committed ones and the test bed) in a temporary directory, runs the same flow as
`triage incident --from DIR --format json`, and prints one line per incident: cause, suspect, confidence, episodes and
alerts, right (ok) or wrong, then totals. With `--knockouts` each confident verdict is tried again on evidence that was
robbed of what it stood on; with `--reseed N` other days of the same kind are made, which nobody has looked at. Ends
with status 1 where a report was confident and wrong.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.judging import Marks, judge
from benchmarks.knockouts import KNOCKOUTS, applies
from fixtures.simulate import catalogue, load, simulate, write
from fixtures.simulate.world import World
from triage.incident import investigate
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.render import render
from triage.signals import load_pack

DESCRIPTIONS = Path(__file__).resolve().parent.parent / "fixtures" / "descriptions"


def report_on(directory: Path, truth: dict[str, Any], pack: Pack) -> dict[str, Any]:
    """The JSON report on an evidence directory, over the window of its truth."""
    window = truth["window"]
    start, end = (datetime.fromisoformat(window[side]) for side in ("start", "end"))
    ask = Ask(truth["cluster"], truth["project"], None, start, end)
    found: dict[str, Any] = json.loads(render(investigate(directory, ask, pack, now=end), "json", redact=False))
    return found


def made(world: World, directory: Path) -> dict[str, Any]:
    """Write the world and return its truth."""
    write(world, directory)
    truth: dict[str, Any] = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
    return truth


def line(marks: Marks, spent: float) -> str:
    """One row of the table."""

    def cell(text: str | None, right: bool, width: int) -> str:
        return f"{'ok' if right else 'NO':<3}{(text or '-'):<{width}}"

    episodes = marks.episodes - len(marks.episodes_missed)
    extra = f"+{len(marks.episodes_extra)}" if marks.episodes_extra else ""
    right_alerts = marks.alerts - len(marks.alerts_wrong)
    return (
        f"{marks.incident:<31}{cell(marks.cause, marks.cause_right, 25)}"
        f"{cell(marks.workload, marks.suspect_right, 24)}{cell(marks.confidence, marks.confidence_right, 13)}"
        f"{f'{episodes}/{marks.episodes}{extra}':<9}{f'{right_alerts}/{marks.alerts}':<8}{spent:5.1f} s"
        f"{'  CONFIDENT AND WRONG' if marks.confident_and_wrong else ''}"
    )


def details(marks: Marks) -> list[str]:
    """What exactly is wrong, one line a kind."""
    kinds = {
        "episodes missed": marks.episodes_missed,
        "episodes that were none": marks.episodes_extra,
        "kinds wrong": marks.kinds_wrong,
        "causes of episodes wrong": marks.causes_wrong,
        "alerts wrong": marks.alerts_wrong,
        "budgets wrong": marks.budgets_wrong,
    }
    return [f"      {kind}: {'; '.join(items)}" for kind, items in kinds.items() if items]


def totals(all_marks: list[Marks]) -> str:
    """The shares that matter."""

    def share(items: list[bool]) -> str:
        return f"{sum(items)}/{len(items)}" + (f" ({sum(items) / len(items):.0%})" if items else "")

    known = [marks.suspect_right for marks in all_marks if marks.suspect_known]
    episodes = sum(marks.episodes for marks in all_marks)
    missed = sum(len(marks.episodes_missed) for marks in all_marks)
    alerts, wrong = sum(m.alerts for m in all_marks), sum(len(m.alerts_wrong) for m in all_marks)
    return "\n".join(
        (
            f"cause right              {share([marks.cause_right for marks in all_marks])}",
            f"suspect right            {share([marks.suspect_right for marks in all_marks])}",
            f"  where evidence has it  {share(known)}",
            f"confidence as expected   {share([marks.confidence_right for marks in all_marks])}",
            f"confident and wrong      {sum(marks.confident_and_wrong for marks in all_marks)}",
            f"episodes found           {episodes - missed}/{episodes}, "
            f"{sum(len(marks.episodes_extra) for marks in all_marks)} that were none",
            f"alerts as they belong    {alerts - wrong}/{alerts}",
        )
    )


def played(path: Path, reseed: int) -> World:
    """The world of a description, with its own seed or another."""
    described = load(path)
    described.seed += reseed
    return simulate(described)


def knocked_out(path: Path, reseed: int, before: dict[str, Any], pack: Pack, directory: Path) -> dict[str, bool]:
    """Each knock-out that applies to an incident, and whether its report drew the consequence."""
    results = {}
    for name, (rob, consequence) in KNOCKOUTS.items():
        world = played(path, reseed)
        if applies(name, world, before):
            rob(world)
            report = report_on(directory, made(world, directory), pack)
            results[name] = consequence(report, before, world)
    return results


def main() -> int:
    """Run the table, then the knock-outs."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="an incident, as `python -m fixtures.simulate --list` names it"
    )
    parser.add_argument("--knockouts", action="store_true", help="take the evidence away and look again")
    parser.add_argument("--only-wrong", action="store_true", help="print only incidents with something wrong")
    parser.add_argument("--reseed", type=int, default=0, help="add this to each seed: another day of the same kind")
    parser.add_argument("--keep", type=Path, help="leave the incidents in this directory")
    options = parser.parse_args()
    known = catalogue(DESCRIPTIONS)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no such incident: {', '.join(unknown)}")
    paths = [known[name] for name in options.names] or list(known.values())
    pack, marked, robbed = load_pack(()), [], []
    with tempfile.TemporaryDirectory(prefix="accuracy-") as scratch:
        for path in paths:
            directory = (options.keep or Path(scratch)) / path.stem
            truth = made(played(path, options.reseed), directory)
            began = time.perf_counter()
            report = report_on(directory, truth, pack)
            marks = judge(report, truth)
            marked.append(marks)
            if not (options.only_wrong and marks.all_right):
                print(line(marks, time.perf_counter() - began))
                print("\n".join(details(marks)), end="\n" if details(marks) else "")
            if options.knockouts:
                for name, right in knocked_out(path, options.reseed, report, pack, Path(scratch) / "robbed").items():
                    robbed.append((name, right))
                    print(f"      {name}: {'the verdict follows' if right else 'THE VERDICT STAYS'}")
    print(f"\n{totals(marked)}")
    for name in KNOCKOUTS:
        results = [right for each, right in robbed if each == name]
        if results:
            print(f"{name:<25}{sum(results)}/{len(results)} verdicts follow")
    return 1 if any(marks.confident_and_wrong for marks in marked) else 0


if __name__ == "__main__":
    sys.exit(main())
