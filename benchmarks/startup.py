"""Start-up: `triage --help` beside `gcloud --help`, whole processes, in one run.

Run: `python -m benchmarks.startup [--runs N]`.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path


def seconds(command: list[str], runs: int) -> list[float]:
    """Wall-clock seconds of each of `runs` runs, after one to warm the disk's cache."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return times[1:]


def main() -> None:
    """Print medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    triage = str(Path(sys.executable).with_name("triage"))
    ours = statistics.median(seconds([triage, "--help"], runs))
    print(f"triage --help   {ours:.2f} s")
    if gcloud := shutil.which("gcloud"):
        theirs = statistics.median(seconds([gcloud, "--help"], runs))
        print(f"gcloud --help   {theirs:.2f} s   ratio {ours / theirs:.2f}")
    else:
        print("gcloud is not installed: no comparison")


if __name__ == "__main__":
    main()
