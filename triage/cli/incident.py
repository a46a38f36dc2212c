"""`triage incident`: why nodes died, as a report."""

import os
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from triage.cli import options
from triage.errors import CutShortError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from triage.cli.live import Reach
    from triage.cli.output import Target
    from triage.model.incident import Incident
    from triage.model.place import Ask
    from triage.model.signal import Pack

_UNCUT = 2000

EPILOG = """\
Examples:

triage incident --cluster prod --since 24h

triage incident --cluster prod --since 24h --from evidence/ --output report.html --output report.json

triage incident --cluster prod --node gke-prod-default-pool-1a2b3c4d-x1y2

triage incident --cluster prod --from bundle.tar.gz --format json --output - | jq .verdict
"""


def incident(
    cluster: options.Cluster = None,
    project: options.Project = None,
    location: options.Location = None,
    since: options.Since = "24h",
    until: options.Until = None,
    source: options.From = None,
    keep: options.Keep = None,
    node: options.Node = None,
    operation: options.Operation = None,
    output: options.Output = None,
    format: options.Format = None,  # noqa: A002 - the option's name
    redact: options.Redact = None,
    redact_pattern: options.RedactPattern = None,
    queries: options.Queries = None,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
    impersonate: options.Impersonate = None,
    quota_project: options.QuotaProject = None,
    resource: options.Resource = None,
    kubeconfig: options.Kubeconfig = None,
) -> int:
    """Find why nodes of a cluster died, and write the report.

    Reads GKE operations, node logs, alerts, metrics and workloads – live, with the credentials that gcloud has, or
    from files with --from – and says which cause, which workload, which repairs and alerts it explains, how surely.
    """
    from triage.cli.output import targets
    from triage.cli.where import clock, make_ask

    if source and keep:
        raise InputError("--keep keeps what the live APIs say; --from reads files", remedy="leave one of them out")
    if "" in (node, operation):
        raise InputError("--node or --operation names nothing", remedy="name a node or operation, or leave it out")
    if node and operation:
        raise InputError("--node and --operation both name an episode", remedy="leave one of them out")
    now = clock(os.environ)
    ask = make_ask(cluster, project, location, since, until, now=now)
    question = Question(ask, cache(partial(_load_pack, tuple(queries or ()))), now, node, operation)
    places = targets(output or [], format)
    interrupted = False
    if source:
        found = _investigate(source, question)
    else:
        from triage.cli.live import Reach

        reach = Reach(impersonate, quota_project, tuple(resource or ()), kubeconfig)
        found, interrupted = _live(question, reach, keep=keep, quiet=quiet)
    publish(found, places, format=format, redact=redact, patterns=tuple(redact_pattern or ()), quiet=quiet)
    if interrupted:
        return 130
    return 3 if strict and found.gaps else 0


@dataclass(frozen=True)
class Question:
    """What is asked of the evidence, wherever it comes from."""

    ask: "Ask"
    pack: "Callable[[], Pack]"
    """Loads it, once; raises PackError where files of it have faults."""
    now: "datetime"
    node: str | None = None
    operation: str | None = None


def _load_pack(directories: tuple[Path, ...]) -> "Pack":
    from triage.signals import load_pack

    return load_pack(directories)


def _investigate(path: Path, question: Question) -> "Incident":
    from triage.sources.files.begun import begin_reading

    # The rest of the program takes as long to load as the files to be looked at, so that goes on meanwhile.
    with begin_reading(path, question.ask) as begun:
        from triage.incident import conclude

        return conclude(
            begun,
            question.pack(),
            node=question.node,
            operation=question.operation,
            now=question.now,
            command=command_line(),
        )


def _live(question: Question, reach: "Reach", *, keep: Path | None, quiet: bool) -> "tuple[Incident, bool]":
    from triage.cli.live import collect_into, sign_in
    from triage.cli.where import check_named
    from triage.sources.live.bundle import check_target, is_archive
    from triage.sources.live.bundle import pack as pack_bundle

    check_named(question.ask)
    if keep:
        check_target(keep)
    pack = question.pack()
    ask, access = sign_in(question.ask, reach)
    with tempfile.TemporaryDirectory(prefix="triage-") as scratch:
        directory = keep if keep and not is_archive(keep) else Path(scratch) / "bundle"
        collected = collect_into(directory, ask, pack, access, reach, now=question.now, quiet=quiet)
        if collected.interrupted:
            _go_on_with_what_is_there()
        if keep and is_archive(keep):
            pack_bundle(directory, keep)
        try:
            return _investigate(directory, replace(question, ask=collected.ask)), collected.interrupted
        except InputError as error:
            if collected.interrupted:
                raise CutShortError("interrupted, before there was anything to report on") from error
            raise


def _go_on_with_what_is_there() -> None:
    from triage import interrupt

    interrupt.deal_with()
    sys.stderr.write("triage: interrupted; reporting on what was read so far (Ctrl-C again to stop)\n")


def publish(
    found: "Incident",
    places: "list[Target]",
    *,
    format: options.ReportFormat | None,  # noqa: A002 - the option's name
    redact: bool | None,
    patterns: tuple[str, ...],
    quiet: bool,
) -> None:
    """Write the report to every place (one HTML file unless said otherwise), then say the verdict on standard output.

    When standard output is one of the places, nothing else is printed there.
    """
    from triage.cli.output import default_name, write
    from triage.render import render

    places = places or [default_name(found, format)]
    for place in places:
        hide = redact if redact is not None else place.format is not options.ReportFormat.JSON
        if place.format == "png":
            from triage.render.png import png

            write(place, png(found, redacted=hide, patterns=patterns))
        else:
            write(place, render(found, place.format.value, redact=hide, patterns=patterns))
    if any(place.path is None for place in places):
        return
    from triage.render.text import one_line, summary

    files = ", ".join(str(place.path) for place in places)
    if quiet:
        typer.echo(f"{one_line(found)}  {files}")
        return
    from rich.console import Console

    # Into a file or a pipe, no line is cut to a width that nobody has.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _UNCUT, soft_wrap=True)
    console.print(summary(found))
    console.print(f"Report: {files}", markup=False)


def command_line() -> str:
    """The call as it was made, quoted for a shell."""
    from shlex import join

    return join(["triage", *sys.argv[1:]])
