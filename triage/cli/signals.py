"""`triage signals`: the signal pack – browse it, draw it, check it, and search evidence with it."""

import glob
import json
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triage.cli import options
from triage.errors import InputError, PackError

if TYPE_CHECKING:
    from triage.model.signal import Signal
    from triage.signals.match import Matched

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


def _ids(incomplete: str) -> list[str]:
    """The bundled ids that begin so, for a shell that completes them: by the files' names, which takes no time."""
    from triage.resources import resource

    files = resource("queries").glob(f"{glob.escape(incomplete)}*.yaml")
    return sorted(path.stem for path in files if path.stem != "streams")


@app.command("show")
def show(
    signal_id: Annotated[
        str, typer.Argument(metavar="ID", help="A signal's id, such as pid-exhaustion.", autocompletion=_ids)
    ],
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
    shape: Annotated[GraphFormat, typer.Option("--format", "-f", help="Text, or a picture.")] = GraphFormat.TEXT,
    queries: options.Queries = None,
) -> int:
    """Draw the causal graph: which signal brings on which, how soon, and why.

    triage signals graph --format svg > graph.svg
    """
    from triage.signals.drawing import as_svg, as_text
    from triage.signals.graph import Graph
    from triage.signals.pack import load_pack

    drawn = Graph(load_pack(queries or []))
    sys.stdout.write(as_svg(drawn) if shape is GraphFormat.SVG else as_text(drawn))
    return 0


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Signal files or directories. (default: the bundled pack)"),
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
    signals = f"{checked.signals} signal{'s' if checked.signals != 1 else ''}"
    sys.stdout.write(f"{signals}, {checked.examples} examples: all hold\n")
    return 0


@app.command("match")
def match(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="An evidence directory, archive or file of entries.")],
    shape: Annotated[MatchFormat, typer.Option("--format", "-f", help="Lines of text or JSON.")] = MatchFormat.TEXT,
    queries: options.Queries = None,
) -> int:
    """Print each log entry that a signal matches: a grep for failures.

    Looks at entries of all clusters and times, each by itself. With --format json one object a line: insert_id,
    timestamp, node, stream, signals, message.
    """
    from triage.signals.match import match as matches
    from triage.signals.match import wanted_filters
    from triage.signals.pack import load_pack
    from triage.signals.text import escaped
    from triage.sources.files.opened import open_evidence, wanted_entries
    from triage.sources.plan import plan_filters

    pack = load_pack(queries or [])
    with open_evidence(path) as opened:
        entries = wanted_entries(opened, plan_filters(wanted_filters(pack)))
        gaps = opened.gaps
    show = _json_line if shape is MatchFormat.JSON else _rich_line() if sys.stdout.isatty() else _text_line
    for found in matches(entries, pack):
        show(found)
    for gap in gaps:
        sys.stderr.write(f"triage: {escaped(gap.reason)}\n")
    return 0


def _json_line(found: "Matched") -> None:
    sys.stdout.write(json.dumps(found.record()) + "\n")


def _text_line(found: "Matched") -> None:
    from triage.signals.text import escaped

    node = escaped(found.node or "-")
    columns = (found.timestamp, node, found.stream, ",".join(found.signals), found.message)
    sys.stdout.write("\t".join(columns) + "\n")


def _rich_line() -> "Callable[[Matched], None]":
    from rich.console import Console
    from rich.text import Text

    from triage.signals.text import escaped

    console = Console(highlight=False, soft_wrap=True)

    def show(found: "Matched") -> None:
        message = Text(found.message)
        message.stylize("bold red", *found.mark)
        line = Text.assemble(
            (found.timestamp, "dim"), " ", (escaped(found.node or "-"), "cyan"), " ", found.stream, " ",
            (",".join(found.signals), "bold"), " ", message,
        )  # fmt: skip
        console.print(line)

    return show


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
