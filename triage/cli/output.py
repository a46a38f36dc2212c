"""Where reports go: written aside, then renamed, readable by their owner alone."""

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from triage.aside import try_writing
from triage.cli.options import ReportFormat
from triage.errors import InputError

if TYPE_CHECKING:
    from triage.model.incident import Incident

_BY_SUFFIX: dict[str, ReportFormat | Literal["png"]] = {
    ".png": "png",
    ".html": ReportFormat.HTML,
    ".htm": ReportFormat.HTML,
    ".json": ReportFormat.JSON,
    ".md": ReportFormat.MARKDOWN,
    ".markdown": ReportFormat.MARKDOWN,
}


@dataclass(frozen=True)
class Target:
    """One place for a report; a path of None is standard output."""

    path: Path | None
    format: ReportFormat | Literal["png"]


_DEFAULT = "triage-report"


def targets(outputs: Sequence[str], wanted: ReportFormat | None) -> list[Target]:
    """The places that `--output` names; none is the current directory, whatever the report will be called.

    Raises InputError where a format cannot be told, or where nothing can be written, before any work is done.
    """
    found: list[Target] = []
    for output in outputs:
        if output == "-":
            found.append(Target(None, wanted or ReportFormat.HTML))
            continue
        path = Path(output)
        known = wanted or _BY_SUFFIX.get(path.suffix.lower())
        if known is None:
            raise InputError(
                f"--output {output}: the suffix tells no format",
                remedy="use .html, .json, .md or .png, or say --format",
            )
        if known == "png" and find_spec("resvg_py") is None:
            raise InputError("a PNG needs the extra `png`", remedy="pip install resvg_py")
        if path.is_dir():
            raise InputError(f"--output {output}: is a directory", remedy="name a file in it")
        if _is_special(path):
            found.append(Target(path, known))
            continue
        directory = _place(path).parent
        if not directory.is_dir():
            raise InputError(f"--output {output}: {directory} is no directory", remedy="make it, or name another")
        _try(path)
        found.append(Target(path, known))
    if not found:
        _try(Path(f"{_DEFAULT}.html"))
    if sum(target.path is None for target in found) > 1:
        raise InputError("--output - was given twice", remedy="give it once")
    return found


def _try(path: Path) -> None:
    place = _place(path)
    try:
        try_writing(place)
    except OSError as error:
        named = f"--output {path}" if path.stem != _DEFAULT else "the report"
        raise InputError(
            f"{named}: {place.parent} cannot be written to ({error.strerror or error})",
            remedy="name another directory by --output",
        ) from error


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device, such as /dev/stdout: to be written into, never to be replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _place(path: Path) -> Path:
    """Where the report really goes: a link stays, and leads to the new report."""
    return Path(os.path.realpath(path))


def default_name(incident: "Incident", wanted: ReportFormat | None) -> Target:
    """The report's file in the current directory when nothing else was said."""
    suffix = {ReportFormat.HTML: "html", ReportFormat.JSON: "json", ReportFormat.MARKDOWN: "md"}
    kind = wanted or ReportFormat.HTML
    cluster = re.sub(r"[^A-Za-z0-9._-]", "-", incident.cluster.name)[:80] or "cluster"
    name = f"triage-{cluster}-{incident.window.end:%Y%m%dT%H%M}Z.{suffix[kind]}"
    return targets([name], kind)[0]


def write(target: Target, content: str | bytes) -> None:
    """Put the report in its place, whole or not at all. Raises InputError where that fails."""
    data = content.encode("utf-8", errors="backslashreplace") if isinstance(content, str) else content
    if target.path is None:
        sys.stdout.buffer.write(data if data.endswith(b"\n") else data + b"\n")
        return
    aside = ""
    try:
        if _is_special(target.path):
            target.path.write_bytes(data)
            return
        place = _place(target.path)
        # mkstemp makes the file readable by its owner alone, which is the mode that reports keep.
        handle, aside = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(aside).replace(place)
    except OSError as error:
        raise InputError(
            f"{target.path}: the report cannot be written ({error.strerror or error})", remedy="name another --output"
        ) from error
    finally:
        # In place by now, or half written: an error, or Ctrl-C.
        if aside:
            with suppress(OSError):
                Path(aside).unlink(missing_ok=True)
