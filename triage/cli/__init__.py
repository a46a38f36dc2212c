"""The command line: one small file a command; only this package prints, exits and reads the environment."""

import gc
import os
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import typer
from typer.exceptions import Abort, Exit, TyperException

from triage import __version__, interrupt
from triage.cli import collect, demo, doctor, incident, read, signals
from triage.errors import TriageError

INTRODUCTION = """\
triage finds why GKE nodes died: it reads GKE operations, node logs, alerts and metrics of a cluster,
ties repairs and alerts to their cause and to the workload behind it, and writes one HTML report.
It only ever reads, and says so when the evidence is thin.

  triage demo                                     a whole incident from bundled evidence, in seconds
  triage incident --cluster prod --since 24h      your cluster, with the credentials gcloud has
  triage incident --cluster prod --from DIR       the same from files that gcloud and kubectl printed

More: triage --help
"""

app = typer.Typer(
    name="triage",
    help="Find why GKE nodes died: one report with the cause, the workload behind it, and how sure that is.",
    epilog="Exit status: 0 a report was written; 1 unexpected; 2 wrong call or input; 3 evidence was missing and "
    "--strict was given; 4 no access; 130 interrupted.",
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # paragraphs of help are filled to the terminal's width
)
app.command("incident", epilog=incident.EPILOG)(incident.incident)
app.command("collect", epilog=collect.EPILOG)(collect.collect)
app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("read")(read.read)
app.add_typer(signals.app, name="signals")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"triage {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001 - acts through its callback
        False, "--version", "-V", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(INTRODUCTION, nl=False)


def main() -> NoReturn:
    """Run the command line; every error becomes one or two lines and a status."""
    interrupt.listen()
    _make_writable()
    _run_light()
    try:
        result = app(prog_name="triage", standalone_mode=False)
        status = result if isinstance(result, int) else 0
        if status == 130 and interrupt.came():  # typer takes Ctrl-C itself, and says nothing
            _complain("interrupted", "")
        sys.stdout.flush()
    except TriageError as error:
        status = _failed(error.exit_status, str(error), error.remedy)
    except Exit as done:
        status = done.exit_code
    except TyperException as error:
        status = 2
        # Typer names the kind of exception within, which tells nobody anything.
        _complain(error.format_message().replace("Value error, ", ""), f"see: triage {_command()}--help")
    except (KeyboardInterrupt, Abort):
        status = 130
        _complain("interrupted", "")
    except (BrokenPipeError, SystemExit):
        # The reader of our output went away, as `head` does. Typer, which sees it first, leaves by SystemExit, and only
        # then. Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as error:
        # A full disk, say. Whatever could be foreseen was mapped where it happened.
        status = _failed(
            1, f"{error.filename or 'writing'}: {error.strerror or error}", "make room, or name another place"
        )
    except Exception as error:
        status = _failed(
            1,
            f"unexpected: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            "run it again with TRIAGE_DEBUG=1 for the details, and report them",
        )
    interrupt.ignore()
    gc.freeze()  # the process ends: nothing that is still alive needs to be searched for cycles
    sys.exit(status)


def _run_light() -> None:
    """Switch off what libraries and Python do for longer lives than that of one command."""
    gc.set_threshold(50_000)  # entries and modules are trees: looking for cycles among them took a tenth of a run
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no matrix is multiplied here, so no threads for it
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # nor is the environment searched for plug-ins


def _make_writable() -> None:
    """Standard output and error that whoever started the program has closed go nowhere, instead of being absent.

    What a terminal's encoding does not hold (a dash, in ASCII) is written as an escape, instead of ending the program.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _command() -> str:
    """The command that was called, as far as it is one, with a space after it."""
    known = {command.name for command in app.registered_commands}
    words = sys.argv[1:3]
    if words[:1] == ["signals"]:
        inner = {command.name for command in signals.app.registered_commands}
        return f"signals {words[1]} " if words[1:] and words[1] in inner else "signals "
    return f"{words[0]} " if words and words[0] in known else ""


def _failed(status: int, message: str, remedy: str) -> int:
    """Say what is wrong, unless it is only what a library made of Ctrl-C (a broken file, say). Returns the status."""
    if interrupt.came():
        _complain("interrupted", "")
        return 130
    _complain(message, remedy)
    return status


def _complain(message: str, remedy: str) -> None:
    if os.environ.get("TRIAGE_DEBUG") == "1" and sys.exc_info()[0] is not None:
        traceback.print_exc()
    printable = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in message)
    sys.stderr.write(f"triage: {printable}\n")
    for line in remedy.splitlines():
        sys.stderr.write(f"        {line}\n")
