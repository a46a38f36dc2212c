"""What every call costs before it has read much, whole processes, in one run.

`triage --help` beside `gcloud --help`; then `triage incident` over 200 entries, which is the fixed cost of a report,
beside the bare import of the libraries that it cannot do without.

Run: `python -m benchmarks.startup [--runs N]`.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.entries import write_entries
from benchmarks.million import Run, run, triage

_ENTRIES = 200
_LIBRARIES = "import duckdb, pandas, pydantic, typer"


def seconds(command: list[str], runs: int) -> list[float]:
    """Wall-clock seconds of each of `runs` runs, after one to warm the disk's cache."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return times[1:]


def fixed(runs: int) -> tuple[Run, Run]:
    """The cheapest run of a report over few entries, and of the libraries alone, taken in turn; one more warms up."""
    with tempfile.TemporaryDirectory() as directory:
        write_entries(Path(directory) / "entries.ndjson", _ENTRIES)
        commands = (triage(Path(directory)), [sys.executable, "-c", _LIBRARIES])
        rounds = [[run(command) for command in commands] for _ in range(runs + 1)][1:]
    report, libraries = (min(found, key=lambda one: one.cpu) for found in zip(*rounds, strict=True))
    return report, libraries


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    program = str(Path(sys.executable).with_name("triage"))
    ours = statistics.median(seconds([program, "--help"], runs))
    print(f"triage --help   {ours:.2f} s")
    if gcloud := shutil.which("gcloud"):
        theirs = statistics.median(seconds([gcloud, "--help"], runs))
        print(f"gcloud --help   {theirs:.2f} s   ratio {ours / theirs:.2f}")
    else:
        print("gcloud is not installed: no comparison")
    report, libraries = fixed(runs)
    print(f"incident, {_ENTRIES} entries   {report.cpu:.2f} CPU s, {report.seconds:.2f} s, {report.megabytes:.0f} MB")
    print(f"its libraries alone     {libraries.cpu:.2f} CPU s   ratio {report.cpu / libraries.cpu:.2f}")


if __name__ == "__main__":
    main()
