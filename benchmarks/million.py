"""One million log entries from NDJSON to a JSON report, beside a bare DuckDB scan and `jq` with two filters.

    python -m benchmarks.million [--entries N] [--directory DIR] [--no-jq]

Prints a Markdown table: seconds, entries a second, peak memory, and how much slower than the bare scan of the same file
in the same run. Then the same command at a quarter and a half of the entries, to show that time grows in proportion.
The goals: at least ten times as fast as jq, at most twice the bare scan, under 1 GB, linear. Compare within one run,
and CPU seconds where the machine is busy. docs/decisions/0007 says where the time goes, and which goals are missed.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.entries import CLUSTER, write_entries

BARE = """
import sys, duckdb
print(duckdb.sql(f"SELECT severity, count(*) FROM read_json('{sys.argv[1]}', format = 'newline_delimited', "
                 "columns = {severity: 'VARCHAR'}) GROUP BY 1").fetchall())
"""
JQ = {
    "one field, as it is spelt": 'select((.jsonPayload.MESSAGE // "") | contains("resource temporarily unavailable"))',
    "one signal's words, as a filter means them": (
        'select((.jsonPayload.MESSAGE // .jsonPayload.message // .textPayload // "") '
        '| test("fork/exec .*resource temporarily unavailable|fork rejected by pids controller"; "i"))'
    ),
}
"""The cheapest filter that one may write, and one that finds what a restriction of the query language finds: in any
letter case, wherever a program's words stand."""


@dataclass(frozen=True)
class Run:
    """One measured process."""

    seconds: float
    cpu: float
    megabytes: float


def run(command: list[str]) -> Run:
    """Run a command to its end, its output thrown away. Raises SystemExit where it fails."""
    with Path(os.devnull).open("w") as nowhere:
        start = time.perf_counter()
        process = os.posix_spawnp(
            command[0], command, _environment(), file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        )
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)[:200]}: exit status {os.waitstatus_to_exitcode(status)}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _environment() -> dict[str, str]:
    """Ours, but for what keeps a checkout from being compiled once, as an installed package is."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def triage(directory: Path) -> list[str]:
    """The whole command, from evidence to a JSON report on standard output."""
    call = "from triage.cli import main; main()"
    options = ["--cluster", CLUSTER, "--from", str(directory), "--format", "json", "--output", "-", "--quiet"]
    return [sys.executable, "-c", call, "incident", *options]


def best(command: list[str], times: int) -> Run:
    """The fastest of a few runs: the others were disturbed."""
    return min((run(command) for _ in range(times)), key=lambda one: one.seconds)


def line(name: str, entries: int, one: Run, bare: Run) -> str:
    """A row of the table."""
    speed, ratio = entries / one.seconds, one.seconds / bare.seconds
    cells = f"{one.seconds:.2f} | {one.cpu:.2f} | {speed:,.0f} | {one.megabytes:,.0f} | {ratio:.1f}"
    return f"| {name} | {entries:,} | {cells} |"


def measure(entries: int, directory: Path, *, with_jq: bool, times: int) -> None:
    """Write the entries, measure, print."""
    sizes = [entries // 4, entries // 2, entries]
    paths = {size: directory / str(size) / "entries.ndjson" for size in sizes}
    for size, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_entries(path, size)
    whole = paths[entries]
    print(f"{entries:,} entries, {whole.stat().st_size / 1e6:,.0f} MB, {os.cpu_count()} cores\n")
    print("| what | entries | seconds | CPU seconds | entries/s | peak MB | × bare scan |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    run(triage(paths[sizes[0]].parent))  # compiles what was not yet
    bare = best([sys.executable, "-c", BARE, str(whole)], times)
    print(line("bare DuckDB scan", entries, bare, bare))
    for size, path in paths.items():
        print(line("triage incident", size, best(triage(path.parent), times), bare), flush=True)
    jq = shutil.which("jq")
    if with_jq and jq:
        for name, asked in JQ.items():
            print(line(f"jq, {name}", entries, run([jq, "-c", f"{asked} | .insertId", str(whole)]), bare), flush=True)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path, help="keep the entries here instead of in a temporary directory")
    parser.add_argument("--times", type=int, default=3, help="how often each is run; the fastest counts")
    parser.add_argument("--no-jq", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="triage-million-") as scratch:
        measure(asked.entries, asked.directory or Path(scratch), with_jq=not asked.no_jq, times=asked.times)


if __name__ == "__main__":
    main()
