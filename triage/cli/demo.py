"""`triage demo`: a whole incident from bundled evidence."""

import os
import webbrowser
from typing import Annotated

import typer

from triage.cli import options

EPILOG = """\
Examples:

triage demo --open

triage demo --output report.md
"""


def demo(
    output: options.Output = None,
    format: options.Format = None,  # noqa: A002 - the option's name
    redact: options.Redact = None,
    quiet: options.Quiet = False,
    show: Annotated[
        bool, typer.Option("--open", help="Open the report in a browser.", rich_help_panel=options.OUTPUT)
    ] = False,
) -> int:
    """Make the report of a real kind of incident, from evidence that comes with the program.

    A cluster of 2019: nodes die and are repaired every few hours, alerts pour in, and nobody knows why.
    """
    from triage.cli.incident import command_line, publish
    from triage.cli.output import default_name, targets
    from triage.cli.where import clock
    from triage.incident import investigate
    from triage.model.place import Ask
    from triage.resources import resource
    from triage.signals import load_pack

    now = clock(os.environ)
    places = targets(output or [], format)
    found = investigate(resource("demo"), Ask(), load_pack(), now=now, command=command_line())
    places = places or [default_name(found, format)]
    publish(found, places, format=format, redact=redact, patterns=(), quiet=quiet)
    if show:
        webbrowser.open(next(place.path.absolute().as_uri() for place in places if place.path))
    return 0
