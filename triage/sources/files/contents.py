"""What lies in an evidence directory, `.tar.gz`, `.zip` or single file, and which kind of evidence each file is."""

import os
import re
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from stat import S_ISREG

from triage.errors import InputError
from triage.model.place import Gap
from triage.sources.files.archives import is_tar, is_zip, unpack

KINDS = ("entries", "operations", "cluster", "alerts", "metrics", "workloads")
_NEEDED = ("entries", "operations")
MOST_FILES = 50_000
_DEEPEST = 16

_NAMED = re.compile(rf"({'|'.join(KINDS)})[^/]*\.(?:json|ndjson|jsonl)(?:\.gz)?", re.IGNORECASE)
# LOG/YYYY/MM/DD/HH:MM:SS_HH:MM:SS_S0.json; copies may have other characters for the colons, late shards an `A1_`.
_CLOCK = r"\d\d(?:[:_-]|%3A)?\d\d(?:[:_-]|%3A)?\d\d"
_SINK = re.compile(rf"(?:.+/)?\d{{4}}/\d\d/\d\d/{_CLOCK}_{_CLOCK}_(?:A\w{{1,8}}_)?S\d{{1,5}}\.json(?:\.gz)?")
_APPLE = "__MACOSX"
"""Where Finder puts what else it knows of the files that it packs."""
_LONE = re.compile(r".+\.(?:json|ndjson|jsonl)(?:\.gz)?", re.IGNORECASE)

NOTHING = (
    "put `gcloud logging read … --format=json` as entries.json or "
    "`gcloud container operations list --format=json` as operations.json there"
)


@dataclass(frozen=True)
class Found:
    """One file of evidence."""

    kind: str
    name: str
    """Its name inside the directory or archive, for messages."""
    path: Path
    """Where its bytes are."""


@dataclass
class Contents:
    """Everything in a directory or archive."""

    found: list[Found] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    scratch: Path = Path()
    """A directory of our own that lives as long as the contents are open."""

    def of(self, kind: str) -> list[Found]:
        """The files of one kind, by name."""
        return [file for file in self.found if file.kind == kind]


def kind_of(name: str) -> str | None:
    """Which kind of evidence a file is by its name inside the directory; None for files that are no evidence."""
    if name == "manifest.json":
        return "manifest"
    if _SINK.fullmatch(name):
        return "entries"
    named = _NAMED.fullmatch(name)
    return named[1].lower() if named else None


@contextmanager
def open_contents(path: Path) -> Iterator[Contents]:
    """List what `path` holds; archives are unpacked, as far as they are evidence, and removed again at the end.

    Raises InputError where there is nothing of the name, it is nothing of the kind, or it may not be read.
    """
    with tempfile.TemporaryDirectory(prefix="triage-") as scratch:
        try:
            contents = _contents(path, Path(scratch))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}", remedy=NOTHING) from error
        contents.scratch = Path(scratch)
        yield contents


def _contents(path: Path, scratch: Path) -> Contents:
    contents = Contents()
    if path.is_dir():
        files = dict(_walk(path, contents))
    elif not path.exists():
        raise InputError(f"{path}: no such file or directory", remedy="name an evidence directory, .tar.gz or .zip")
    elif is_zip(path) or is_tar(path):
        files = unpack(path, scratch / "unpacked", contents.gaps, wanted=_may_be_evidence, most=MOST_FILES)
    elif S_ISREG(path.stat().st_mode) and _LONE.fullmatch(path.name):
        contents.found = [Found(kind_of(path.name) or "entries", path.name, path)]
        return contents
    else:
        raise InputError(
            f"{path} is neither a directory nor a .tar.gz or .zip", remedy="name an evidence directory, .tar.gz or .zip"
        )
    _sort_out(files, contents)
    return contents


def _may_be_evidence(name: str) -> bool:
    return kind_of(name.rpartition("/")[2]) is not None or _SINK.fullmatch(name) is not None


def _sort_out(files: dict[str, Path | None], contents: Contents) -> None:
    """Tell evidence from the rest."""
    top = _top(files)
    for name, path in sorted(files.items()):
        inner = name.removeprefix(top)
        kind = kind_of(inner)
        if kind and path:
            contents.found.append(Found(kind, inner, path))
        else:
            contents.ignored.append(inner)


def _top(names: Collection[str]) -> str:
    """The folder that the evidence lies in: `tar czf` and Finder pack a directory, not what it holds.

    Where neither entries nor operations lie at the top, it is the one folder that has some, however deep and whatever
    lies beside. Raises InputError where there are several.
    """
    homes = {name.rpartition("/")[0] for name in names if kind_of(name.rpartition("/")[2]) in _NEEDED}
    homes = {home for home in homes if _APPLE not in home.split("/")}
    tops = sorted(home for home in homes if not any(f"{home}/".startswith(f"{above}/") for above in homes - {home}))
    if "" in homes:
        return ""
    if len(tops) > 1:
        shown = ", ".join(tops[:3]) + (f" and {len(tops) - 3} more" if len(tops) > 3 else "")
        raise InputError(f"evidence lies in {len(tops)} folders: {shown}", remedy="name one of them")
    if not tops:  # the tree of a sink is known by its own names, wherever it lies; the rest lies where it begins
        firsts = {name.partition("/")[0] for name in names}
        tops = sorted(firsts) if len(firsts) == 1 and all("/" in name for name in names) else []
    return f"{tops[0]}/" if tops else ""


def _walk(root: Path, contents: Contents) -> Iterator[tuple[str, Path | None]]:
    waiting = [(root, "", 0)]
    seen = 0
    while waiting:
        directory, prefix, depth = waiting.pop()
        try:
            listed = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as error:
            if depth == 0:
                raise
            remedy = f"chmod +rx {quote(str(directory))}"
            contents.gaps.append(Gap(source="files", reason=f"{prefix}: {error.strerror or error}", remedy=remedy))
            continue
        for entry in listed:
            seen += 1
            if seen > MOST_FILES:
                raise InputError(
                    f"{root} holds more than {MOST_FILES} files", remedy="name the evidence directory itself"
                )
            name = prefix + entry.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEEPEST:
                    waiting.append((directory / entry.name, f"{name}/", depth + 1))
            else:  # a pipe or a socket would be waited for, so only regular files are ever opened
                yield name, Path(entry.path) if entry.is_file() else None
