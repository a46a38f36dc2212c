"""`python -m tests.emulator PATH [--rest-port N] [--grpc-port N] [--faults FILE] [--fault RULE]...`."""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from tests.emulator.emulator import Emulator
from tests.emulator.faults import KINDS, Fault, Faults


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted. Prints the variables to set, ready for `eval`, to standard output."""
    kinds = "\n".join(f"  {kind:20} {meaning}" for kind, meaning in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulator",
        description="Serve an evidence directory as the Google APIs, on this machine alone.",
        epilog=f"kinds of fault:\n{kinds}\n\na rule: rate-limit,method=logging.*,times=3",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", type=Path, help="evidence: a directory, .tar.gz or .zip")
    parser.add_argument("--rest-port", type=int, default=0, help="default: a free port")
    parser.add_argument("--grpc-port", type=int, default=0, help="default: a free port; both ports serve both wires")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a JSON array of rules")
    parser.add_argument("--fault", action="append", default=[], metavar="RULE", help="one rule; may be repeated")
    parser.add_argument("--view", action="append", default=[], metavar="NAME=FILTER", help="a further log view")
    options = parser.parse_args(arguments)
    try:
        faults = Faults.read(options.faults) if options.faults else Faults()
        faults.rules.extend(Fault.from_option(rule) for rule in options.fault)
        views = dict(view.split("=", 1) for view in options.view)
        emulator = Emulator(
            options.path, faults=faults, rest_port=options.rest_port, grpc_port=options.grpc_port, views=views
        )
        with emulator:
            _announce(emulator)
            _wait()
    except (OSError, ValueError, TypeError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    return 0


def _announce(emulator: Emulator) -> None:
    counts = {
        "entries": len(emulator.evidence.entries),
        "operations": len(emulator.evidence.operations),
        "clusters": len(emulator.evidence.clusters),
        "alerts": len(emulator.evidence.alerts),
        "series": len(emulator.evidence.series),
        "objects": len(emulator.evidence.objects),
        "skipped": emulator.evidence.skipped,
    }
    print("serving " + ", ".join(f"{n} {what}" for what, n in counts.items()), file=sys.stderr)
    print(f"REST {emulator.rest_url}  gRPC {emulator.grpc_address}", file=sys.stderr)
    for name, value in emulator.environment().items():
        print(f"export {name}={value}")
    print("export CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true", flush=True)


def _wait() -> None:
    stopped = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
