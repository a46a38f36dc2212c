"""A bundle on disk while it grows: killed at any moment, it can be read, and a second run completes it."""

import hashlib
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from triage import __version__
from triage.errors import InputError
from triage.evidence.evidence import Query
from triage.model.place import Gap, Window
from triage.units import format_time

MANIFEST = "manifest.json"


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

    @classmethod
    def open(cls, path: Path) -> "Bundle":
        """The bundle at `path`, new or begun earlier. Raises InputError where it cannot be made or is none."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            known = json.loads((path / MANIFEST).read_text(encoding="utf-8")) if (path / MANIFEST).exists() else {}
            reads = [Read(**read) for read in known.get("reads", [])]
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{path}: no bundle can be kept here ({error})", remedy="name a new or empty directory"
            ) from error
        return cls(path, cluster=known.get("cluster", {}), reads=reads)

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
        lines = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries]
        with self._lock:
            if self._closed:
                return
            with (self.path / read.file).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(line + "\n" for line in lines)
            read.entries += len(lines)

    def mend(self, read: Read) -> None:
        """Cut off the half line that a killed run may have left."""
        path = self.path / read.file
        if not path.exists():
            return
        with path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            while size:
                step = min(size, 1 << 16)
                file.seek(size - step)
                cut = file.read(step).rfind(b"\n")
                if cut >= 0:
                    file.truncate(size - step + cut + 1)
                    return
                size -= step
            file.truncate(0)

    def write(self, name: str, content: Any) -> None:
        """Write a JSON file aside and put it in place whole."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        aside = self.path / f".{name}.part"
        with self._lock:
            if self._closed:
                return
            try:
                aside.write_text(text, encoding="utf-8", errors="backslashreplace")
                aside.replace(self.path / name)
            finally:
                aside.unlink(missing_ok=True)

    def close(self) -> None:
        """Bring the manifest up to date and write nothing more, whatever a slow source still brings."""
        with self._lock:
            self.save()
            self._closed = True

    def save(self) -> None:
        """Bring the manifest up to date; reads that are not complete are gaps in it."""
        with self._lock:
            pending = [
                Gap(
                    source="entries",
                    reason=f"the collection was cut short after {read.entries:,} entries, at {read.last or read.start}",
                    remedy="run triage collect again with the same --output: it goes on where it stopped",
                )
                for read in self.reads
                if not read.complete
            ]
            self.write(
                MANIFEST,
                {
                    "triage": __version__,
                    "cluster": self.cluster,
                    "window": self.window.model_dump(mode="json") if self.window else None,
                    "complete": not pending,
                    # Only what a signal or a join wants was read, so silence here says nothing about a stream.
                    "entries": "selected",
                    "gaps": [gap.model_dump(mode="json") for gap in (*self.gaps, *pending)],
                    "queries": [asdict(query) for query in sorted(self.queries, key=lambda q: (q.source, q.filter))],
                    "reads": [asdict(read) for read in self.reads],
                },
            )


def pack(directory: Path, target: Path) -> None:
    """Write the evidence directory as `.tar.gz` or `.zip`, aside first. Raises InputError where that fails."""
    aside = target.with_name(f".{target.name}.part")
    files = sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".zip":
            with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in files:
                    archive.write(path, path.name)
        else:
            with tarfile.open(aside, "w:gz") as archive:
                for path in files:
                    archive.add(path, path.name)
        aside.chmod(0o600)
        aside.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def is_archive(path: Path) -> bool:
    """Whether a bundle of this name is one file rather than a directory."""
    return path.name.endswith((".tar.gz", ".tgz", ".zip"))
