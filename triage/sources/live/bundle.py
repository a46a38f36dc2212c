"""A bundle on disk while it grows: killed at any moment, it can be read, and a second run completes it."""

import errno
import hashlib
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from triage import __version__
from triage.aside import try_writing
from triage.errors import InputError
from triage.evidence.asked import Query
from triage.model.place import Gap, Window
from triage.units import format_time

MANIFEST = "manifest.json"
_EVIDENCE = ("entries", "operations", "cluster", "alerts", "metrics", "workloads")
_one_line = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_OTHER_ARCHIVES = frozenset({".tar", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"})


@dataclass
class Read:
    """One read of log entries: which filter, into which file, and how far it came."""

    file: str
    filter: str
    resources: list[str]
    start: str
    end: str
    complete: bool = False
    requests: int = 0
    entries: int = 0
    last: str = ""
    """The newest timestamp written; a second run goes on from here."""


@dataclass
class Bundle:
    """An evidence directory with a manifest that always says what is still missing."""

    path: Path
    cluster: dict[str, Any] = field(default_factory=dict)
    window: Window | None = None
    reads: list[Read] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _closed: bool = False
    _begun: bool = False
    """Whether an earlier run left something here."""
    _given_up: bool = False

    @classmethod
    def open(cls, path: Path) -> "Bundle":
        """The bundle at `path`, new or begun earlier. Raises InputError where it cannot be made or is none."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = json.loads((path / MANIFEST).read_text(encoding="utf-8")) if (path / MANIFEST).exists() else {}
            reads = [Read(**read) for read in known.get("reads", [])]
            strange = [] if known else sorted(p.name for p in path.iterdir() if p.name.startswith(_EVIDENCE))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{path}: no bundle can be kept here ({error})", remedy="name a new or empty directory"
            ) from error
        if strange:
            raise InputError(
                f"{path}: holds evidence that no collection put there ({strange[0]})",
                remedy="name a new or empty directory",
            )
        # A read that brought nothing yet is as good as none: the next run may ask for another window.
        reads = [read for read in reads if read.complete or read.last]
        return cls(path, cluster=known.get("cluster", {}), reads=reads, _begun=bool(known))

    def begin(self, cluster: dict[str, Any], window: Window) -> None:
        """Say of what and when the evidence is. Raises InputError where an earlier run kept another cluster's here."""
        kept = self.cluster.get("name")
        if kept and kept != cluster["name"]:
            raise InputError(
                f"{self.path}: holds evidence of cluster {kept}, not of {cluster['name']}",
                remedy="name a new directory",
            )
        self.cluster, self.window = cluster, window

    def read_for(self, text: str, resources: Sequence[str], window: Window) -> Read:
        """The read of this filter and window: the one begun earlier, else a new one."""
        start, end = format_time(window.start), format_time(window.end)
        digest = hashlib.sha256("\0".join((text, *resources, start, end)).encode()).hexdigest()[:12]
        name = f"entries-{digest}.ndjson"
        with self._lock:
            for read in self.reads:
                if read.file == name:
                    return read
            read = Read(name, text, list(resources), start, end)
            self.reads.append(read)
        return read

    def unfinished(self) -> Window | None:
        """The window of an earlier run that did not come to its end."""
        spans = [(read.start, read.end) for read in self.reads if not read.complete]
        return Window.model_validate({"start": spans[-1][0], "end": spans[-1][1]}) if spans else None

    def append(self, read: Read, entries: Iterable[Mapping[str, Any]]) -> None:
        """Write a page of entries and remember how far the read came."""
        lines = [_one_line(entry) for entry in entries]
        with self._lock:
            if self._closed:
                return
            name = self.path / read.file
            with _naming(name), open(name, "a", encoding="utf-8", errors="backslashreplace", opener=_private) as file:
                file.writelines(line + "\n" for line in lines)
            read.entries += len(lines)

    def mend(self, read: Read) -> None:
        """Cut off the half line that a killed run may have left; what is written tells how far the read came."""
        path = self.path / read.file
        if not path.exists():
            read.last = ""
            return
        with path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            tail = b""
            while size and tail.count(b"\n") < 2:  # the end of the last whole line, and of the one before it
                step = min(size, 1 << 16)
                size -= step
                file.seek(size)
                tail = file.read(step) + tail
            whole = tail.rfind(b"\n") + 1
            file.truncate(size + whole)
        read.last = _time_of(tail[:whole].splitlines()[-1]) if whole else ""

    def write(self, name: str, content: Any) -> None:
        """Write a JSON file aside and put it in place whole."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        aside = self.path / f".{name}.part"
        with self._lock:
            if self._closed:
                return
            try:
                with _naming(self.path / name):
                    with open(aside, "w", encoding="utf-8", errors="backslashreplace", opener=_private) as file:
                        file.write(text)
                    aside.replace(self.path / name)
            finally:
                aside.unlink(missing_ok=True)

    def give_up(self) -> None:
        """Entries cannot be read: a gap tells why. What is missing is left for a later run."""
        with self._lock:
            self._given_up = True

    def abandon(self) -> None:
        """Leave nothing behind where nothing was read: no manifest, no empty directory. Earlier evidence stays."""
        with self._lock:
            self._closed = True
            if self._begun or any(path.name != MANIFEST for path in self.path.iterdir()):
                return
            (self.path / MANIFEST).unlink(missing_ok=True)
            with suppress(OSError):  # the current directory, say
                self.path.rmdir()

    def close(self) -> None:
        """Bring the manifest up to date and write nothing more, whatever a slow source still brings."""
        with self._lock:
            self.gaps.sort(key=lambda gap: gap.source)  # sources end in another order every time
            self.save()
            self._closed = True

    def save(self) -> None:
        """Bring the manifest up to date; reads that were cut short are gaps in it."""
        with self._lock:
            unread = [read for read in self.reads if not read.complete]
            pending = [
                Gap(
                    source="entries",
                    reason=f"the collection was cut short after {read.entries:,} entries, at {read.last or read.start}",
                    remedy="run triage collect again with the same --output: it goes on where it stopped",
                )
                for read in ([] if self._given_up else unread)
            ]
            asked = [Query("entries", read.filter, read.requests, read.entries) for read in self.reads if read.requests]
            queries = sorted((*self.queries, *asked), key=lambda query: (query.source, query.filter))
            self.write(
                MANIFEST,
                {
                    "triage": __version__,
                    "cluster": self.cluster,
                    "window": self.window.model_dump(mode="json") if self.window else None,
                    "complete": not unread,
                    # Only what a signal or a join wants was read, so silence here says nothing about a stream.
                    "entries": "selected",
                    "gaps": [gap.model_dump(mode="json") for gap in (*self.gaps, *pending)],
                    "queries": [asdict(query) for query in queries],
                    "reads": [asdict(read) for read in self.reads],
                },
            )


def _time_of(line: bytes) -> str:
    """The timestamp of an entry; nothing where the line holds none."""
    try:
        return str(json.loads(line)["timestamp"])
    except (ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an OSError name the file: where a disk is full, it comes without."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _private(path: str, flags: int) -> int:
    """Open a file that, if new, its owner alone may read: logs hold what is not meant for everybody."""
    return os.open(path, flags, 0o600)


def pack(directory: Path, target: Path) -> None:
    """Write the evidence directory as `.tar.gz` or `.zip`, aside first. Raises InputError where that fails."""
    aside = _aside(target)
    files = sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.touch(mode=0o600)
        if target.suffix == ".zip":
            with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in files:
                    archive.write(path, path.name)
        else:
            with tarfile.open(aside, "w:gz") as archive:
                for path in files:
                    archive.add(path, path.name)
        aside.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def is_archive(path: Path) -> bool:
    """Whether a bundle of this name is one file rather than a directory."""
    return path.name.endswith((".tar.gz", ".tgz", ".zip"))


def check_target(path: Path) -> None:
    """Find out whether a bundle can be kept at `path` before anything is read for it.

    What was kept is never replaced, since the evidence in it may be gone from everywhere else: a directory is added
    to, an archive that is there already is refused. Raises InputError for that, for a place that cannot be written to,
    and for an archive of a kind that is not made. Leaves nothing behind.
    """
    if path.suffix in _OTHER_ARCHIVES and not is_archive(path):
        raise InputError(f"{path}: no bundle is kept as {path.suffix}", remedy="name a directory, a .tar.gz or a .zip")
    try:
        if not is_archive(path):
            try_writing(path / MANIFEST)
            return
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.is_file() and path.stat().st_size:
            raise InputError(f"{path}: is there already", remedy="name another file, or move that one away")
        try_writing(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error})", remedy="name another place"
        ) from error


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")
