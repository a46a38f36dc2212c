"""What a signal more costs: `python -m benchmarks.detect [--entries 1000000] [--signals 1 10 60] [--rounds 3]`.

Generates entries (`benchmarks.entries`), then reads them through the file source and detects, with packs of several
sizes: the bundled signals, filled up with made-up ones where more are asked for. Prints for each pack the best time of
some rounds – the read, who is who, the detection – and entries a second, beside a bare DuckDB scan of the same file.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import duckdb

from benchmarks.entries import CLUSTER, write_entries
from triage.model.place import Ask
from triage.model.signal import Pack
from triage.signals import detect, identify, load_pack
from triage.sources.files.read import read_evidence
from triage.sources.plan import make_plan

MADE_UP = """\
id: made-up-{number}
title: Made-up failure {number}
status: test
role: symptom
severity: low
description: Fills a pack up to a size.
detect:
  - {{name: kernel, stream: kernel, filter: 'jsonPayload.MESSAGE=~"flux[0-9]+ capacitor {number} (drained|stuck)"'}}
  - {{name: kubelet, stream: kubelet, filter: 'jsonPayload.MESSAGE:"cannot align warp coil {number}"'}}
  - name: container
    stream: container
    filter: 'textPayload:"warp core {number} breached" AND NOT textPayload:"drill"'
  - {{name: event, stream: events, filter: 'jsonPayload.reason="WarpCoreBreach{number}"'}}
summary: "{{node}}: made up"
"""


def packs(sizes: list[int], directory: Path) -> list[Pack]:
    """Packs of so many signals: `pid-exhaustion` first, then the bundled ones, then made-up ones."""
    bundled = len(load_pack().signals)
    for number in range(max(0, max(sizes) - bundled)):
        (directory / f"made-up-{number}.yaml").write_text(MADE_UP.format(number=number), encoding="utf-8")
    pack = load_pack([directory])
    ordered = sorted(pack.signals, key=lambda signal: (signal.id.startswith("made-up"), signal.id != "pid-exhaustion"))
    found = []
    for size in sizes:
        chosen = tuple(ordered[:size])
        ids = {signal.id for signal in chosen} | {"keep"}
        wanted = {key: found for key, found in pack.wanted.items() if key.partition("/")[0] in ids}
        found.append(replace(pack, signals=chosen, wanted=wanted))
    return found


def run(path: Path, pack: Pack) -> tuple[list[float], int, int]:
    """Seconds for the plan and read, for identities, for detection; entries kept, occurrences found."""
    times = [time.perf_counter()]
    evidence = read_evidence(path, Ask(CLUSTER, since=timedelta(days=2)), make_plan(pack))
    times.append(time.perf_counter())
    identities = identify(evidence)
    times.append(time.perf_counter())
    occurrences = detect(evidence, pack, identities)
    times.append(time.perf_counter())
    return (
        [after - before for before, after in pairwise(times)],
        len(evidence.entries),
        len(occurrences),
    )


def bare_scan(path: Path) -> float:
    """Seconds that DuckDB takes to read the file and count one field."""
    began = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(
            "SELECT count(json_extract_string(json, '$.resource.type')) FROM "
            f"read_json_objects('{path}', format = 'newline_delimited')"
        ).fetchall()
    return time.perf_counter() - began


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--signals", type=int, nargs="+", default=[1, 10, 60])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as own:
        path = Path(made) / "entries.ndjson"
        write_entries(path, asked.entries)
        print(f"{asked.entries:,} entries, {path.stat().st_size / 1e6:,.0f} MB")
        print(f"bare scan {min(bare_scan(path) for _ in range(asked.rounds)):.2f} s")
        first = None
        for pack in packs(asked.signals, Path(own)):
            rounds = [run(path, pack) for _ in range(asked.rounds)]
            spent, kept, found = min(rounds, key=lambda one: sum(one[0]))
            total = sum(spent)
            first = first or total
            print(
                f"{len(pack.signals):>3} signals: {total:6.2f} s (read {spent[0]:.2f}, identities {spent[1]:.2f}, "
                f"detection {spent[2]:.2f}), {asked.entries / total:,.0f} entries/s, {total / first:.2f}× the first; "
                f"{kept:,} kept, {found:,} occurrences"
            )


if __name__ == "__main__":
    main()
