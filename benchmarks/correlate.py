"""How long the correlator takes: 14 nodes over 7 days with 50,000 occurrences, and 1,000 nodes over 24 hours.

    python -m benchmarks.correlate            both sizes, time and peak memory of each in a process of its own
    python -m benchmarks.correlate week       one of them, in this process

Goals: under 5 s for the week; under 60 s and 2 GB for the thousand nodes.
"""

import random
import resource
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pandas as pd

from tests.correlate.build import DAY, LOGS, NOW, Story, pack
from triage.correlate import correlate
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import COVERAGE, PLACEMENTS, frame

SIZES = {"week": (14, 168, 50_000, 28), "thousand": (1000, 24, 50_000, 60)}
"""Nodes, hours, occurrences, episodes."""
NOISE = ("probe-failure", "conntrack-full", "pleg-unhealthy", "live-migration", "system-oom")


def make(nodes: int, hours: int, occurrences: int, episodes: int) -> Story:
    """A leak with that many deaths in a cluster of that size, under noise on every node."""
    rng = random.Random(5)
    story = Story(nodes=nodes, hours=hours)
    for i in range(episodes):
        node = story.node(rng.randrange(nodes))
        onset = 2 + (hours - 4) * i / episodes + rng.random() / 4
        story.refused(node, onset - 0.4, "shop/pdf", pod=f"pdf-{i}")
        story.see("pid-exhaustion", node, onset - 0.35, times=100, every_s=10)
        story.place("shop/pdf", node, first=max(0.0, onset - 5), last=onset, pod=f"pdf-{i}")
        story.dies(node, onset)
        for k in range(3):
            story.alert(f"{i}-{k}", onset + 0.05 * k)
    while len(story.occurrences) < occurrences:
        story.see(rng.choice(NOISE), story.node(rng.randrange(nodes)), rng.random() * hours)
    for i in range(nodes):
        for k in range(20):
            story.place(f"shop/w{rng.randrange(200)}", story.node(i), pod=f"w-{i}-{k}")
    return story


def chatter(story: Story) -> pd.DataFrame:
    """Coverage of every node and log in every bin."""
    bins = pd.date_range(DAY, DAY + timedelta(hours=story.hours), freq="5min", inclusive="left")
    index = pd.MultiIndex.from_product([story.names(), LOGS, bins], names=["node", "log_id", "bin"])
    table = index.to_frame(index=False)
    table = table.assign(resource_type="k8s_node", count=3, first=table["bin"], last=table["bin"])
    return frame(COVERAGE, table)


def run(name: str) -> None:
    """Correlate one size and print what it took."""
    story = make(*SIZES[name])
    story.silent_logs = True
    evidence = replace(story.evidence(), coverage=chatter(story))
    occurrences, placements = frame(OCCURRENCES, story.occurrences), frame(PLACEMENTS, story.placements)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    incident = correlate(evidence, occurrences, placements, pack(), now=NOW)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    verdict = incident.verdict
    print(
        f"{name:9} {len(occurrences):,} occurrences, {len(incident.episodes)} episodes: {seconds:.2f} s, "
        f"peak {peak:.0f} MB ({before:.0f} MB of it the evidence) – {verdict.title}, {verdict.confidence}"
    )


def main() -> None:
    """Run the size that is named, else each in a process of its own."""
    if len(sys.argv) > 1:
        run(sys.argv[1])
        return
    for name in SIZES:
        subprocess.run([sys.executable, "-m", "benchmarks.correlate", name], check=True)


if __name__ == "__main__":
    main()
