"""Incidents by lot: whatever the evidence, the report holds its contract, and comes out the same again."""

import os
import random

import pytest

from tests.correlate.build import ALL, Story, pack
from tests.correlate.contract import breaches, document_of

RUNS = 150 if os.environ.get("TRIAGE_FULL_NULL") else 12


def by_lot(seed: int) -> Story:
    """Failures, repairs, signals, pods and alerts anywhere, some of them contradictory."""
    rng = random.Random(seed)
    present = frozenset(name for name in ALL if rng.random() < 0.8)
    story = Story(nodes=rng.randint(1, 8), hours=rng.choice([3, 24, 60]), present=present)
    story.silent_logs = rng.random() < 0.2
    failures(story, rng)
    signs(story, rng)
    return story


def failures(story: Story, rng: random.Random) -> None:
    for _ in range(rng.randint(0, 6)):
        node, start = rng.choice(story.names()), rng.random() * story.hours
        story.goes_down(node, start, back=start + rng.random() if rng.random() < 0.7 else None)
        if rng.random() < 0.6:
            named = node if rng.random() < 0.4 else None
            end = start + 0.3 if rng.random() < 0.8 else None
            story.repair(
                start + rng.uniform(0, 0.4),
                end and max(end, start + 0.41),
                node=named,
                pool=rng.choice(["pool-1", "pool-2"]),
            )
        if rng.random() < 0.3:
            story.annotate(node, start + 0.2, rng.choice(["AUTO_REPAIR_NODES", "UPGRADE_NODES"]))
        if rng.random() < 0.3:
            story.recreate(node, start + 0.1, "instance should be RUNNING, but it doesn't exist")


def signs(story: Story, rng: random.Random) -> None:
    names = story.names()
    ids = [s.id for s in pack().signals]

    def hour() -> float:
        return rng.random() * story.hours

    for _ in range(rng.randint(0, 40)):
        more = {"mechanism": rng.random() < 0.7, "stream": rng.choice(["kernel", "events", "metric", "container"])}
        if rng.random() < 0.4:
            more |= {"workload": f"shop/w{rng.randint(0, 3)}", "pod": "p", "namespace": "shop", "basis": "cgroup"}
            more["message"] = "cgroup: fork rejected by pids controller in /kubepods/podx"
        node = rng.choice([*names, None])
        story.see(rng.choice(ids), node, hour(), times=rng.randint(1, 6), clears=rng.random() < 0.05, **more)
    for _ in range(rng.randint(0, 30)):
        first = hour()
        kind = rng.choice(["Deployment", "DaemonSet", None])
        story.place(f"shop/w{rng.randint(0, 5)}", rng.choice(names), first, first + rng.random() * 5, kind=kind)
    for i in range(rng.randint(0, 10)):
        more = {"closed": None} if rng.random() < 0.3 else {}
        story.alert(
            f"a{i}", hour(), rng.choice(["cart", "w1", None]), lookback_s=rng.choice([None, 3600.0, 21600.0]), **more
        )
    for _ in range(rng.randint(0, 3)):
        start, node = hour(), rng.choice(names)
        story.measure(
            "pid_used", node, [(start + k / 12, rng.choice([float("nan"), rng.random() * 9e4])) for k in range(20)]
        )


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_happened_the_report_holds_its_contract(seed):
    incident = by_lot(seed).tell()
    assert breaches(document_of(incident)) == []
    assert by_lot(seed).tell() == incident
