"""`triage signals`: the signal pack – browse it, draw it, check it, and search evidence with it."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triage.cli import options
from triage.errors import InputError, PackError

if TYPE_CHECKING:
    from triage.model.signal import Signal

app = typer.Typer(
    name="signals",
    help="The failure signatures that triage knows: browse them, check your own, search logs with them.",
    no_args_is_help=True,
)


class GraphFormat(StrEnum):
    """What the causal graph can be drawn as."""

    TEXT = "text"
    SVG = "svg"


class MatchFormat(StrEnum):
    """What matches can be written as."""

    TEXT = "text"
    JSON = "json"


@app.command("list")
def list_signals(queries: options.Queries = None) -> int:
    """List all signals: id, role, severity, title."""
    from triage.signals.pack import load_pack

    pack = load_pack(queries or [])
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table("Signal", "Role", "Severity", "Title", box=None, pad_edge=False)
        for signal in pack.signals:
            table.add_row(signal.id, _role(signal), signal.severity, escape(signal.title))
        Console().print(table)
    else:
        for signal in pack.signals:
            sys.stdout.write(f"{signal.id}\t{_role(signal)}\t{signal.severity}\t{signal.title}\n")
    return 0


def _role(signal: "Signal") -> str:
    return f"{signal.role}, planned" if signal.planned else signal.role


@app.command("show")
def show(
    signal_id: Annotated[str, typer.Argument(metavar="ID", help="A signal's id, such as pid-exhaustion.")],
    queries: options.Queries = None,
) -> int:
    """Say what a signal means, how it is recognised, what it leads to, and what mends it."""
    from triage.signals.faults import did_you_mean
    from triage.signals.pack import load_pack
    from triage.signals.page import page

    pack = load_pack(queries or [])
    known = [signal.id for signal in pack.signals]
    if signal_id not in known:
        raise InputError(
            f"there is no signal {signal_id[:80]!r}{did_you_mean(signal_id, known)}", remedy="see: triage signals list"
        )
    sys.stdout.write(page(pack, signal_id))
    return 0


@app.command("graph")
def graph(
    format: Annotated[GraphFormat, typer.Option("--format", "-f", help="Text, or a picture.")] = GraphFormat.TEXT,  # noqa: A002
    queries: options.Queries = None,
) -> int:
    """Draw the causal graph: which signal brings on which, how soon, and why.

    triage signals graph --format svg > graph.svg
    """
    from triage.signals.drawing import as_svg, as_text
    from triage.signals.graph import Graph
    from triage.signals.pack import load_pack

    drawn = Graph(load_pack(queries or []))
    sys.stdout.write(as_svg(drawn) if format is GraphFormat.SVG else as_text(drawn))
    return 0


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Signal files or directories. [default: the bundled pack]"),
    ] = None,
    queries: options.Queries = None,
) -> int:
    """Check signal files: their fields, filters, links and names, and that every example holds.

    Your own files are checked together with the bundled pack. Exits with 2 where something is wrong, one line a fault.
    """
    from triage.signals.check import check_files

    checked = check_files(_signal_files([*(files or []), *(queries or [])]))
    if checked.faults:
        sys.stderr.write("".join(f"{fault}\n" for fault in checked.faults))
        return PackError.exit_status
    sys.stdout.write(f"{checked.signals} signals, {checked.examples} examples: all hold\n")
    return 0


def _signal_files(named: Sequence[Path]) -> list[Path]:
    """The files that were named, and those in the directories that were."""
    from triage.signals.drafts import signal_paths

    found: list[Path] = []
    for path in named:
        if path.is_dir():
            inside = signal_paths(path)
            if not inside:
                raise InputError(f"{path}: no signal files in it", remedy="they are called ID.yaml")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"{path}: no such file", remedy="name signal files or directories of them")
    return found
